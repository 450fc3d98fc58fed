//! Values in a query of vtiger. Some values can be written and are never found; these must not be asked for, since
//! "nothing found" would be taken for "there is no such record".

/// Why a value cannot be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfindable {
    /// The reader of queries fails at an empty text.
    Empty,
    /// vtiger stores a backslash and finds no value with one; a letter of four bytes is stored as question marks; and a
    /// longer text does not fit into a column of most fields.
    Never,
}

/// The longest text in a query, in letters: columns hold no longer one.
const MAX_LETTERS: usize = 255;

/// A value between quotes, each quote within it doubled.
///
/// # Errors
/// No record would be found by it.
pub fn quoted(value: &str) -> Result<String, Unfindable> {
    if value.is_empty() {
        return Err(Unfindable::Empty);
    }
    if value.chars().count() > MAX_LETTERS || value.contains('\\') || value.chars().any(|c| c.len_utf8() > 3) {
        return Err(Unfindable::Never);
    }
    Ok(format!("'{}'", value.replace('\'', "''")))
}

/// Whether a name may stand in a query: letters, digits and underscores.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_quoted_unless_no_record_is_found_by_it() {
        for (value, expected) in [
            ("Lovelace", Ok("'Lovelace'")),
            ("O'Neil", Ok("'O''Neil'")),
            ("''", Ok("''''''")),
            ("a;b %& \n\"c\"", Ok("'a;b %& \n\"c\"'")),
            ("Иван & <Co>", Ok("'Иван & <Co>'")),
            (" ", Ok("' '")),
            ("", Err(Unfindable::Empty)),
            (&"x".repeat(255), Ok(&*format!("'{}'", "x".repeat(255)))),
            (&"x".repeat(256), Err(Unfindable::Never)),
            ("a\\b", Err(Unfindable::Never)),
            ("😀", Err(Unfindable::Never)),
        ] {
            assert_eq!(quoted(value).as_deref(), expected.as_ref().map(|text| &**text), "{value}");
        }
        for (name, expected) in
            [("cf_852", true), ("email", true), ("", false), ("a b", false), ("a.b", false), ("a;", false)]
        {
            assert_eq!(is_name(name), expected, "{name}");
        }
    }
}
