//! What divides the values of a CSV file: Excel writes semicolons where the comma is the decimal sign, and tabs into its
//! Unicode text.

use csv::{ReaderBuilder, StringRecord};

/// What may divide values. Of two that divide alike the first one counts: a comma stands in amounts and in names of columns
/// such as `Сумма, руб`.
const DELIMITERS: [u8; 4] = *b";,\t|";

/// What counts where nothing divides.
const USUAL: u8 = b',';

/// The line by which Excel is told the delimiter; it comes before the names.
const MARK: &str = "sep=";

/// The delimiter, and whether the first line only names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// An ASCII character.
    pub delimiter: u8,
    /// The names stand in the second line.
    pub has_mark: bool,
}

/// The delimiter of a text of which the beginning is given: the one that gives the first line the most values, and the
/// second one as many.
pub fn find(beginning: &str) -> Found {
    let first = beginning.lines().next().unwrap_or_default();
    if let Some(&[delimiter]) = first.strip_prefix(MARK).map(str::as_bytes)
        && delimiter.is_ascii()
    {
        return Found { delimiter, has_mark: true };
    }
    let mut best = (false, 1, USUAL);
    for delimiter in DELIMITERS {
        let (names, values) = two_records(beginning, delimiter);
        let agree = values.is_none_or(|values| values == names);
        if names > 1 && (agree, names) > (best.0, best.1) {
            best = (agree, names, delimiter);
        }
    }
    Found { delimiter: best.2, has_mark: false }
}

/// How many values the first two records have.
fn two_records(text: &str, delimiter: u8) -> (usize, Option<usize>) {
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut counts = reader.records().map_while(Result::ok).map(|record: StringRecord| record.len());
    (counts.next().unwrap_or(0), counts.next())
}

/// A delimiter as it is written on the command line.
pub fn parse(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [one] if one.is_ascii() && !matches!(one, b'"' | b'\n' | b'\r') => Ok(*one),
        _ => Err("write one character such as ; or the word tab".to_owned()),
    }
}

/// A delimiter for people.
pub fn word(delimiter: u8) -> String {
    if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_by_which_the_first_lines_have_as_many_values() {
        for (text, delimiter, has_mark) in [
            ("a,b\n1,2\n", b',', false),
            ("a;b\n1;2\n", b';', false),
            ("a;b\n1,5;2,5\n", b';', false),
            ("a\tb\n1\t2", b'\t', false),
            ("a|b\n1|2", b'|', false),
            ("\"a;x\",b\n1,2\n", b',', false),
            ("name, first;email\nx;y\n", b';', false),
            ("a;b;c", b';', false),
            ("Фамилия;Сумма, руб\nИванов;1 000,50\n", b';', false),
            ("email\nada@example.org\n", b',', false),
            ("sep=;\r\na;b\r\n", b';', true),
            ("", b',', false),
        ] {
            assert_eq!(find(text), Found { delimiter, has_mark }, "{text:?}");
        }
    }

    #[test]
    fn a_delimiter_is_one_character_or_the_word_tab() {
        for (text, delimiter) in
            [(";", Some(b';')), ("tab", Some(b'\t')), ("\\t", Some(b'\t')), ("", None), ("ab", None)]
        {
            assert_eq!(parse(text).ok(), delimiter, "{text:?}");
        }
        assert!(parse("\"").is_err() && parse("я").is_err());
    }
}
