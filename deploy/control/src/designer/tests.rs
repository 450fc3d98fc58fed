//! What edits do to a text, in tables, and over many generated workflows and edits.

mod generated;

use postern_shared::task::KINDS;
use serde_json::{Value, json};

use super::edit::{Direction, Edit, Edited, Exit, Refused, apply, read};
use super::*;

const TEXT: &str = "\
# the web form
workflow: 7
title: New lead # shown
start:
  module: Leads
  next: usable
steps:
  usable:
    condition: $env[\"lastname\"] # must be there
    then: lead
  # the lead
  lead:
    create_record: Leads
    created: [note]
    existing:
      # once more
      - note
      - usable
  note:
    comment: Hello
# the end
";

fn from(step: &str, output: &str) -> Exit {
    Exit { step: step.to_owned(), output: output.to_owned() }
}

fn add(step: &str, output: &str, task: &str, is_beside: bool) -> Edit {
    let task = KINDS.iter().find(|kind| kind.spec.name == task).unwrap().spec;
    Edit::Add { from: from(step, output), task, title: "Новый шаг".to_owned(), is_beside }
}

/// Lines that are gone, and lines that are new.
fn difference(edit: &Edit) -> (Vec<String>, Vec<String>) {
    let edited = apply(TEXT, edit).unwrap_or_else(|refused| panic!("{edit:?}: {refused:?}")).text;
    let of = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    (of(TEXT, &edited), of(&edited, TEXT))
}

#[test]
fn an_edit_changes_the_lines_that_it_must() {
    let cases: [(Edit, &[&str], &[&str]); 12] = [
        (add("usable", "else", "stop", false), &[], &["    else: Новый_шаг", "  Новый_шаг:", "    stop: finished"]),
        (
            add("usable", "then", "comment", false),
            &["    then: lead"],
            &["    then: Новый_шаг", "  Новый_шаг:", "    comment: null", "    next: lead"],
        ),
        (
            add("lead", "created", "comment", true),
            &["    created: [note]"],
            &["    created: [note, Новый_шаг]", "  Новый_шаг:", "    comment: null"],
        ),
        (
            add("", "next", "stop", true),
            &["  next: usable"],
            &["  next: [usable, Новый_шаг]", "  Новый_шаг:", "    stop: finished"],
        ),
        (Edit::Connect(from("note", "next"), "usable".into()), &[], &["    next: usable"]),
        (Edit::Connect(from("lead", "existing"), "lead".into()), &[], &["      - lead"]),
        (Edit::Disconnect(from("lead", "existing"), "usable".into()), &["      - usable"], &[]),
        (Edit::Disconnect(from("usable", "then"), "lead".into()), &["    then: lead"], &[]),
        (Edit::Remove("note".into()), &["    created: [note]", "      - note", "  note:", "    comment: Hello"], &[]),
        (
            Edit::Rename("usable".into(), "Можно ли?".into()),
            &["  next: usable", "  usable:", "      - usable"],
            &["  next: Можно_ли", "  Можно_ли:", "      - Можно_ли"],
        ),
        (Edit::Duplicate("note".into()), &[], &["  note_2:"]),
        (
            Edit::SetStep("note".into(), json!({"comment": "Bye", "record": "1"}).as_object().unwrap().clone()),
            &["    comment: Hello"],
            &["    comment: Bye", "    record: '1'"],
        ),
    ];
    for (edit, gone, new) in cases {
        let (was, is) = difference(&edit);
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((was, is), (texts(gone), texts(new)), "{edit:?}");
    }
}

#[test]
fn a_step_moves_with_its_comment() {
    let Edited { text, step } = apply(TEXT, &Edit::Move("lead".into(), Direction::Down)).unwrap();
    assert_eq!(step, "lead");
    assert!(text.contains("    comment: Hello\n  # the lead\n  lead:\n"), "{text}");
    assert_eq!(apply(&text, &Edit::Move("lead".into(), Direction::Up)).unwrap().text, TEXT);
    assert_eq!(apply(TEXT, &Edit::Move("note".into(), Direction::Down)).unwrap().text, TEXT);
}

#[test]
fn an_edit_that_would_lose_something_is_refused() {
    let flow = "workflow: 1\nstart: {next: a}\nsteps: {a: {stop: finished}, # why\n  b: {stop: failed}}\n";
    for (text, edit, refused) in [
        (flow, Edit::Remove("b".into()), Refused::Lines),
        (flow, Edit::Rename("a".into(), "c".into()), Refused::Lines),
        (TEXT, Edit::Remove("nobody".into()), Refused::Missing),
        (TEXT, Edit::Connect(from("note", "next"), "nobody".into()), Refused::Missing),
        (TEXT, add("nobody", "next", "stop", false), Refused::Missing),
        ("a: [", Edit::Remove("a".into()), Refused::Unreadable),
        ("- a\n", Edit::Remove("a".into()), Refused::Unreadable),
    ] {
        assert_eq!(apply(text, &edit), Err(refused), "{edit:?}");
    }
}

#[test]
fn a_workflow_is_drawn_from_nothing() {
    let mut text = new_text(5, "New workflow");
    assert_eq!(read(&text).unwrap()["workflow"], 5);
    for (step, output, task) in [("", "next", "find_record"), ("Новый_шаг", "found", "stop")] {
        text = apply(&text, &add(step, output, task, false)).unwrap().text;
    }
    let sketch = Sketch::of(&read(&text).unwrap());
    assert_eq!(sketch.next, [0]);
    assert_eq!(sketch.steps[0].outputs, [("found".to_owned(), vec![1]), ("not_found".to_owned(), vec![])]);
    assert_eq!(sketch.steps[1].name, "Новый_шаг_2");
}

#[test]
fn what_was_not_touched_in_a_form_stays_as_it_is_written() {
    let map = json!({"http_request": "https://example.org", "method": "POST", "timeout": "5s", "retries": 3,
        "json": {"a": 1, "b": ["x"], "c": "1"}, "headers": {"X": "1"}, "next": "a"});
    let spec = KINDS.iter().find(|kind| kind.spec.name == "http_request").unwrap().spec;
    let form = posted(settings::fields((spec.settings, "http-request"), &map, &settings::Known::default(), texts()));
    let read = |form: &Posted| settings::read::settings(form, (spec.settings, spec.outputs), map.as_object().unwrap());
    assert_eq!(Value::Object(read(&form)).to_string(), map.to_string());
    // A field that is emptied goes, a new one stands in its place, and a number is one.
    let changed = form.with("timeout", "").with("retries", "7").with("expect", "200, 2xx").with("at_most_once", "true");
    let changed = Value::Object(read(&changed));
    assert_eq!(changed["timeout"], Value::Null);
    assert_eq!((&changed["retries"], &changed["expect"]), (&json!(7), &json!([200, "2xx"])));
    assert_eq!(changed["at_most_once"], true);
    let keys: Vec<&str> = changed.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["http_request", "method", "expect", "retries", "json", "headers", "at_most_once", "next"]);
}

#[test]
fn conditions_and_inner_maps_are_rows_and_fields() {
    for (task, map, field, value, expected) in [
        (
            "find_record",
            json!({"find_record": "Leads", "where": {"a": "1", "n": {"above": 5, "below": 9}}}),
            "sort",
            "-n",
            json!({"find_record": "Leads", "where": {"a": "1", "n": {"above": 5, "below": 9}}, "sort": "-n"}),
        ),
        ("delay", json!({"delay": null}), "delay", "1d", json!({"delay": "1d"})),
        ("delay", json!({"delay": {"for": "1d"}}), "delay.for", "", json!({"delay": null})),
        ("set_env", json!({"set_env": {"a": true}}), "set_env.name", "b", json!({"set_env": {"b": true}})),
    ] {
        let spec = KINDS.iter().find(|kind| kind.spec.name == task).unwrap().spec;
        let fields = settings::fields((spec.settings, &spec.text_key()), &map, &settings::Known::default(), texts());
        let form = posted(fields).with(field, value);
        let read = settings::read::settings(&form, (spec.settings, spec.outputs), map.as_object().unwrap());
        assert_eq!(Value::Object(read).to_string(), expected.to_string(), "{task}");
    }
}

#[test]
fn a_condition_is_typed_in_rows_or_as_an_expression() {
    let spec = KINDS.iter().find(|kind| kind.spec.name == "condition").unwrap().spec;
    let after = |old: Value, change: &dyn Fn(Posted) -> Posted| {
        let map = json!({"condition": old});
        let fields = settings::fields((spec.settings, "condition"), &map, &settings::Known::default(), texts());
        let form = change(posted(fields));
        settings::read::settings(&form, (spec.settings, spec.outputs), map.as_object().unwrap())["condition"].clone()
    };
    let (row, sum) = (json!("$env[\"a\"] is email"), json!("$a + 1 > 2"));
    assert_eq!(after(row.clone(), &|form| form), row);
    assert_eq!(after(sum.clone(), &|form| form), sum);
    let other = |form: Posted| {
        form.with("condition.name", "b").with("condition.operator", "equals").with("condition.value", "x")
    };
    assert_eq!(after(row.clone(), &other), "$env[\"b\"] == \"x\"");
    assert_eq!(after(Value::Null, &other), "$env[\"b\"] == \"x\"");
    assert_eq!(after(row, &|form| form.with("condition", "$a + 1 > 2")), sum);
    assert_eq!(after(Value::Null, &|form| form), Value::Null);
}

fn texts() -> &'static str {
    postern_shared::spec::texts::EN
}

/// A form as a browser sends it.
struct Posted(Vec<(String, String)>);

impl Posted {
    fn with(&self, name: &str, value: &str) -> Self {
        let mut all = self.0.clone();
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => all.push((name.to_owned(), value.to_owned())),
        }
        Self(all)
    }
}

impl settings::read::Form for Posted {
    fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn many(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

fn posted(fields: Vec<settings::Field>) -> Posted {
    let mut all = Vec::new();
    for field in fields {
        all.push((settings::read::SHOWN.to_owned(), field.name.clone()));
        let mut put = |name: String, value: &str| all.push((name, value.to_owned()));
        match field.control {
            "check" if field.is_checked => put(field.name, "true"),
            "check" => {}
            "boxes" => {
                field.options.iter().filter(|one| one.is_chosen).for_each(|one| put(field.name.clone(), &one.key))
            }
            "rows" | "conditions" | "rule" => {
                if field.control == "rule" {
                    put(field.name.clone(), &field.text);
                    put(format!("{}.join", field.name), if field.is_any { "any" } else { "all" });
                }
                for row in &field.rows {
                    put(format!("{}.name", field.name), &row.name);
                    put(format!("{}.operator", field.name), &row.operator);
                    put(format!("{}.value", field.name), &row.value.replace('\n', "\r\n"));
                }
            }
            _ => put(field.name, &field.text.replace('\n', "\r\n")),
        }
    }
    Posted(all)
}
