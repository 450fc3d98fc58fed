//! A condition as rows. A row is a field, a comparison and a value. Rows stand in groups: all of a group must hold, or any
//! of it. An expression that rows cannot say stays as it is written.

mod group;

pub use group::{Group, MAX_DEPTH, Part};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// A reference such as `$env["email"]`, with its filters.
    pub field: String,
    /// A word of [`WORDS`].
    pub word: &'static str,
    /// A text, a number or a reference; empty if the word needs none.
    pub value: String,
}

/// The comparisons with a value, and how an expression writes them.
const WITH_VALUE: [(&str, &str); 6] =
    [("equals", "=="), ("differs", "!="), ("at_least", ">="), ("at_most", "<="), ("above", ">"), ("below", "<")];

/// The comparisons without a value: what stands before and behind the field.
const WITHOUT_VALUE: [(&str, &str, &str); 4] =
    [("filled", "", ""), ("empty", "not ", ""), ("email", "", " is email"), ("no_email", "", " is not email")];

/// Every comparison.
pub const WORDS: [&str; 10] =
    ["filled", "empty", "equals", "differs", "above", "at_least", "below", "at_most", "email", "no_email"];

impl Comparison {
    /// The row that an expression is; nothing if it says more, or is written in another way than rows are.
    pub fn read(text: &str) -> Option<Self> {
        comparison(text).filter(|row| row.written() == text)
    }

    /// The expression that the row says.
    pub fn written(&self) -> String {
        let Self { field, word, value } = self;
        if let Some((_, before, behind)) = WITHOUT_VALUE.iter().find(|(known, ..)| known == word) {
            return format!("{before}{field}{behind}");
        }
        let sign = WITH_VALUE.iter().find(|(known, _)| known == word).map_or("==", |(_, sign)| sign);
        format!("{field} {sign} {}", operand(value))
    }
}

/// A value as an expression writes it.
fn operand(value: &str) -> String {
    if is_field(value) || is_number(value) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn comparison(text: &str) -> Option<Comparison> {
    let of = |field: &str, word: &'static str, value: String| {
        is_field(field).then(|| Comparison { field: field.to_owned(), word, value })
    };
    for (word, sign) in WITH_VALUE {
        if let [field, value] = split(text, &format!(" {sign} ")).as_slice() {
            let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let plain = quoted.map_or((*value).to_owned(), |text| text.replace("\\\"", "\"").replace("\\\\", "\\"));
            return of(field, word, plain);
        }
    }
    WITHOUT_VALUE
        .iter()
        .rev()
        .find_map(|(word, before, behind)| of(text.strip_prefix(before)?.strip_suffix(behind)?, word, String::new()))
}

/// Whether a text is one reference, with filters but without blanks outside of quotes and brackets.
fn is_field(text: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '(' | '[');
    text.strip_prefix('$').is_some_and(|rest| rest.starts_with(is_name)) && split(text, " ").len() == 1
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok_and(|number| number.to_string() == text)
}

/// The parts of a text between separators that stand outside of quotes and brackets.
fn split<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for at in outside(text) {
        if at >= from && text[at..].starts_with(separator) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

/// Where the characters of a text begin that stand outside of quotes and brackets. The signs that end a quotation and a
/// bracket stand outside of them.
fn outside(text: &str) -> impl Iterator<Item = usize> {
    let (mut depth, mut quote, mut is_escaped) = (0_i32, None, false);
    text.char_indices().filter_map(move |(at, c)| {
        match (quote, c) {
            (Some(_), _) if is_escaped => is_escaped = false,
            (Some(_), '\\') => is_escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
        (depth == 0 && quote.is_none()).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_a_row_where_a_row_can_say_it() {
        for (text, field, word, value) in [
            (r#"$env["lastname"]|trim"#, r#"$env["lastname"]|trim"#, "filled", ""),
            ("not $leadsource", "$leadsource", "empty", ""),
            (r#"$env["email"] is email"#, r#"$env["email"]"#, "email", ""),
            (r#"$env["a"] == "x and y""#, r#"$env["a"]"#, "equals", "x and y"),
            ("$amount >= 10", "$amount", "at_least", "10"),
            (r#"$env["a b"] != $env["c"]"#, r#"$env["a b"]"#, "differs", r#"$env["c"]"#),
            (r#"$env["a"] == "a\"b""#, r#"$env["a"]"#, "equals", r#"a"b"#),
            (r#"$env["a"] == "C:\\x""#, r#"$env["a"]"#, "equals", r"C:\x"),
        ] {
            let row = Comparison { field: field.to_owned(), word, value: value.to_owned() };
            assert_eq!(Comparison::read(text), Some(row), "{text}");
        }
    }

    #[test]
    fn what_a_row_cannot_say_is_none() {
        for text in [
            "",
            "true",
            r#"$env["a"] == '1'"#,
            r#"$env["a"] == "1""#,
            r#"$env["a"]|length > 1 + 1"#,
            r#"$env["a"] is startingwith("x")"#,
            r#"$env["a"] == "a\n""#,
            r#"not ($env["a"] or $env["b"])"#,
        ] {
            assert_eq!(Comparison::read(text), None, "{text}");
        }
    }
}
