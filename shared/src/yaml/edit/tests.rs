use serde_json::json;

use super::*;

const TEXT: &str = "\
# The form of the web site.
workflow: 77

title: New lead  # shown in the list
steps:
  # first of all
  usable:
    condition: $env[\"lastname\"]
    then: lead
  # then the lead
  lead:
    create_record: Leads  # not Contacts
    fields: {lastname: a}
    text: |
      # no comment
      x
  # at the end
  end:
    stop: finished
# the last line
";

fn after(change: impl FnOnce(&mut Value)) -> String {
    let mut value = read(TEXT).unwrap().remove(0).value;
    change(&mut value);
    let edited = edit(TEXT, &value);
    assert!(says(&edited, &value), "{edited}");
    edited
}

/// Lines that are gone, and lines that are new.
fn difference(change: impl FnOnce(&mut Value)) -> (Vec<String>, Vec<String>) {
    let edited = after(change);
    let of = |one: &str, other: &str| -> Vec<String> {
        one.lines().filter(|line| !other.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    (of(TEXT, &edited), of(&edited, TEXT))
}

#[test]
fn an_edit_changes_the_lines_that_it_must() {
    type Change = fn(&mut Value);
    let cases: [(Change, &[&str], &[&str]); 9] = [
        (|_| {}, &[], &[]),
        (
            |value| value["title"] = json!("Lead"),
            &["title: New lead  # shown in the list"],
            &["title: Lead  # shown in the list"],
        ),
        (|value| value["steps"]["usable"]["then"] = json!("end"), &["    then: lead"], &["    then: end"]),
        (|value| value["steps"]["usable"]["else"] = json!("end"), &[], &["    else: end"]),
        (
            |value| value["steps"]["lead"]["create_record"] = json!("People"),
            &["    create_record: Leads  # not Contacts"],
            &["    create_record: People  # not Contacts"],
        ),
        (
            |value| value["steps"]["lead"]["fields"]["lastname"] = json!("b"),
            &["    fields: {lastname: a}"],
            &["    fields:", "      lastname: b"],
        ),
        (
            |value| drop(value["steps"].as_object_mut().unwrap().shift_remove("end")),
            &["  # at the end", "  end:", "    stop: finished"],
            &[],
        ),
        (|value| value["active"] = json!(true), &[], &["active: true"]),
        (
            |value| value["steps"]["lead"]["text"] = json!("short"),
            &["    text: |", "      # no comment", "      x"],
            &["    text: short"],
        ),
    ];
    for (change, gone, new) in cases {
        let (was, is) = difference(change);
        assert_eq!(
            (was, is),
            (gone.iter().map(ToString::to_string).collect(), new.iter().map(ToString::to_string).collect())
        );
    }
}

#[test]
fn a_text_that_cannot_be_edited_line_by_line_is_written_anew() {
    for text in ["{trigger: a, title: b}", "trigger: a\n---\ntrigger: b\n", "[1]", "", "trigger: [", "? trigger\n: a\n"]
    {
        let value = json!({"trigger": "a", "title": "c"});
        assert_eq!(edit(text, &value), write(&value), "{text}");
    }
    let moved = json!({"title": "b", "trigger": "a"});
    assert_eq!(edit("# x\ntrigger: a\ntitle: b\n", &moved), write(&moved));
}

#[test]
fn a_new_entry_stands_behind_the_one_before_it() {
    let value = json!({"trigger": "a", "via": "x", "title": "b"});
    assert_eq!(edit("trigger: a\n# t\ntitle: b # x\n", &value), "trigger: a\nvia: x\n# t\ntitle: b # x\n");
}

#[test]
fn an_item_of_a_list_is_changed_alone() {
    let text = "a:\n  # first\n  - x # one\n  # second\n  - y\nb:\n- p\n- q: 1\n  r: 2 # two\n";
    let value = |a: Value, b: Value| json!({"a": a, "b": b});
    let (a, b) = (json!(["x", "y"]), json!(["p", {"q": 1, "r": 2}]));
    for (new, expected) in [
        (value(json!(["z", "y"]), b.clone()), text.replace("- x #", "- z #")),
        (value(json!(["x", "y", "z"]), b.clone()), text.replace("  - y\n", "  - y\n  - z\n")),
        (value(json!(["x"]), b.clone()), text.replace("  # second\n  - y\n", "")),
        (value(json!(["w", "x", "y"]), b), text.replace("- x #", "- w\n  - x #")),
        (value(a.clone(), json!([{"q": 1, "r": 2}])), text.replace("- p\n", "")),
    ] {
        assert_eq!(edit_lines(text, &new).as_deref(), Some(expected.as_str()), "{new}");
    }
    // The comment beside `r` would be lost.
    assert_eq!(edit_lines(text, &value(a, json!(["p", {"q": 1, "r": 3}]))), None);
}

#[test]
fn a_comment_stays_where_a_line_becomes_several() {
    let value = json!({"a": {"x": 1}, "b": "1\n2\n"});
    let expected = "# why\na:\n  x: 1\n# text\nb: |\n  1\n  2\n";
    assert_eq!(edit_lines("a: 5 # why\nb: |  # text\n  old\n  text\n", &value).as_deref(), Some(expected));
}

#[test]
fn no_edit_of_lines_writes_a_text_anew() {
    for (text, value) in [
        ("{a: 1}", json!({"a": 2})),
        ("a: 1\nb: 2\n", json!({"b": 2, "a": 1})),
        ("a: {x: 1, # one\n  y: 2}\n", json!({"a": {"x": 2, "y": 2}})),
    ] {
        assert_eq!(edit_lines(text, &value), None, "{text}");
    }
}

#[test]
fn a_key_is_renamed_in_its_line() {
    for (text, path, expected) in [
        ("a: # x\n  b: 1 # b\n", &["a", "b"][..], Some("a: # x\n  'no': 1 # b\n")),
        ("'a' : 1\n", &["a"], Some("'no' : 1\n")),
        ("\"a\": 1\n", &["a"], Some("'no': 1\n")),
        ("a: {b: 1}\n", &["a", "b"], None),
        ("a: 1\n", &["c"], None),
    ] {
        assert_eq!(rename(text, path, "no").as_deref(), expected, "{text}");
    }
}

#[test]
fn entries_move_with_their_comments() {
    let text = "s:\n  a: 1\n  # b\n  b:\n    x: 1\n  c: 3 # c\n# end\n";
    let expected = "s:\n  c: 3 # c\n  a: 1\n  # b\n  b:\n    x: 1\n# end\n";
    assert_eq!(reorder(text, &["s"], &["c", "a", "b"]).as_deref(), Some(expected));
    assert_eq!(reorder(text, &["s"], &["c", "a"]), None);
    assert_eq!(reorder("s: {a: 1, b: 2}\n", &["s"], &["b", "a"]), None);
}
