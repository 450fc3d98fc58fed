//! What is described is what is read. That no key is read without a description, and none is left out, is asserted by
//! the reader itself in every test; here each described key is written once.

use serde_json::{Map, Value, json};

use super::*;
use crate::document::{Document, Reader};
use crate::task;

/// A value that a key of this kind can have.
pub(super) fn sample(kind: Kind) -> Value {
    match kind {
        Kind::Template | Kind::Html | Kind::Text(_) | Kind::Value => json!("a"),
        Kind::Url | Kind::UrlOr(..) | Kind::Address => json!("https://example.org/"),
        Kind::MailAddresses => json!("a@example.org"),
        Kind::Expression => json!("$env[\"a\"]"),
        Kind::Texts => json!(["a"]),
        Kind::Flag | Kind::True => json!(true),
        Kind::Whole => json!(5),
        Kind::Number(min, _) => json!(min),
        Kind::Duration(_) | Kind::Delay | Kind::DelayOr(..) => json!("5s"),
        Kind::Choice(words) => json!(words[0]),
        Kind::Fields | Kind::Env | Kind::Headers | Kind::Conditions => json!({"a": "$env[\"b\"]"}),
        Kind::EnvName | Kind::Sort => json!("a"),
        Kind::Name(document::Kind::Workflow) => json!(1),
        Kind::Name(_) => json!("a"),
        Kind::Names(document::Kind::Workflow) => json!([1]),
        Kind::Names(_) => json!(["a"]),
        Kind::Steps => json!("s"),
        Kind::Cases => json!({"a": "s", "": ["s"]}),
        Kind::Statuses => json!(["200", "2xx"]),
        Kind::Status => json!(200),
        Kind::MediaType => json!("text/html"),
        Kind::Time => json!("monday 9:00"),
        Kind::Zone => json!("Europe/Moscow"),
        Kind::Moment => json!("2026-12-31"),
        Kind::AddressRules => json!("10.0.0.1"),
        Kind::Origins => json!("https://example.org"),
        Kind::ShortUrl => json!("office"),
        Kind::Charset => json!("utf-8"),
        Kind::Rate => json!("50/s"),
        Kind::Pairs => json!("a=b"),
        Kind::Secret | Kind::SecretOr(..) => json!("$secret[\"a\"]"),
        Kind::Map("signature", _) => json!({"preset": "github", "secret": "$secret[\"a\"]"}),
        Kind::Map(_, settings) => Value::Object(required(settings)),
        Kind::Maps(_, settings) => json!([required(settings)]),
        Kind::FieldTypes(_) => json!({"a": "text"}),
        Kind::Graph => json!({"s": {"stop": "finished"}}),
    }
}

fn required(settings: &[Setting]) -> Map<String, Value> {
    let required = settings.iter().filter(|setting| setting.required);
    required.map(|setting| (setting.key.to_owned(), sample(setting.kind))).collect()
}

/// What else a key needs beside it.
fn companions(spec: &Spec, map: &mut Map<String, Value>) {
    let missing: &[(&str, Value)] = match spec.name {
        "run_workflow" if map.contains_key("store") || map.contains_key("timeout") => &[("wait", json!(true))],
        "run_workflow" => &[("for_each", json!("$env[\"a\"]"))],
        "for_each" if map.contains_key("collect") => &[("store", json!("a"))],
        "for_each" if map.contains_key("store") => &[("collect", json!("$a"))],
        "send_mail" if !map.contains_key("html") => &[("text", json!("a"))],
        "permission" => &[("triggers", json!(["a"]))],
        "connection" if !connection::System::ALL.iter().any(|system| map.contains_key(system.name())) => {
            &[("smtp", json!({"host": "a"}))]
        }
        _ => &[],
    };
    missing.iter().for_each(|(key, value)| _ = map.insert((*key).to_owned(), value.clone()));
}

/// The map with what is required, and this one key.
pub(super) fn with(spec: &Spec, setting: &Setting, value: Value) -> Map<String, Value> {
    let mut map = required(spec.settings);
    map.insert(setting.key.to_owned(), value);
    companions(spec, &mut map);
    map
}

fn read_step(kind: &task::Kind, map: Map<String, Value>) -> (String, Vec<String>) {
    let (value, mut findings) = (Value::Object(map), Vec::new());
    let mut reader = Reader::new("", &value, kind.spec.settings, &mut findings).unwrap();
    let task = format!("{:?}", (kind.parse)(&mut reader));
    reader.finish();
    (task, findings.iter().map(ToString::to_string).collect())
}

#[test]
fn every_key_that_is_described_can_be_written() {
    for kind in &task::KINDS {
        for setting in kind.spec.settings {
            let (_, findings) = read_step(kind, with(kind.spec, setting, sample(setting.kind)));
            assert_eq!(findings, [""; 0], "{} {}", kind.spec.name, setting.key);
        }
    }
    for spec in DOCUMENTS {
        for setting in spec.settings {
            let document = Value::Object(with(spec, setting, sample(setting.kind)));
            assert!(Document::from_value(&document).is_ok(), "{document}: {:?}", Document::from_value(&document));
        }
    }
}

#[test]
fn a_default_that_is_written_out_changes_nothing() {
    let mut found = 0;
    for kind in &task::KINDS {
        for (setting, default) in kind.spec.settings.iter().filter_map(|setting| Some((setting, setting.default?))) {
            let mut without = with(kind.spec, setting, Value::Null);
            without.remove(setting.key);
            let written = crate::yaml::read(default).unwrap().remove(0).value;
            assert_eq!(read_step(kind, with(kind.spec, setting, written)), read_step(kind, without), "{}", setting.key);
            found += 1;
        }
    }
    assert!(found > 8, "only {found} defaults were found");
}

#[test]
fn every_key_is_described_once() {
    for spec in DOCUMENTS.into_iter().chain(task::KINDS.iter().map(|kind| kind.spec)) {
        let mut keys: Vec<&str> =
            spec.settings.iter().map(|setting| setting.key).chain(spec.outputs.to_vec()).collect();
        assert!(keys.contains(&spec.name), "{}", spec.name);
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]), "{keys:?}");
    }
}

#[test]
#[should_panic(expected = "`b` is read at `x`, but it is not described")]
fn a_key_that_is_not_described_is_not_read() {
    const SETTINGS: [Setting; 1] = [Setting::template("a")];
    let (value, mut findings) = (json!({"a": 1, "b": 2}), Vec::new());
    Reader::new("x", &value, &SETTINGS, &mut findings).unwrap().value("b");
}

#[test]
#[should_panic(expected = "not all of [\"a\"] are read at `x`")]
fn a_described_key_that_is_not_read_is_a_mistake() {
    const SETTINGS: [Setting; 1] = [Setting::template("a")];
    let (value, mut findings) = (json!({}), Vec::new());
    Reader::new("x", &value, &SETTINGS, &mut findings).unwrap().finish();
}

#[test]
fn every_example_is_a_document() {
    for spec in DOCUMENTS {
        let document = crate::yaml::read(spec.example).unwrap().remove(0);
        assert!(document.value.get(spec.name).is_some(), "{}", spec.name);
        Document::from_yaml(&document).unwrap();
    }
    for kind in &task::KINDS {
        let steps = crate::yaml::read(kind.spec.example).unwrap().remove(0).value;
        let first = steps.as_object().unwrap().keys().next().unwrap().clone();
        let uses = |step: &Value| step.get(kind.spec.name).is_some();
        assert!(steps.as_object().unwrap().values().any(uses), "{}", kind.spec.name);
        let workflow = json!({"workflow": 1, "start": {"next": first}, "steps": steps});
        Document::from_value(&workflow).unwrap();
    }
}
