use std::collections::{BTreeMap, BTreeSet};

use super::coded::{placeholder, tables};
use super::*;
use crate::id::RecordId;
use crate::suggestion::did_you_mean;

/// The texts of a language by their codes; no code has two.
fn texts(language: Language) -> BTreeMap<&'static str, &'static str> {
    let mut texts = BTreeMap::new();
    for line in
        tables(language).into_iter().flat_map(str::lines).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (code, text) = line.split_once(" = ").unwrap_or_else(|| panic!("no text: {line}"));
        assert!(texts.insert(code, text).is_none(), "{code} has two texts");
    }
    texts
}

fn arguments(mut text: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    while let Some((_, name, behind)) = placeholder(text) {
        names.insert(name);
        text = behind;
    }
    names
}

#[test]
fn every_code_has_a_text_with_all_its_arguments_in_each_language() {
    for language in Language::ALL {
        let texts = texts(language);
        for (code, expected) in codes() {
            let text = texts.get(code).unwrap_or_else(|| panic!("{code} has no text in {language:?}"));
            assert!(!text.contains("{\""), "the reader of these tables knows no quoted braces: {code}");
            assert_eq!(arguments(text), expected.iter().copied().collect(), "{code} in {language:?}");
        }
        assert_eq!(texts.len(), codes().count(), "texts without a code in {language:?}: {:?}", texts.keys());
    }
}

/// The letters of a text outside of its arguments.
fn words(mut text: &str) -> String {
    let mut words = String::new();
    while let Some((before, _, behind)) = placeholder(text) {
        words += before;
        text = behind;
    }
    (words + text).chars().filter(|c| c.is_alphabetic()).collect()
}

#[test]
fn no_text_is_the_same_in_both_languages() {
    let russian = texts(Language::Russian);
    for (code, text) in texts(Language::English) {
        assert!(words(text).is_empty() || text != russian[code], "{code}: {text}");
    }
}

fn record(id: i64) -> RecordId {
    id.try_into().unwrap()
}

#[test]
fn a_message_is_a_code_with_arguments_and_a_text_in_each_language() {
    let step = "lead".parse().unwrap();
    let list = Message::ListTooLong { field: "for_each".into(), items: 20_000, most: 10_000 };
    for (message, stored, english, russian) in [
        (
            Message::RecordMissing { record: record(9) },
            r#"{"code":"record-missing","record":9}"#,
            "record 9 does not exist",
            "записи 9 не существует",
        ),
        (
            list,
            r#"{"code":"list-too-long","field":"for_each","items":20000,"most":10000}"#,
            "for_each: the list has 20000 items, more than 10000",
            "for_each: в списке элементов: 20000, больше 10000",
        ),
        (
            Message::TargetAnswered { status: 503 }.at_step(&step),
            r#"{"code":"at-step","step":"lead","message":{"code":"target-answered","status":503}}"#,
            "step lead: the target answered 503",
            "шаг lead: внешняя система ответила 503",
        ),
        (
            Message::in_field("fields.n", Message::foreign(&"cannot convert { $field } to int")),
            r#"{"code":"in-field","field":"fields.n","message":{"code":"foreign","reason":"cannot convert { $field } to int"}}"#,
            "fields.n: cannot convert { $field } to int",
            "fields.n: cannot convert { $field } to int",
        ),
        (
            Message::from(DocumentFault::MustBeWithin { min: -1, max: 5 }).meant(did_you_mean("lin", ["line", "link"])),
            r#"{"code":"did-you-mean","message":{"code":"must-be-within","min":-1,"max":5},"meant":["`line`","`link`"]}"#,
            "must be -1 to 5: did you mean `line` or `link`?",
            "нужно число от -1 до 5 — возможно, имелось в виду `line` или `link`?",
        ),
    ] {
        assert_eq!(message.stored(), stored);
        assert_eq!(Message::of_stored(stored), message);
        assert_eq!(
            (message.text(Language::English), message.text(Language::Russian)),
            (english.into(), russian.into())
        );
    }
}

#[test]
fn a_stored_text_without_a_code_stands_for_itself() {
    for text in ["it is lost", "", "{", r#"{"code":"of-another-version"}"#, r#""quoted""#, "7"] {
        assert_eq!(Message::of_stored(text), Message::said(text));
        assert_eq!(Message::of_stored(&Message::said(text).stored()), Message::said(text));
    }
}

#[test]
fn own_words_are_told_and_what_may_be_posted_is_not() {
    let step = "x".parse().unwrap();
    let again = |message| Message::AgainLater { message: Box::new(message), seconds: 4 };
    let of_step = |message: Message| message.at_step(&step);
    let foreign = || Message::foreign(&"secret");
    let module = |name: &str| name.parse().unwrap();
    let wrong = Message::WrongModule { record: record(9), module: module("Leads"), wanted: module("Contacts") };
    let refused = Message::StoreRefuses { reason: "secret (23514)".into() };
    for (message, expected) in [
        (again(Message::TargetAnswered { status: 503 }), Some("the target answered 503; again in 4 s")),
        (of_step(Message::RecordMissing { record: record(9) }), Some("step x: record … does not exist")),
        (wrong, Some("record … belongs to Leads, the workflow runs on Contacts")),
        (of_step(Message::in_field("fields.n", foreign())), Some("step x: fields.n: …")),
        (Message::ConditionFailed { message: Box::new(foreign()) }, Some("its condition could not be evaluated: …")),
        (refused.after_tries(6), Some("postgresql refuses it: … after 6 tries")),
        (Message::Discarded { text: "secret".into() }, Some("a person discarded it: …")),
        (of_step(Message::WorkerBrokeOff), Some("step x: the worker broke off while it was at it")),
        (
            Message::BodyFile { part: "\"photo\"".into() },
            Some("part \"photo\" is a file, and files are not accepted here"),
        ),
        (
            Message::BodyUndecodable { field: "\"ada@example.org\"".into(), charset: "UTF-8".into() },
            Some("field … is not text in UTF-8"),
        ),
        (
            Message::NameTooLong { most: 256, begins: format!("{:?}", "x".repeat(40)) },
            Some("a field name is longer than 256 bytes: it begins with …"),
        ),
        (Message::Until { until: "2026-11-24T13:30:00Z".into() }, None),
        (Message::said("found secret"), None),
        (foreign(), None),
    ] {
        assert_eq!(message.told().map(|told| told.text(Language::English)).as_deref(), expected, "{message}");
    }
}
