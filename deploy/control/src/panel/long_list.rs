//! Long lists of the settings: of those whose key or title has what was typed, one page after the other.

use postern_shared::document::Kind;
use serde_json::Value;

use super::saving;
use super::visit::Visit;

/// How many a page shows.
const PAGE: usize = 100;

/// What a page tells of its list, beside the rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LongList {
    /// What was typed; empty = all are listed.
    pub typed: String,
    /// Whether there is more than one page, so that a search is offered.
    pub is_long: bool,
    /// How many come before the next page; 0 = this is the last.
    pub next: usize,
}

impl LongList {
    /// The documents of the page that the query asks for, each with its place among all.
    pub fn of<'d>(
        visit: &Visit<'_>,
        kind: Kind,
        all: impl Iterator<Item = (usize, &'d Value)>,
    ) -> (Vec<(usize, &'d Value)>, Self) {
        page(kind, all, visit.query.get("q").trim(), visit.query.get("after").parse().unwrap_or(0))
    }
}

fn page<'d>(
    kind: Kind,
    all: impl Iterator<Item = (usize, &'d Value)>,
    typed: &str,
    after: usize,
) -> (Vec<(usize, &'d Value)>, LongList) {
    let wanted = typed.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let is_wanted =
        |document: &Value| wanted.is_empty() || has(&saving::key(kind, document)) || has(saving::title(document));
    let mut rows: Vec<_> = all.filter(|(_, document)| is_wanted(document)).skip(after).take(PAGE + 1).collect();
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let is_long = has_more || after > 0 || !typed.is_empty();
    let next = if has_more { after.saturating_add(PAGE) } else { 0 };
    (rows, LongList { typed: typed.to_owned(), is_long, next })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_holds_those_that_have_what_was_typed() {
        let all: Vec<Value> =
            (0..250).map(|n| json!({"permission": format!("p{n}"), "title": format!("Сайт {}", n % 7)})).collect();
        for (typed, after, shown, first, next) in [
            ("", 0, 100, 0, 100),
            ("", 100, 100, 100, 200),
            ("", 200, 50, 200, 0),
            ("", 999, 0, 0, 0),
            ("P24", 0, 11, 24, 0),
            ("сайт 3", 0, 36, 3, 0),
            ("nothing", 0, 0, 0, 0),
        ] {
            let (rows, list) = page(Kind::Permission, all.iter().enumerate(), typed, after);
            let found = (rows.len(), rows.first().map_or(0, |(at, _)| *at), list.next);
            assert_eq!(found, (shown, first, next), "{typed} {after}");
            assert!(list.is_long, "{typed} {after}");
        }
        assert!(!page(Kind::Permission, all[..100].iter().enumerate(), "", 0).1.is_long);
    }
}
