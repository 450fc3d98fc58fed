//! A text where a list is meant. It is one item: a form that posts one value of a name posts a text. But a text of JSON or
//! of words between commas holds the items that were meant.

/// Whether a text probably holds several items.
pub fn holds_several(text: &str) -> bool {
    let text = text.trim();
    text.starts_with(['[', '{']) || text.contains([',', ';', '\n'])
}

#[cfg(test)]
mod tests {
    use super::holds_several;

    #[test]
    fn a_text_with_items_is_told_from_a_single_value() {
        for text in ["[1]", " {\"a\": 1}", "a, b", "a;b", "a\nb"] {
            assert!(holds_several(text), "{text}");
        }
        for text in ["web", "a b", "", " 5.5 \n", "ada@example.org"] {
            assert!(!holds_several(text), "{text}");
        }
    }
}
