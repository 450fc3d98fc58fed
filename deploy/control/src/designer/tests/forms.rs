//! Settings as the fields of forms, and back again.

use super::*;

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
fn a_field_of_which_nothing_is_set_is_empty() {
    for kind in &KINDS {
        let map = json!({kind.spec.name: null});
        let known = settings::Known::default();
        for field in settings::fields((kind.spec.settings, &kind.spec.text_key()), &map, &known, texts()) {
            assert_eq!(field.text, "", "{} {}", kind.spec.name, field.name);
        }
    }
}

#[test]
fn the_default_of_a_choice_stands_in_its_list_once() {
    let spec = KINDS.iter().find(|kind| kind.spec.name == "create_record").unwrap().spec;
    for (value, options) in
        [(Value::Null, ["", "update"]), (json!("update"), ["", "update"]), (json!("skip"), ["skip", "update"])]
    {
        let map = json!({"create_record": "Leads", "if_exists": value});
        let fields = settings::fields((spec.settings, "create-record"), &map, &settings::Known::default(), texts());
        let field = fields.iter().find(|field| field.name == "if_exists").unwrap();
        let unwritten = field.has_unwritten().then_some("");
        let shown: Vec<&str> = unwritten.into_iter().chain(field.options.iter().map(|one| one.key.as_str())).collect();
        assert_eq!(shown, options, "{value}");
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

#[test]
fn groups_of_a_condition_are_typed_as_rows() {
    let spec = KINDS.iter().find(|kind| kind.spec.name == "condition").unwrap().spec;
    let after = |old: &str, change: &dyn Fn(Posted) -> Posted| {
        let map = json!({"condition": old});
        let fields = settings::fields((spec.settings, "condition"), &map, &settings::Known::default(), texts());
        let form = change(posted(fields));
        settings::read::settings(&form, (spec.settings, spec.outputs), map.as_object().unwrap())["condition"].clone()
    };
    let (written, groups) = ("$a and $b or  $c", "$a and ($b or ($c and $d) or $e) and $f");
    for text in [written, groups] {
        assert_eq!(after(text, &|form| form), text, "what says the same stays as it is written");
    }
    assert_eq!(after(written, &|form| form.nth("condition.name", 0, "$x")), "($x and $b) or $c");
    assert_eq!(after(groups, &|form| form.with("condition.join.1", "all")), "$a and $b and $c and $d and $e and $f");
    // The rows of the outermost group, one row of its group, then those that are empty.
    let typed = |form: Posted| form.nth("condition.name", 3, "$x").nth("condition.name", 4, "$y");
    assert_eq!(after("$a", &typed), "$a and ($x == \"\" or $y == \"\")");
    assert_eq!(after(groups, &|form| form.nth("condition.name", 0, "")), "($b or ($c and $d) or $e) and $f");
}

#[test]
fn the_cases_of_a_switch_are_typed() {
    let spec = KINDS.iter().find(|kind| kind.spec.name == "switch").unwrap().spec;
    let old = json!({"switch": "$a", "cases": {"Rome": "s", "": "t", " Oslo": ["s", "t"]}, "else": "t"});
    let after = |change: &dyn Fn(Posted) -> Posted| {
        let fields = settings::fields((spec.settings, "switch"), &old, &settings::Known::default(), texts());
        let form = change(posted(fields));
        let read = settings::read::settings(&form, (spec.settings, spec.outputs), old.as_object().unwrap());
        Value::Object(read)["cases"].to_string()
    };
    let without = |form: Posted| Posted(form.0.into_iter().filter(|(name, _)| name != "cases.empty").collect());
    for (change, expected) in [
        (&(|form| form) as &dyn Fn(Posted) -> Posted, r#"{"Rome":"s","":"t"," Oslo":["s","t"]}"#),
        (&|form| form.nth("cases.name", 0, " Roma "), r#"{"Roma":"s","":"t"," Oslo":["s","t"]}"#),
        (&|form| form.nth("cases.name", 1, ""), r#"{"Rome":"s","":"t"}"#),
        (&|form| form.nth("cases.name", 2, "Oslo"), r#"{"Rome":"s","":"t"," Oslo":["s","t"],"Oslo":[]}"#),
        (&|form| form.nth("cases.name", 2, "Rome"), r#"{"Rome":"s","":"t"," Oslo":["s","t"]}"#),
        (&without, r#"{"Rome":"s"," Oslo":["s","t"]}"#),
    ] {
        assert_eq!(after(change), expected);
    }
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

    /// Types into one of the fields that have the same name.
    fn nth(&self, name: &str, n: usize, value: &str) -> Self {
        let mut all = self.0.clone();
        value.clone_into(&mut all.iter_mut().filter(|(known, _)| known == name).nth(n).unwrap().1);
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
            "cases" => {
                for row in &field.rows {
                    put(format!("{}.was", field.name), &row.name);
                    put(format!("{}.name", field.name), &row.name);
                }
                if field.is_checked {
                    put(format!("{}.empty", field.name), "true");
                }
            }
            "rows" | "conditions" | "rule" => {
                if field.control == "rule" {
                    put(field.name.clone(), &field.text);
                    put(format!("{}.join", field.name), if field.is_any { "any" } else { "all" });
                }
                for row in &field.rows {
                    if row.part.is("open") || row.part.is("open-new") {
                        let join = if row.is_any { "any" } else { "all" };
                        put(format!("{}.join.{}", field.name, row.group), join);
                    }
                    if !row.part.is("entry") {
                        continue;
                    }
                    put(format!("{}.group", field.name), &row.group);
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
