//! Blanks around a value that people type or copy, also those that nobody sees: a contact list puts signs of the writing
//! direction around a phone number, and a web page a space of no width behind an address.

/// Blanks beside those of ASCII: they do not break, are narrow or have no width, or tell the direction of the writing.
pub const WIDE: [char; 18] = [
    '\u{a0}', '\u{2009}', '\u{202f}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}',
    '\u{202d}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}', '\u{feff}', '\u{ad}',
];

/// The text without blanks around it.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_wide(c))
}

/// Whether it is one of [`WIDE`].
pub fn is_wide(c: char) -> bool {
    // Most characters are of ASCII.
    c >= '\u{a0}' && WIDE.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_that_nobody_sees_are_no_part_of_a_value() {
        for (text, expected) in [
            ("\u{202a}+7 999 123 45 67\u{202c}", "+7 999 123 45 67"),
            ("ada@example.org\u{200b}", "ada@example.org"),
            ("\u{feff} 5\u{a0}\n", "5"),
            ("a\u{200b}b", "a\u{200b}b"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(trim(text), expected, "{text:?}");
        }
    }
}
