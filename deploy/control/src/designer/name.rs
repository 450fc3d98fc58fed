//! Names of steps, made from what a person calls them.

use postern_shared::id::{MAX_NAME_BYTES, StepName};

/// The name that a title makes: letters of any script and digits stay, everything between them is an underscore.
pub fn of_title(title: &str) -> String {
    let mut name = String::new();
    for c in title.trim().chars() {
        let c = if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
        if !(c == '_' && (name.is_empty() || name.ends_with('_'))) {
            name.push(c);
        }
    }
    let name = shortened(name.trim_end_matches('_'), MAX_NAME_BYTES);
    if name.parse::<StepName>().is_ok() { name.to_owned() } else { "step".to_owned() }
}

/// The name, with a number behind it if it is taken.
pub fn free(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number: u32| {
        let number = format!("_{number}");
        format!("{}{number}", shortened(name, MAX_NAME_BYTES - number.len()))
    });
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// The beginning of a text that has at most so many bytes.
fn shortened(text: &str, bytes: usize) -> &str {
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= bytes).last();
    &text[..end.unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_in_any_script_makes_a_name() {
        for (title, name) in [
            ("Find the contact", "Find_the_contact"),
            (" Найти контакт! ", "Найти_контакт"),
            ("リード 1", "リード_1"),
            ("a/b — c", "a_b_c"),
            ("v1.2", "v1.2"),
            ("!", "step"),
            ("", "step"),
        ] {
            assert_eq!(of_title(title), name);
        }
        let long = of_title(&"я".repeat(100));
        assert!(long.len() <= MAX_NAME_BYTES && long.parse::<StepName>().is_ok());
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(free("note", |_| false), "note");
        assert_eq!(free("note", |name| ["note", "note_2"].contains(&name)), "note_3");
        let long = "я".repeat(32);
        let free = free(&long, |name| name == long);
        assert!(free.ends_with("_2") && free.len() <= MAX_NAME_BYTES, "{free}");
    }
}
