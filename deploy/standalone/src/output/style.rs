//! Colours of a terminal. Elsewhere, and where `NO_COLOR` is set (no-color.org), texts stay as they are.

use console::Style;
use similar::{ChangeTag, TextDiff};

/// The head of a table.
pub fn head(text: &str) -> String {
    Style::new().bold().apply_to(text).to_string()
}

/// A word that tells how something is.
pub fn state(word: &str) -> String {
    let style = match word {
        "finished" | "active" | "enabled" | "well" => Style::new().green(),
        "failed" | "dead_letter" | "lost" | "expired" => Style::new().red(),
        "needs_attention" | "unmatched" | "hold" | "off" | "inactive" => Style::new().yellow(),
        "running" | "waiting" | "queued" | "held" => Style::new().cyan(),
        _ => Style::new(),
    };
    style.apply_to(word).to_string()
}

/// The difference between two texts as `diff -u` writes it.
pub fn difference(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = format!("--- {name} (set)\n+++ {name} (file)\n");
    for hunk in diff.unified_diff().iter_hunks() {
        text += &format!("{}\n", Style::new().cyan().apply_to(hunk.header().to_string().trim_end()));
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", Style::new().red()),
                ChangeTag::Insert => ("+", Style::new().green()),
                ChangeTag::Equal => (" ", Style::new()),
            };
            text += &format!("{}\n", style.apply_to(format!("{sign}{}", change.value().trim_end_matches('\n'))));
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_both_sides_and_shows_the_lines_that_differ() {
        let text = difference("trigger a", "trigger: a\ntitle: A\n", "trigger: a\ntitle: B\n");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            ["--- trigger a (set)", "+++ trigger a (file)", "@@ -1,2 +1,2 @@", " trigger: a", "-title: A", "+title: B"]
        );
    }
}
