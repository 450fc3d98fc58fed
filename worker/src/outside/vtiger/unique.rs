//! What vtiger makes of a unique value. A value that it changes without a word is never found again, and the next run would
//! create a second record.

use jiff::civil::Date;

/// The letters that columns of texts hold in vtiger. Nobody tells them: `describe` does not name the length of a field.
const COLUMNS: [usize; 9] = [30, 40, 50, 80, 100, 120, 150, 200, 250];

/// The letters that columns of e-mail addresses hold at least. Two addresses may well begin alike.
const EMAIL: usize = 80;

/// What may be left of a value in a field of this type, the longest first: vtiger cuts what its column does not hold.
pub fn cuts(kind: &str, value: &str) -> Vec<String> {
    let (letters, least) = (value.chars().count(), if kind == "email" { EMAIL } else { 0 });
    let shorter = COLUMNS.into_iter().rev().filter(|column| (least..letters).contains(column));
    shorter.map(|column| value.chars().take(column).collect::<String>().trim_end().to_owned()).collect()
}

/// Whether a field of this type keeps something else than the value, so that nobody could say what to look for.
pub fn is_changed(kind: &str, value: &str) -> bool {
    let is_number = |more: &[u8]| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || more.contains(&byte))
    };
    match kind {
        "integer" => !is_number(b"") || value.parse::<i32>().is_err(),
        "double" | "currency" | "percentage" => !is_number(b".") || value.parse::<f64>().is_err(),
        "date" => value.parse::<Date>().is_err(),
        "boolean" => !matches!(value, "0" | "1"),
        _ => has_script(value),
    }
}

/// Whether vtiger escapes the marks of a text.
fn has_script(value: &str) -> bool {
    let is_script = |line: &str| line.find("script").is_some_and(|at| line[at..].contains("/script"));
    value.contains(['<', '>', '"']) && value.to_lowercase().lines().any(is_script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_may_be_cut_at_the_end_of_a_column() {
        assert!(cuts("string", &"я".repeat(30)).is_empty());
        let cut: Vec<usize> = cuts("string", &"я".repeat(81)).iter().map(|cut| cut.chars().count()).collect();
        assert_eq!(cut, [80, 50, 40, 30]);
        assert_eq!(cuts("string", &format!("{} b", "a".repeat(29))), ["a".repeat(29)]);
        assert_eq!(cuts("email", &"a".repeat(101)).len(), 2);
    }

    #[test]
    fn a_value_that_is_not_of_the_type_of_its_field_is_changed() {
        for (kind, value, expected) in [
            ("string", "Иванов", false),
            ("string", "<script>x", false),
            ("string", "<SCRIPT>x</Script>", true),
            ("string", "scripts/script", false),
            ("integer", "79161234567", true),
            ("integer", "15", false),
            ("integer", "-15", false),
            ("integer", "15 a", true),
            ("currency", "1234.50", false),
            ("currency", "1,234.50", true),
            ("currency", "1.2.3", true),
            ("date", "1999-12-31", false),
            ("date", "31-12-1999", true),
            ("boolean", "1", false),
            ("boolean", "yes", true),
            ("", "anything", false),
        ] {
            assert_eq!(is_changed(kind, value), expected, "{kind} {value}");
        }
    }
}
