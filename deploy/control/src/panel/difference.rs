//! What differs between two texts, line by line, with a few lines around it.

use similar::{ChangeTag, TextDiff};

/// How many equal lines stand around a change.
const AROUND: usize = 3;

/// The most lines that are shown: a page must stay a page.
const MAX_LINES: usize = 1_000;

/// A line of the comparison.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// `gone`, `new`, `same`, or `gap` for equal lines that are left out.
    pub class: &'static str,
    pub sign: &'static str,
    pub text: String,
}

/// From the old text to the new one.
pub fn lines(old: &str, new: &str) -> Vec<Line> {
    let compared = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for group in compared.grouped_ops(AROUND) {
        if !lines.is_empty() {
            lines.push(Line { class: "gap", sign: " ", text: "⋯".to_owned() });
        }
        for change in group.iter().flat_map(|operation| compared.iter_changes(operation)) {
            let (class, sign) = match change.tag() {
                ChangeTag::Delete => ("gone", "−"),
                ChangeTag::Insert => ("new", "+"),
                ChangeTag::Equal => ("same", " "),
            };
            lines.push(Line { class, sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_with_what_is_around_them() {
        let old: String = (1..=20).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 2\n", "line two\n").replace("line 19\n", "");
        let said: Vec<String> = lines(&old, &new).iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        let expected = [
            " line 1",
            "−line 2",
            "+line two",
            " line 3",
            " line 4",
            " line 5",
            " ⋯",
            " line 16",
            " line 17",
            " line 18",
            "−line 19",
            " line 20",
        ];
        assert_eq!(said, expected);
        assert_eq!(lines(&old, &old), []);
    }
}
