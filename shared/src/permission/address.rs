//! The address rules of a permission. A text becomes a rule that covers what it says, or it is refused with a
//! reason: nothing unreadable, and nothing but the word `any`, ever becomes "everyone". Matching compares parsed
//! addresses, never texts (CVE-2025-68949 was an allow list matched on substrings).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use crate::message::{Message, PermissionFault};

/// The most rules of one permission: a caller nobody knows is compared with all of them.
pub const MAX_RULES: usize = 1_000;

/// One address rule. Its text, by `Display`, parses to the same rule again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRule(Form);

/// How a rule is written. IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2) are kept as the IPv4 that they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Any,
    Single(IpAddr),
    /// `192.168.0.*` is the network 192.168.0.0/24, written in its own way.
    Wildcard(Ipv4Net),
    /// Both ends belong to it, are of one family, and stand in order.
    Range(IpAddr, IpAddr),
    Network(IpNet),
}

/// Why a text is not an address rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRule {
    /// The rule, at most its first 60 characters.
    pub rule: String,
    /// What is wrong with it.
    pub fault: Message,
}

impl std::error::Error for InvalidRule {}

impl fmt::Display for InvalidRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Message::from(self.clone()).fmt(f)
    }
}

impl From<InvalidRule> for Message {
    fn from(InvalidRule { rule, fault }: InvalidRule) -> Self {
        PermissionFault::AddressRule { rule: format!("{rule:?}"), message: Box::new(fault) }.into()
    }
}

impl AddressRule {
    /// Whether the rule covers an address. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn matches(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        match &self.0 {
            Form::Any => true,
            Form::Single(single) => *single == ip,
            Form::Wildcard(network) => IpNet::V4(*network).contains(&ip),
            Form::Range(first, last) => first.is_ipv4() == ip.is_ipv4() && (*first..=*last).contains(&ip),
            Form::Network(network) => network.contains(&ip),
        }
    }

    /// The first and the last address that it covers; nothing for `any`, which covers both families.
    pub fn bounds(&self) -> Option<(IpAddr, IpAddr)> {
        match &self.0 {
            Form::Any => None,
            Form::Single(ip) => Some((*ip, *ip)),
            Form::Wildcard(network) => Some((network.network().into(), network.broadcast().into())),
            Form::Range(first, last) => Some((*first, *last)),
            Form::Network(network) => Some((network.network(), network.broadcast())),
        }
    }

    /// The fewest networks that together are what it covers.
    pub fn networks(&self) -> Vec<IpNet> {
        match self.bounds() {
            None => vec![Ipv4Net::default().into(), Ipv6Net::default().into()],
            Some((IpAddr::V4(first), IpAddr::V4(last))) => Ipv4Subnets::new(first, last, 0).map(IpNet::from).collect(),
            Some((IpAddr::V6(first), IpAddr::V6(last))) => Ipv6Subnets::new(first, last, 0).map(IpNet::from).collect(),
            // A rule is of one family.
            Some(_) => Vec::new(),
        }
    }

    /// Whether it is the word `any`.
    pub fn is_any(&self) -> bool {
        self.0 == Form::Any
    }
}

/// Reads a text of rules separated by new lines, commas or blanks. Blanks around the `-` of a range are tolerated.
/// An empty text is an empty list; every rule that does not parse is named.
pub fn parse_rules(text: &str) -> Result<Vec<AddressRule>, Vec<InvalidRule>> {
    let mut rules = Vec::new();
    let mut faults = Vec::new();
    for rule in split_rules(text) {
        if rules.len() + faults.len() >= MAX_RULES {
            faults.push(invalid(&rule, PermissionFault::RuleOneTooMany { most: MAX_RULES }));
            break;
        }
        match rule.parse() {
            Ok(parsed) => rules.push(parsed),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

/// The rules of a text one by one, each read or with its fault; at most [`MAX_RULES`].
pub fn read_each(text: &str) -> Vec<Result<AddressRule, InvalidRule>> {
    split_rules(text).iter().take(MAX_RULES).map(|rule| rule.parse()).collect()
}

impl FromStr for AddressRule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        let rule = text.trim();
        let form = if rule.eq_ignore_ascii_case("any") {
            Ok(Form::Any)
        } else if rule.contains('*') {
            wildcard(rule)
        } else if let Some((first, last)) = rule.split_once('-') {
            range(first.trim(), last.trim())
        } else if let Some((base, prefix)) = rule.split_once('/') {
            network(base, prefix)
        } else {
            address(rule).map(Form::Single)
        };
        form.map(Self).map_err(|fault| invalid(rule, fault))
    }
}

impl fmt::Display for AddressRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Any => f.write_str("any"),
            Form::Single(ip) => ip.fmt(f),
            Form::Wildcard(network) => {
                let fixed = usize::from(network.prefix_len() / 8);
                let parts = network.network().octets().map(|octet| octet.to_string());
                let written: Vec<&str> = (0..4).map(|at| if at < fixed { parts[at].as_str() } else { "*" }).collect();
                f.write_str(&written.join("."))
            }
            Form::Range(first, last) => write!(f, "{first}-{last}"),
            Form::Network(network) => network.fmt(f),
        }
    }
}

fn address(text: &str) -> Result<IpAddr, Message> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(ip.to_canonical());
    }
    let part = format!("{text:?}");
    Err(Message::from(if text.is_empty() {
        PermissionFault::RuleEmptyAddress
    } else if text.contains('%') {
        PermissionFault::RuleInterface
    } else if text.starts_with('[') || (text.contains('.') && text.matches(':').count() == 1) {
        PermissionFault::RulePort
    } else if has_leading_zero(text) {
        PermissionFault::RuleOctal { part }
    } else {
        PermissionFault::RuleNoAddress { part }
    }))
}

fn has_leading_zero(text: &str) -> bool {
    !text.contains(':') && text.split('.').any(|part| part.len() > 1 && part.starts_with('0'))
}

fn wildcard(rule: &str) -> Result<Form, Message> {
    let parts: Vec<&str> = rule.split('.').collect();
    let fixed = parts.iter().take_while(|part| **part != "*").count();
    if parts.len() != 4 || parts[fixed..].iter().any(|part| *part != "*") {
        return Err(PermissionFault::RuleWildcard.into());
    }
    let base: Vec<&str> = parts.iter().map(|part| if *part == "*" { "0" } else { part }).collect();
    let IpAddr::V4(base) = address(&base.join("."))? else {
        return Err(PermissionFault::RuleNoIpv4.into());
    };
    // At most four parts were counted.
    let prefix = u8::try_from(fixed * 8).unwrap_or(32);
    match Ipv4Net::new(base, prefix) {
        Ok(_) if prefix == 0 => Err(PermissionFault::RuleEveryAddress.into()),
        Ok(network) => Ok(Form::Wildcard(network)),
        Err(error) => Err(Message::foreign(&error)),
    }
}

fn range(first: &str, last: &str) -> Result<Form, Message> {
    let (first, last) = (address(first)?, address(last)?);
    if first.is_ipv4() != last.is_ipv4() {
        return Err(PermissionFault::RuleMixed.into());
    }
    if first > last {
        return Err(PermissionFault::RuleReversed { meant: format!("{last}-{first}") }.into());
    }
    let whole_v4 = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::BROADCAST)];
    let whole_v6 = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::from_bits(u128::MAX))];
    if [first, last] == whole_v4 || [first, last] == whole_v6 {
        return Err(PermissionFault::RuleEveryAddress.into());
    }
    Ok(Form::Range(first, last))
}

fn network(base: &str, prefix: &str) -> Result<Form, Message> {
    let written: IpAddr = address(base)?;
    // `::ffff:192.168.0.0/120` is read as IPv4, so its prefix loses the 96 bits of `::ffff:`.
    let mapped = written.is_ipv4() && base.contains(':');
    let (offset, most) = match (mapped, written) {
        (true, _) => (96, 128),
        (false, IpAddr::V4(_)) => (0, 32),
        (false, IpAddr::V6(_)) => (0, 128),
    };
    let plain = !prefix.is_empty()
        && prefix.bytes().all(|b| b.is_ascii_digit())
        && !(prefix.len() > 1 && prefix.starts_with('0'));
    let network = match prefix.parse::<u8>() {
        Ok(bits) if plain && bits <= most && bits >= offset => IpNet::new(written, bits - offset),
        _ => {
            return Err(PermissionFault::RulePrefix { min: offset, max: most }.into());
        }
    };
    let network = network.map_err(|error| Message::foreign(&error))?;
    if network.prefix_len() == 0 {
        return Err(PermissionFault::RuleEveryAddress.into());
    }
    if network.trunc() != network {
        return Err(PermissionFault::RuleInsideNetwork { meant: network.trunc().to_string() }.into());
    }
    Ok(Form::Network(network))
}

/// The rules of a text, with the blanks around the `-` of a range taken out.
fn split_rules(text: &str) -> Vec<String> {
    let mut rules = Vec::new();
    for line in text.split(['\n', '\r', ',']) {
        let mut rule = String::new();
        for word in line.split_whitespace() {
            if !rule.is_empty() && !rule.ends_with('-') && !word.starts_with('-') {
                rules.push(std::mem::take(&mut rule));
            }
            rule.push_str(word);
        }
        if !rule.is_empty() {
            rules.push(rule);
        }
    }
    rules
}

fn invalid(rule: &str, fault: impl Into<Message>) -> InvalidRule {
    InvalidRule { rule: rule.chars().take(60).collect(), fault: fault.into() }
}

#[cfg(test)]
mod tests;
