//! Which keys values have, and what a search means.

use super::*;

fn keys(json: &str) -> BTreeSet<Key> {
    of(&serde_json::from_str(json).unwrap(), &Names::DEFAULT.parse().unwrap())
}

fn finds(text: &str, json: &str) -> bool {
    let keys = keys(json);
    meant(text).iter().any(|all| all.iter().all(|key| keys.contains(key)))
}

#[test]
fn a_person_is_found_by_email_phone_and_name_however_they_are_written() {
    let lead = r#"{"Email":" Ada@Example.ORG ","tel":"+7 (912) 345-67-89","lastname":"Иванов","firstname":"Иван",
        "lead_id":4711,"middlename":"Королев","name":["Петров-Водкин","O'Neill"],"order_id":"550e8400-a716-ffff","text":"hello","deep":[{"Full Name":"Ada King-Noel"}]}"#;
    for (text, found) in [
        ("ada@example.org", true),
        ("ADA@example.org", true),
        ("8 912 345 67 89", true),
        ("9123456789", true),
        ("0079123456789", true),
        ("+7 912 345–67–89 доб. 4", true),
        ("иванов", true),
        ("королёв", true),
        ("ИВАН Иванов", true),
        ("иван сидоров", false),
        ("king-noel", true),
        ("ada noel", true),
        ("KING", true),
        ("водкин", true),
        ("петров-водкин", true),
        ("neill", true),
        ("o'neill", true),
        ("o", false),
        ("a716", false),
        ("4711", true),
        ("hello", false),
        ("bob@example.org", false),
        ("9123456780", false),
        ("", false),
    ] {
        assert_eq!(finds(text, lead), found, "{text}");
    }
    assert!(finds("strasse", r#"{"name":"STRAẞE"}"#) && finds("0170 1234567", r#"{"a":"+49 170 1234567"}"#));
}

#[test]
fn a_record_of_another_system_is_found_by_its_reference_or_its_id() {
    let record: RecordRef = "crm/Leads/4x852".parse().unwrap();
    let keys: Vec<Key> = Key::all_of_record(&record).collect();
    for (text, found) in [("crm/Leads/4x852", true), ("4x852", true), ("4x85", false), ("erp/Leads/4x852", false)] {
        assert_eq!(Key::connected_record(text).is_some_and(|key| keys.contains(&key)), found, "{text}");
    }
    assert_eq!((Key::connected_record("852"), Key::connected_record("ada")), (None, None));
}

#[test]
fn what_is_no_name_or_too_much_has_no_key() {
    for none in [r#"{"a":"x"}"#, r#"{"name":""}"#, r#"{"a":true,"b":null}"#, r#"{"a":"12-34"}"#, r#"{"a":"a@b"}"#] {
        assert!(keys(none).is_empty(), "{none}");
    }
    let many: Vec<String> = (0..1_000).map(|n| format!("n{n}")).collect();
    let many = serde_json::json!({"name": many.join(" ")}).to_string();
    assert_eq!(keys(&many).len(), MAX_KEYS);
    assert!(keys(&format!(r#"{{"name":"{}"}}"#, "x".repeat(MAX_BYTES + 1))).is_empty());
}

#[test]
fn in_the_names_a_star_stands_for_any_letters_and_all_else_for_itself() {
    for (names, name, counts) in [
        ("*name*", "Full\nNAME 1", true),
        ("company, *имя", "Имя", true),
        ("company", "company_2", false),
        ("a*b*c", "a1b2c", true),
        ("a*b*c", "a1c2b", false),
        ("a.b", "a.b", true),
        ("a.b", "aXb", false),
        ("*", "", true),
        ("", "", false),
        (" , ", "lastname", false),
    ] {
        assert_eq!(names.parse::<Names>().unwrap().count(name), counts, "{names:?} {name:?}");
    }
}

#[test]
fn a_hash_depends_on_the_kind_and_the_secret() {
    let (one, other) = (Secret::from([1; 32]), Secret::from([2; 32]));
    let key = |kind| Key { kind, text: "4711".to_owned() };
    let hashes = [one.hash(&key(Kind::Word)), one.hash(&key(Kind::Phone)), other.hash(&key(Kind::Word))];
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 3);
    // Stored hashes are to be found by later versions.
    assert_eq!(hashes[0], -4_155_335_720_360_961_907);
}
