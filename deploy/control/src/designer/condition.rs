//! A condition as rows. A row is a field, a comparison and a value; all rows must hold, or any of them. An expression that
//! rows cannot say stays as it is written.

/// Rows that must hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Whether one row that holds is enough.
    pub is_any: bool,
    /// The rows.
    pub rows: Vec<Comparison>,
}

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

impl Rows {
    /// The rows of an expression; nothing if it says more, or is written in another way than rows are.
    pub fn read(expression: &str) -> Option<Self> {
        let (all, any) = (split(expression, " and "), split(expression, " or "));
        let is_any = any.len() > 1;
        let parts = if is_any { any } else { all };
        let rows = parts.into_iter().map(comparison).collect::<Option<Vec<_>>>()?;
        Some(Self { is_any, rows }).filter(|rows| rows.written() == expression)
    }

    /// The expression that rows say.
    pub fn written(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(Comparison::written).collect();
        rows.join(if self.is_any { " or " } else { " and " })
    }
}

impl Comparison {
    fn written(&self) -> String {
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
    if !value.contains(['"', '\\']) {
        return format!("\"{value}\"");
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn comparison(text: &str) -> Option<Comparison> {
    let of = |field: &str, word: &'static str, value: &str| {
        is_field(field).then(|| Comparison { field: field.to_owned(), word, value: value.to_owned() })
    };
    for (word, sign) in WITH_VALUE {
        if let [field, value] = split(text, &format!(" {sign} ")).as_slice() {
            let plain = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
            return of(field, word, plain);
        }
    }
    WITHOUT_VALUE
        .iter()
        .rev()
        .find_map(|(word, before, behind)| of(text.strip_prefix(before)?.strip_suffix(behind)?, word, ""))
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
    let (mut parts, mut from, mut depth, mut quote) = (Vec::new(), 0, 0_i32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => continue,
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 && quote.is_none() && at >= from && text[at..].starts_with(separator) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_expression_is_rows_where_rows_can_say_it() {
        let row = |field: &str, word: &'static str, value: &str| (field.to_owned(), word, value.to_owned());
        for (text, is_any, expected) in [
            (
                r#"$env["lastname"]|trim and $env["email"] is email"#,
                false,
                vec![row("$env[\"lastname\"]|trim", "filled", ""), row("$env[\"email\"]", "email", "")],
            ),
            (
                r#"$env["a"] == "x and y" or not $leadsource or $amount >= 10"#,
                true,
                vec![
                    row("$env[\"a\"]", "equals", "x and y"),
                    row("$leadsource", "empty", ""),
                    row("$amount", "at_least", "10"),
                ],
            ),
            (r#"$env["a b"] != $env["c"]"#, false, vec![row("$env[\"a b\"]", "differs", "$env[\"c\"]")]),
        ] {
            let rows = Rows::read(text).unwrap_or_else(|| panic!("{text}"));
            let found: Vec<_> = rows.rows.iter().map(|one| (one.field.clone(), one.word, one.value.clone())).collect();
            assert_eq!((rows.is_any, found), (is_any, expected), "{text}");
        }
    }

    #[test]
    fn what_rows_cannot_say_stays_an_expression() {
        for text in [
            "",
            "true",
            r#"$env["a"] and $env["b"] or $env["c"]"#,
            r#"($env["a"] or $env["b"]) and $env["c"]"#,
            r#"$env["a"]  and $env["b"]"#,
            r#"$env["a"] == '1'"#,
            r#"$env["a"] == "1""#,
            r#"$env["a"]|length > 1 + 1"#,
            r#"$env["a"] is startingwith("x")"#,
            r#"$env["a"] == "a\"b""#,
        ] {
            assert_eq!(Rows::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rows_that_are_written_are_the_same_rows(
            is_any: bool,
            rows in prop::collection::vec(("[a-zа-я ]{1,6}", 0..WORDS.len(), "[a-z0-9 ]{0,6}"), 1..4),
        ) {
            let has_value = |word: &str| WITH_VALUE.iter().any(|(known, _)| *known == word);
            let rows = rows.into_iter().map(|(name, word, value)| Comparison {
                field: format!("$env[\"{name}\"]"),
                word: WORDS[word],
                value: if has_value(WORDS[word]) { value } else { String::new() },
            });
            let rows = Rows { rows: rows.collect(), is_any };
            let read = Rows::read(&rows.written());
            // One row alone is all of them as well as any.
            let is_any = is_any && rows.rows.len() > 1;
            prop_assert_eq!(read, Some(Rows { is_any, ..rows }));
        }
    }
}
