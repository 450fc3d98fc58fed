//! One comparison: conditions and `find_record` agree on every pair of values.

use serde_json::{Value, json};

use crate::harness::Postern;

fn values() -> Vec<Value> {
    let large = |text: &str| serde_json::from_str(text).unwrap();
    vec![
        json!(true),
        json!(false),
        json!(0),
        json!(5),
        json!(-3),
        json!(5.5),
        json!(1000),
        large("12345678901234567890"),
        large("0.10"),
        json!("5"),
        json!("5.0"),
        json!(" 5 "),
        json!("5\u{a0}"),
        json!("\u{202a}5\u{202c}"),
        json!("05"),
        json!("+5"),
        json!("-3"),
        json!("1000"),
        json!("0.1"),
        json!("12345678901234567891"),
        json!("1e3"),
        json!("inf"),
        json!("nan"),
        json!("five"),
        json!("Ärger"),
        json!("true"),
        json!("2026-05-01"),
        json!("a b"),
    ]
}

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: is}
steps:
  is: {find_record: V, where: {v: {is: '$env[\"v\"]'}}, store_ids: is, found: is_not, not_found: is_not}
  is_not: {find_record: V, where: {v: {is_not: '$env[\"v\"]'}}, store_ids: is_not, found: above, not_found: above}
  above: {find_record: V, where: {v: {above: '$env[\"v\"]'}}, store_ids: above, found: below, not_found: below}
  below: {find_record: V, where: {v: {below: '$env[\"v\"]'}}, store_ids: below, found: compare, not_found: compare}
  compare:
    set_env:
      c_is: '{% for i in range($env[\"all\"]|length) if $env[\"all\"][i] == $env[\"v\"] %}{{ i + 1 }} {% endfor %}'
      c_is_not: '{% for i in range($env[\"all\"]|length) if $env[\"all\"][i] != $env[\"v\"] %}{{ i + 1 }} {% endfor %}'
      c_above: '{% for i in range($env[\"all\"]|length) if $env[\"all\"][i] > $env[\"v\"] %}{{ i + 1 }} {% endfor %}'
      c_below: '{% for i in range($env[\"all\"]|length) if $env[\"all\"][i] < $env[\"v\"] %}{{ i + 1 }} {% endfor %}'
    next: say
  say:
    stop: finished
    message: '{{ $env[\"is\"]|join(\" \") }} / {{ $env[\"is_not\"]|join(\" \") }} / {{ $env[\"above\"]|join(\" \") }} / {{ $env[\"below\"]|join(\" \") }} = {{ $env[\"c_is\"]|trim }} / {{ $env[\"c_is_not\"]|trim }} / {{ $env[\"c_above\"]|trim }} / {{ $env[\"c_below\"]|trim }}'
";

#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_find_record_agree_on_every_pair_of_values() {
    agree(SETTINGS, &values()).await;
}

/// Such a field holds texts alone, and a posted text is kept as it is.
#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_find_record_agree_on_a_declared_field_of_texts() {
    let settings = format!("module: V\nfields: {{v: text}}\n---{SETTINGS}");
    agree(&settings, &values().into_iter().filter(Value::is_string).collect::<Vec<_>>()).await;
}

/// Each of the values is stored in a record, and all are compared.
async fn agree(settings: &str, all: &[Value]) {
    let postern = Postern::start(settings).await;
    for (at, value) in all.iter().enumerate() {
        let fields = json!({"v": value}).to_string().replace('\'', "''");
        postern.sql(&format!("INSERT INTO records (id, module, fields) VALUES ({}, 'V', '{fields}')", at + 1)).await;
    }
    for value in &values() {
        let body = json!({"all": all, "v": value}).to_string();
        let answer = postern.post("/trigger?workflow_id=1").json(&body).send().await;
        let receipt = postern.ended(&answer).await;
        let message = receipt["runs"][0]["message"].as_str().unwrap_or_default();
        let (found, compared) = message.split_once(" = ").unwrap_or_else(|| panic!("{receipt}"));
        assert_eq!(found, compared, "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_notes_where_a_condition_would_find_other_records() {
    let postern = Postern::start(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
module: Typed
fields: {n: number, t: text}
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Typed, unique: '', fields: {n: 5, t: 2026-05-01}, created: open}
  open: {find_record: Open, where: {v: {above: '$env[\"v\"]'}}, found: same, not_found: same}
  same: {find_record: Open, where: {v: '$env[\"v\"]'}, found: text, not_found: text}
  text: {find_record: Typed, where: {t: {is_not: '$env[\"v\"]'}}, found: number, not_found: number}
  number: {find_record: Typed, where: {n: {below: '$env[\"v\"]'}}, found: other, not_found: other}
  other: {find_record: Typed, where: {n: {is_not: '$env[\"v\"]'}}, store_id: id, found: end, not_found: end}
  end: {stop: finished, message: 'found $env[\"id\"]'}
",
    )
    .await;
    let (letters, number) = ("compared by its letters", "compared text with a number");
    for (posted, expected) in [
        ("01.05.2026", ["v: ", "v: ", "t: ", number, number]),
        ("1000", ["v: ", "", "", "", ""]),
        ("1 000", ["v: ", "", "", "", ""]),
        ("abc", ["", "", "", number, number]),
        ("", ["", "", "", "", ""]),
    ] {
        let run = &postern.outcome("/trigger?workflow_id=1", &format!("v={posted}")).await["runs"][0];
        for (at, expected) in (1_usize..).zip(expected) {
            let noted = run["path"][at]["message"].as_str().unwrap_or_default();
            let letters = if expected.contains(": ") { letters } else { "" };
            assert!(noted.starts_with(expected) && noted.contains(letters), "{posted} {at}: {noted}");
            assert_eq!(noted.is_empty(), expected.is_empty(), "{posted} {at}: {noted}");
        }
        assert_ne!(run["message"], "found ", "{posted}: {run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_datetime_is_compared_with_now_by_the_clock() {
    let postern = Postern::start(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
module: Typed
fields: {dt: datetime}
---
workflow: 1
zone: Europe/Moscow
start: {without_record: true, next: make}
steps:
  make: {create_record: Typed, unique: '', fields: {dt: '{{ now()|add(hours=1) }}'}, store_id: id, created: later}
  later: {condition: '$(id: (Typed) dt) > now() and $(id: (Typed) dt) < now()|add(hours=2)', then: find, else: no}
  find: {find_record: Typed, where: {dt: {above: '{{ now() }}'}}, found: yes, not_found: no}
  yes: {stop: finished, message: later}
  no: {stop: failed, message: not later}
",
    )
    .await;
    let run = &postern.outcome("/trigger?workflow_id=1", "").await["runs"][0];
    assert_eq!((&run["message"], &run["path"][1]["message"]), (&json!("later"), &json!("compared two texts as dates")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_compared_with_a_number_is_noted_on_the_receipt() {
    let postern = Postern::start(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: rich}
steps:
  rich: {condition: '$env[\"budget\"] > 1000', then: yes, else: no}
  yes: {stop: finished, message: rich}
  no: {stop: finished, message: poor}
",
    )
    .await;
    let noted = "compared text with a number: the text is not written as a number, so they are never equal, and neither is above the other; write |float or |int after it if it is meant as a number";
    for (posted, message, noted) in
        [("5", "poor", ""), ("1000.01", "rich", ""), ("many", "poor", noted), ("01001", "poor", noted)]
    {
        let receipt = postern.outcome("/trigger?workflow_id=1", &format!("budget={posted}")).await;
        let run = &receipt["runs"][0];
        assert_eq!((&run["message"], run["path"][0]["message"].as_str().unwrap_or_default()), (&json!(message), noted));
    }
}
