//! What edits do to a text, in tables, and over many generated workflows and edits.

mod forms;
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
    let cases: [(Edit, &[&str], &[&str]); 13] = [
        // It works on the module of the start.
        (
            add("usable", "else", "find_record", false),
            &[],
            &["    else: Новый_шаг", "  Новый_шаг:", "    find_record: Leads"],
        ),
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
fn the_steps_before_and_behind_a_removed_step_are_joined() {
    for (steps, removed, expected) in [
        (
            "a: {comment: x, next: b}, b: {comment: x, next: c}, c: {stop: finished}",
            "b",
            json!({"a": {"next": "c"}, "c": {}}),
        ),
        // The first output that leads to another step goes on; its other ways end.
        (
            "a: {comment: x, next: b}, b: {condition: x, then: b, else: [c, d]}, c: {stop: finished}, d: {stop: failed}",
            "b",
            json!({"a": {"next": ["c", "d"]}, "c": {}, "d": {}}),
        ),
        // Nobody is led to the same step twice.
        (
            "a: {comment: x, next: [b, c]}, b: {comment: x, next: c}, c: {comment: x, next: b}",
            "b",
            json!({"a": {"next": ["c"]}, "c": {"next": "c"}}),
        ),
        ("a: {comment: x, next: b}, b: {comment: x, next: b}", "b", json!({"a": {}})),
    ] {
        let text = format!("workflow: 1\nstart: {{next: a}}\nsteps: {{{steps}}}\n");
        let mut document = read(&apply(&text, &Edit::Remove(removed.to_owned())).unwrap().text).unwrap();
        for step in document["steps"].as_object_mut().unwrap().values_mut() {
            step.as_object_mut().unwrap().retain(|key, _| ["next", "then", "else"].contains(&key.as_str()));
        }
        assert_eq!(document["steps"], expected, "{steps}");
    }
    let first = "workflow: 1\nstart: {next: a}\nsteps: {a: {comment: x, next: b}, b: {stop: finished}}\n";
    assert_eq!(read(&apply(first, &Edit::Remove("a".into())).unwrap().text).unwrap()["start"]["next"], "b");
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
