//! The rules of documents and values, as tables.

use jiff::tz::TimeZone;
use serde_json::json;

use super::*;

fn module(document: &Value) -> Module {
    Module::from_document(document).unwrap_or_else(|findings| panic!("{findings:?}"))
}

#[test]
fn a_value_becomes_that_of_its_fields_type_or_is_refused() {
    let options = json!({"type": "choice", "options": ["Web", "Fair"]});
    let list = json!({"type": "list", "options": ["a", "b"]});
    let reference = json!({"type": "reference", "module": "Contacts"});
    for (field, value, expected) in [
        (json!("text"), json!(5), Some(json!("5"))),
        (json!("text"), json!(["a", "b"]), Some(json!("a, b"))),
        (json!("text"), json!({"a": 1}), None),
        (json!("text"), json!("  "), Some(json!(null))),
        (json!("integer"), json!(" +007 "), Some(json!(7))),
        (json!("integer"), json!("-0"), Some(json!(-0))),
        (json!("integer"), json!("7.0"), None),
        (json!("integer"), json!("seven"), None),
        (json!("number"), json!("7.50"), Some(serde_json::from_str("7.50").unwrap())),
        (json!("number"), json!(".5"), Some(json!(0.5))),
        (json!("number"), json!("-00.5"), Some(json!(-0.5))),
        (json!("number"), json!("1e3"), Some(serde_json::from_str("1e3").unwrap())),
        (json!("number"), json!("1e999"), None),
        (json!("number"), json!("7,5"), Some(json!(7.5))),
        (json!("number"), json!("e5"), None),
        (json!("number"), json!("--5"), None),
        (json!("boolean"), json!("on"), Some(json!(true))),
        (json!("boolean"), json!(false), Some(json!(false))),
        (json!("boolean"), json!("maybe"), None),
        (json!("date"), json!("31.12.2026"), Some(json!("2026-12-31"))),
        (json!("date"), json!("2026-12-31"), Some(json!("2026-12-31"))),
        (json!("date"), json!("2026-02-30"), None),
        (json!("date"), json!("31.12.26"), None),
        (json!("date"), json!("31.12.-026"), None),
        (json!("datetime"), json!("2026-12-31T18:00:00+01:00"), Some(json!("2026-12-31T17:00:00.000Z"))),
        (json!("datetime"), json!("2026-12-31 18:00"), Some(json!("2026-12-31T18:00:00.000Z"))),
        (json!("datetime"), json!("2026-12-31"), Some(json!("2026-12-31T00:00:00.000Z"))),
        (json!("datetime"), json!("tomorrow"), None),
        (json!("email"), json!(" Ada@example.org "), Some(json!("Ada@example.org"))),
        (json!("email"), json!("ada@"), None),
        (json!("phone"), json!("+49 (30) 12-34"), Some(json!("+49 (30) 12-34"))),
        (json!("phone"), json!("call me"), None),
        (json!("url"), json!("https://example.org/?a=b"), Some(json!("https://example.org/?a=b"))),
        (json!("url"), json!("javascript:alert(1)"), None),
        (json!("url"), json!("https:///x"), None),
        (options.clone(), json!("Fair"), Some(json!("Fair"))),
        (options, json!("fair"), None),
        (list.clone(), json!("a"), Some(json!(["a"]))),
        (list.clone(), json!([]), Some(json!(null))),
        (list, json!(["a", "c"]), None),
        (json!("list"), json!([1, "x"]), Some(json!([1, "x"]))),
        (reference.clone(), json!("852"), Some(json!(852))),
        (reference.clone(), json!("crm/Contacts/12x852"), Some(json!("crm/Contacts/852"))),
        (reference.clone(), json!("crm/Leads/852"), None),
        (reference.clone(), json!("12x852"), None),
        (reference, json!("0"), None),
    ] {
        let module = module(&json!({"module": "M", "fields": {"f": field}}));
        assert_eq!(module.fields[0].convert(&value, &TimeZone::UTC), expected, "{field} {value}");
    }
}

#[test]
fn a_new_record_has_its_defaults_and_all_that_is_required() {
    let document = json!({"module": "Leads", "strict": true, "fields": {
        "lastname": {"type": "text", "required": true},
        "source": {"type": "choice", "options": ["Web", "Fair"], "default": "Web"},
        "amount": {"type": "number", "on_error": "fail"},
    }});
    let module = module(&document);
    let values = |json: Value| json.as_object().unwrap().clone().into_iter().collect::<Vec<_>>();
    let new = |json: Value| {
        let new = module.new_values(values(json), &TimeZone::UTC).map_err(|message| message.to_string());
        new.map(|typed| json!(typed.values.into_iter().collect::<serde_json::Map<_, _>>()))
    };
    assert_eq!(new(json!({"lastname": "Ada"})), Ok(json!({"lastname": "Ada", "source": "Web"})));
    assert_eq!(new(json!({"lastname": "Ada", "source": "Fair"})), Ok(json!({"lastname": "Ada", "source": "Fair"})));
    for (json, error) in [
        (json!({"lastname": " "}), "field lastname of Leads is required and has no value"),
        (json!({"lastname": "x", "amount": "secret"}), "field amount of Leads must be a number"),
        (json!({"lastname": "x", "city": "y"}), "field city of Leads is not declared, and the module is strict"),
    ] {
        assert_eq!(new(json), Err(error.to_owned()));
    }
    let changed = |json| module.changed_values(values(json), &TimeZone::UTC).map_err(|message| message.to_string());
    assert_eq!(changed(json!({"amount": "5", "source": ""})).unwrap().values.len(), 2);
    assert_eq!(
        changed(json!({"lastname": null})),
        Err("field lastname of Leads is required and would be cleared".into())
    );
}

#[test]
fn what_is_wrong_in_a_document_is_told_at_its_place() {
    for (fields, finding) in [
        (
            json!({"a": "txt"}),
            "fields.a: there is no type \"txt\"; the types are text, integer, number, boolean, date, \
            datetime, email, phone, url, choice, list, reference: did you mean `text`?",
        ),
        (json!({"a": "choice"}), "fields.a: needs its options: {type: choice, options: [one, other]}"),
        (json!({"a": "reference"}), "fields.a: needs the module of its records: {type: reference, module: Contacts}"),
        (json!({"a": {}}), "fields.a.type: is missing"),
        (json!({"a": {"type": "choice"}}), "fields.a.options: is missing: a choice lists what there is to choose"),
        (
            json!({"a": {"type": "reference"}}),
            "fields.a.module: is missing: a reference names the module of its records",
        ),
        (json!({"a": {"type": "text", "options": ["x"]}}), "fields.a.options: a field of type text has no options"),
        (json!({"a": {"type": "text", "module": "X"}}), "fields.a.module: a field of type text has no module"),
        (json!({"a": {"type": "integer", "default": "x"}}), "fields.a.default: must be a whole number (integer)"),
        (json!({"a": {"type": "boolean", "unique": true}}), "fields.a.unique: a field of this type cannot be unique"),
        (
            json!({"a": {"type": "text", "unique": true}, "b": {"type": "email", "unique": true}}),
            "fields.b.unique: a module has one unique field, and `a` is it already",
        ),
        (
            json!({"a": {"type": "text", "unique": true, "default": "x"}}),
            "fields.a.default: a unique field has no default: the second record could not have it",
        ),
        (
            json!({"a": {"type": "text", "required": true, "on_error": "drop"}}),
            "fields.a.on_error: a required field cannot drop its value: a record without it is refused",
        ),
        (json!({"": "text"}), "fields: a name is empty"),
    ] {
        let findings = Module::from_document(&json!({"module": "M", "fields": fields})).unwrap_err();
        assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [finding]);
    }
}

#[test]
fn a_unique_address_is_the_same_in_upper_and_lower_case() {
    let module = module(&json!({"module": "M", "fields": {"mail": {"type": "email", "unique": true}}}));
    let field = module.unique().unwrap();
    assert_eq!(field.key_text(&json!(" Ada@Example.org")), "ada@example.org");
}

#[test]
fn a_value_that_is_none_of_its_type_is_dropped_or_fails_the_step() {
    let module = module(&json!({"module": "Leads", "fields": {
        "lastname": {"type": "text", "required": true},
        "phone": "phone",
        "budget": {"type": "number", "default": 5},
        "born": {"type": "date", "on_error": "fail"},
        "number": {"type": "integer", "required": true, "default": 1},
        "email": {"type": "email", "unique": true},
    }}));
    let new = |json: Value| {
        let values = json.as_object().unwrap().clone().into_iter().collect();
        let new = module.new_values(values, &TimeZone::UTC).map_err(|message| message.to_string())?;
        let dropped: Vec<String> = new.dropped.iter().map(ToString::to_string).collect();
        Ok::<_, String>((json!(new.values.into_iter().collect::<serde_json::Map<_, _>>()), dropped.join("; ")))
    };
    for (json, values, dropped) in [
        (json!({"phone": "call me"}), json!({}), "field phone of Leads was left out: its value must be a phone number"),
        (
            json!({"phone": "112", "budget": "much"}),
            json!({"phone": "112"}),
            "field budget of Leads was left out: its value must be a number",
        ),
        (json!({"budget": "1 000,50 ₽"}), json!({"budget": 1000.5}), ""),
    ] {
        let mut all = json!({"lastname": "Ada", "budget": 5, "number": 1});
        all.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        let mut posted = json;
        posted["lastname"] = json!("Ada");
        let (values, said) = new(posted).unwrap();
        assert_eq!(
            (values.to_string().contains("1000.50") || values == all, said.as_str()),
            (true, dropped),
            "{values}"
        );
    }
    for (json, error) in [
        (json!({"lastname": "Ada", "born": "yesterday"}), "field born of Leads must be a date such as 2026-12-31"),
        (json!({"lastname": "Ada", "number": "x"}), "field number of Leads must be a whole number (integer)"),
        (json!({"lastname": "Ada", "email": "ada"}), "field email of Leads must be an e-mail address"),
    ] {
        assert_eq!(new(json), Err(error.to_owned()));
    }
    let changed = vec![("phone".to_owned(), json!("none")), ("budget".to_owned(), json!("7"))];
    let changed = module.changed_values(changed, &TimeZone::UTC).unwrap();
    assert_eq!((changed.values, changed.dropped.len()), (vec![("budget".to_owned(), json!(7))], 1));
}

/// The table of README.md, by the clock of Moscow: what is written there holds.
#[test]
fn fields_and_tests_accept_what_the_table_says() {
    let readme = include_str!("../../README.md");
    let (_, table) = readme.split_once("### What a field accepts").unwrap();
    let rows =
        table.lines().skip_while(|line| !line.starts_with("|---")).skip(1).take_while(|line| line.starts_with('|'));
    let (zone, mut count) = (TimeZone::get("Europe/Moscow").unwrap(), 0);
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [kind, texts, kept] = cells.as_slice() else { panic!("{row}") };
        let module = module(&json!({"module": "M", "fields": {"f": kind}}));
        for text in texts.split("`, `").map(|text| text.replace('␣', "\u{a0}")) {
            let value = module.fields[0].convert(&json!(text), &zone);
            let written = value.as_ref().map_or("nothing".to_owned(), crate::expression::render);
            assert_eq!(written, *kept, "{kind}: {text}");
            let source = format!("$env[\"f\"] is {}", if *kind == "datetime" { "date" } else { kind });
            if ["number", "date", "datetime", "phone", "url", "email"].contains(kind) {
                let scope = crate::expression::Scope {
                    env: std::sync::Arc::new([("f".to_owned(), json!(text))].into_iter().collect()),
                    query: Default::default(),
                    request: Default::default(),
                    var: Default::default(),
                    record: None,
                    related: Default::default(),
                    local: Default::default(),
                    notes: crate::comparison::Notes::default(),
                };
                let test = crate::expression::Expression::parse(&source).unwrap().is_true(&scope);
                assert_eq!(test, Ok(value.is_some()), "{source}: {text}");
            }
            count += 1;
        }
    }
    assert!(count > 60, "only {count} texts");
}
