//! What each address rule covers, said while it is typed.

use std::net::IpAddr;

use askama::Template;
use postern_shared::permission::address::{AddressRule, InvalidRule, read_each};
use warp::reply::Response;

use super::frame::{Frame, Section};
use super::reply::{self, Refusal};
use super::visit::Visit;
use super::words::Language;

/// One rule and what it means.
#[derive(Debug)]
pub struct Line {
    /// As it was written.
    pub rule: String,
    /// What it covers, or what is wrong with it.
    pub meaning: Meaning,
}

impl Line {
    /// Whether it covers nothing.
    pub fn is_faulty(&self) -> bool {
        matches!(self.meaning, Meaning::Faulty(_))
    }
}

/// What a rule means.
#[derive(Debug)]
pub enum Meaning {
    /// Every address there is.
    Any,
    /// This one.
    One,
    /// From the first to the last, so many.
    Many { first: String, last: String, count: Count },
    /// It cannot be read.
    Faulty(String),
}

/// How many addresses.
#[derive(Debug)]
pub enum Count {
    /// As many as a person can read.
    Exact(i64),
    /// A power of two.
    Power(i64),
}

#[derive(Template)]
#[template(path = "parts/covers.html")]
struct Covers {
    p: Frame,
    lines: Vec<Line>,
}

/// The lines for the rules of a text.
pub fn lines(text: &str, language: Language) -> Vec<Line> {
    let line = |rule: Result<AddressRule, InvalidRule>| match rule {
        Ok(rule) => Line { rule: rule.to_string(), meaning: meaning(&rule) },
        Err(InvalidRule { rule, fault }) => Line { rule, meaning: Meaning::Faulty(fault.text(language)) },
    };
    read_each(text).into_iter().map(line).collect()
}

/// The fragment that the script puts under the field.
pub async fn covers(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let p = Frame::without_counts(visit, Section::None);
    reply::page(&Covers { p, lines: lines(visit.query.get("addresses"), visit.language) })
}

fn meaning(rule: &AddressRule) -> Meaning {
    match rule.bounds() {
        None => Meaning::Any,
        Some((first, last)) if first == last => Meaning::One,
        Some((first, last)) => {
            Meaning::Many { first: first.to_string(), last: last.to_string(), count: count(first, last) }
        }
    }
}

fn count(first: IpAddr, last: IpAddr) -> Count {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    };
    let apart = bits(last) - bits(first);
    match i64::try_from(apart).ok().and_then(|apart| apart.checked_add(1)) {
        Some(count) if count <= 1 << 32 => Count::Exact(count),
        // Rounded up: that many digits are for no one.
        _ => Count::Power(i64::from(128 - apart.leading_zeros())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_says_what_it_covers() {
        let said: Vec<String> =
            lines("192.168.0.*\n10.0.0.1-10.0.0.3, 2001:db8::/32 any ::1 300.1.1.1", Language::English)
                .into_iter()
                .map(|line| match line.meaning {
                    Meaning::Any => "any".to_owned(),
                    Meaning::One => format!("{} alone", line.rule),
                    Meaning::Many { first, last, count: Count::Exact(n) } => format!("{first} to {last}: {n}"),
                    Meaning::Many { first, count: Count::Power(n), .. } => format!("{first}: 2^{n}"),
                    Meaning::Faulty(reason) => reason,
                })
                .collect();
        let expected = [
            "192.168.0.0 to 192.168.0.255: 256",
            "10.0.0.1 to 10.0.0.3: 3",
            "2001:db8::: 2^96",
            "any",
            "::1 alone",
            "is not an IP address: \"300.1.1.1\"",
        ];
        assert_eq!(said, expected);
    }
}
