//! The line of a finding, where a value has many lines.

use crate::workflow::Workflow;
use crate::yaml;

/// The settings of a step from line 5 on, and the lines and the places of all that is wrong.
const STEPS: &[(&str, &[(usize, &str)])] = &[
    (
        "http_request: https://a.example/\njson:\n  lead:\n    name: $env[\"name\"]\n    tags:\n      - $env[\"a\"]\n      - '{{ $b|uper }}'\n  c: '{{ 1 + }}'",
        &[(11, "json.lead.tags.1"), (12, "json.c")],
    ),
    ("respond: 200\njson:\n  - 1\n  - a: 5\n    b: $evn[\"x\"]", &[(9, "json.1.b")]),
    ("respond: 200\njson: {a: 1,\n  b: [2,\n  '{{ x }}']}", &[(8, "json.b.1")]),
    (
        "http_request: https://a.example/\nheaders:\n  X-A: a\n  X-B.C: '{{ $a|uper }}'\nform:\n  a: 1\n  b:\n    - 1\n    - $evn[\"x\"]",
        &[(13, "form.b.1"), (8, "headers.X-B.C")],
    ),
    ("http_request: https://a.example/\nquery:\n  a: 1\n  b: [1,\n    '{{ $a| }}']", &[(9, "query.b.1")]),
    ("http_request: https://a.example/\nheaders:\n  X-A: a\n  'X B': b", &[(8, "headers.X B")]),
    ("set_env:\n  a:\n    b:\n      c: $secret[\"k\"]", &[(8, "set_env.a.b.c")]),
    ("set_env:\n  a: $env[\"x\"]\n  b: |\n    one\n    {% if $a %}", &[(7, "set_env.b")]),
    ("create_record: Leads\nfields:\n  a: 1\n  b:\n    - x\n    - {y: '{{ $a|lowr }}'}", &[(10, "fields.b.1.y")]),
    ("run_workflow: 2\nfor_each:\n  - 1\n  - '{{ $a|lowr }}'", &[(8, "for_each.1")]),
];

#[test]
fn a_finding_names_the_line_of_the_text_that_is_wrong() {
    for (lines, expected) in STEPS {
        let text = format!("workflow: 1\nstart: {{next: s}}\nsteps:\n  s:\n    {}\n", lines.replace('\n', "\n    "));
        let document = yaml::read(&text).unwrap().remove(0);
        let findings = Workflow::from_document(&document.value).unwrap_err();
        let located = findings.into_iter().map(|finding| document.locate(finding));
        let found: Vec<(usize, String)> =
            located.map(|one| (one.line, one.finding.path.trim_start_matches("steps.s.").to_owned())).collect();
        let expected: Vec<(usize, String)> = expected.iter().map(|(line, path)| (*line, (*path).to_owned())).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn of_many_wrong_texts_in_a_value_some_are_found() {
    let items = "      - '{{ $a|lowr }}'\n".repeat(5_000);
    let text = format!("workflow: 1\nstart: {{next: s}}\nsteps:\n  s:\n    set_env:\n     a:\n{items}");
    let document = yaml::read(&text).unwrap().remove(0);
    assert_eq!(Workflow::from_document(&document.value).unwrap_err().len(), 50);
}
