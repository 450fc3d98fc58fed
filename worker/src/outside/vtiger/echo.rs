//! Compares a record that vtiger answers with what was sent: vtiger validates nothing, and cuts, changes or drops values
//! without a word.

use postern_shared::message::Message;
use serde_json::{Map, Value};

/// What became of values that are not as they were sent, field by field. None of it holds a value.
pub fn differences(sent: &[(String, String)], record: &Map<String, Value>) -> Vec<Message> {
    let difference = |(field, sent): &(String, String)| {
        let field = field.clone();
        let Some(kept) = kept(record, &field) else { return Some(Message::VtigerDropped { field }) };
        if is_same(sent, kept) {
            return None;
        }
        let is_digits = sent.bytes().all(|byte| byte.is_ascii_digit());
        let is_cut = !kept.is_empty() && sent.starts_with(kept) && (is_digits || as_number(kept).is_none());
        Some(match is_cut {
            true => Message::VtigerCut { field, letters: kept.chars().count() },
            false => Message::VtigerChanged { field },
        })
    };
    sent.iter().filter_map(difference).collect()
}

/// What a record holds in a field; none = it has no such field. Some versions answer null where nothing is.
fn kept<'r>(record: &'r Map<String, Value>, field: &str) -> Option<&'r str> {
    record.get(field).map(|kept| kept.as_str().unwrap_or_default())
}

/// Whether a record holds all that was sent, as vtiger keeps it.
pub fn holds(sent: &[(String, String)], record: &Map<String, Value>) -> bool {
    let is_held = |(field, sent): &&(String, String)| kept(record, field).is_some_and(|kept| is_kept(sent, kept));
    let others: Vec<_> = sent.iter().filter(|one| !is_held(one)).cloned().collect();
    let others = differences(&others, record);
    others.iter().all(|one| matches!(one, Message::VtigerDropped { .. } | Message::VtigerCut { .. }))
}

/// Whether a text is what vtiger keeps of another: letters of four bytes are question marks, and a text with a script comes
/// back with entities.
pub fn is_kept(sent: &str, kept: &str) -> bool {
    let as_kept = |text: &str| {
        let letters = text.trim().chars().map(|c| if c.len_utf8() > 3 { "????".to_owned() } else { c.to_string() });
        letters.collect::<String>().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
    };
    as_kept(sent) == as_kept(kept)
}

/// Whether a record that was found by a value has that value. vtiger finds more: its database takes letters with and without
/// accents for the same, and a text that begins with a number for that number.
pub fn is_of(sought: &str, kept: &str) -> bool {
    let (sought, kept) = (sought.trim(), kept.trim());
    let is_number = || as_number(sought).is_some_and(|number| as_number(kept) == Some(number));
    sought.to_lowercase() == kept.to_lowercase() || is_number()
}

/// Numbers are the same however many zeros they have, and an empty value is stored as 0 in a field of numbers. A time may come
/// without its seconds, and an owner without its prefix.
fn is_same(sent: &str, kept: &str) -> bool {
    if sent == kept {
        return true;
    }
    let number = |text: &str| if text.is_empty() { Some(0.0) } else { as_number(text) };
    let is_owner = kept.split_once('x').is_some_and(|(prefix, number)| number == sent && prefix.parse::<u32>().is_ok());
    let is_number = as_number(kept).is_some() && number(sent) == number(kept);
    let is_time = kept.strip_suffix(":00").is_some_and(|time| time == sent && time.contains(':'));
    is_owner || is_number || is_time
}

fn as_number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_of_a_value_that_it_has_itself() {
        for (sought, kept, expected) in [
            ("a@example.org", "A@Example.org ", true),
            ("Иванов", "ИВАНОВ", true),
            ("5", "5.00000000", true),
            ("5", "5 apples", false),
            ("Muller", "Müller", false),
            ("+7 495", "7495", false),
            ("0", "", false),
            ("a", "0", false),
        ] {
            assert_eq!(is_of(sought, kept), expected, "{sought} {kept}");
        }
    }

    #[test]
    fn a_record_holds_what_was_sent_as_vtiger_keeps_it() {
        for (sent, kept, expected) in [
            ("Да 😀", "Да ????", true),
            ("<script>\"</script> a & b", "&lt;script&gt;&quot;&lt;/script&gt; a & b", true),
            ("xxxx", "xx", true),
            ("a", "b", false),
            ("😀", "??", false),
        ] {
            let record: Map<String, Value> = [("f".to_owned(), json!(kept))].into_iter().collect();
            assert_eq!(holds(&[("f".to_owned(), sent.to_owned())], &record), expected, "{sent} {kept}");
        }
    }

    #[test]
    fn a_value_that_is_not_as_it_was_sent_is_named() {
        let field = || "f".to_owned();
        for (sent, kept, expected) in [
            ("Иван & <b> \"'", json!("Иван & <b> \"'"), None),
            ("1234.5", json!("1234.50000000"), None),
            ("", json!("0"), None),
            ("", json!(""), None),
            ("1", json!("19x1"), None),
            ("14:05", json!("14:05:00"), None),
            ("14", json!("14:00"), Some(Message::VtigerChanged { field: field() })),
            ("12", json!("12"), None),
            ("xxxx", json!("xx"), Some(Message::VtigerCut { field: field(), letters: 2 })),
            ("79161234567", json!("7916123456"), Some(Message::VtigerCut { field: field(), letters: 10 })),
            ("1,234.50", json!("1.00000000"), Some(Message::VtigerChanged { field: field() })),
            ("many", json!("0"), Some(Message::VtigerChanged { field: field() })),
            ("31-12-1999", json!("1999-12-31"), Some(Message::VtigerChanged { field: field() })),
            ("soon", json!(""), Some(Message::VtigerChanged { field: field() })),
            ("😀", json!("????"), Some(Message::VtigerChanged { field: field() })),
            ("<script>", json!("&lt;script&gt;"), Some(Message::VtigerChanged { field: field() })),
            ("", Value::Null, None),
            ("12x5", Value::Null, Some(Message::VtigerChanged { field: field() })),
        ] {
            let record: Map<String, Value> = [("f".to_owned(), kept)].into_iter().collect();
            assert_eq!(differences(&[(field(), sent.to_owned())], &record), Vec::from_iter(expected), "{sent}");
        }
        assert_eq!(differences(&[(field(), "a".into())], &Map::new()), [Message::VtigerDropped { field: field() }]);
    }
}
