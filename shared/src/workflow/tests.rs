//! What the validator says of a workflow, finding by finding.

mod flow;
mod misspelt;
mod places;

use crate::id::StepName;
use crate::task::Task;
use crate::task::create_record::IfExists;
use crate::task::find_record::{MAX_FOUND, Operator};
use crate::workflow::Workflow;
use crate::yaml;

fn read(text: &str) -> Result<Workflow, Vec<String>> {
    let document = yaml::read(text).unwrap().remove(0);
    Workflow::from_document(&document.value).map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

/// The findings of a workflow whose one step `s` has these lines.
fn findings_of_step(lines: &str) -> Vec<String> {
    let lines = lines.replace('\n', "\n    ");
    let text = format!("workflow: 1\nstart: {{next: [s, t]}}\nsteps:\n  t: {{stop: finished}}\n  s:\n    {lines}\n");
    read(&text).err().unwrap_or_default()
}

const EXAMPLE: &str = r#"
workflow: 77
title: New lead
active: true
start:
  module: Leads
  triggers: [web_lead]
  without_record: true
  next: usable
steps:
  usable:
    condition: $env["lastname"]|trim and $env["email"] is email
    then: lead
    else: reject
  lead:
    create_record: Leads
    unique: '{{ $env["email"]|lower }}'
    fields:
      lastname: $env["lastname"]
      description: From $request["ip"], $[Now,0,'d.m.Y']
    store_id: lead_id
    created: [note]
    existing: [note]
  note:
    comment: Asked about {{ $env["tags"]|join(", ") }}
    record: $env["lead_id"]
  reject:
    stop: failed
    message: no last name or no valid e-mail posted
"#;

#[test]
fn a_workflow_is_read_as_it_is_written() {
    let workflow = read(EXAMPLE).unwrap();
    assert_eq!((workflow.id.get(), workflow.active, workflow.start.without_record), (77, true, true));
    assert_eq!(workflow.start.triggers[0].as_str(), "web_lead");
    let names: Vec<&str> = workflow.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["usable", "lead", "note", "reject"]);
    let start = workflow.step(workflow.start.next[0]).unwrap();
    let reject = workflow.find(&"reject".parse::<StepName>().unwrap()).unwrap();
    assert_eq!((start.task.name(), start.successors("else")), ("condition", &[reject][..]));
    let Task::CreateRecord(task) = &workflow.steps[1].task else { panic!("{:?}", workflow.steps[1].task) };
    assert_eq!((task.module.as_str(), task.if_exists), ("Leads", IfExists::Skip));
    assert_eq!((task.fields[0].0.as_str(), task.store_id.as_deref()), ("lastname", Some("lead_id")));
}

#[test]
fn active_and_order_have_defaults_and_a_record_is_needed() {
    let workflow = read("workflow: 1\nstart: {next: a}\nsteps:\n  a: {stop: finished}\n").unwrap();
    assert_eq!((workflow.active, workflow.start.order, workflow.start.without_record), (true, 0, false));
    assert!(workflow.start.module.is_none() && workflow.start.triggers.is_empty() && workflow.title.is_empty());
}

#[test]
fn a_search_is_read_with_its_operators_and_its_order() {
    let find = |lines: &str| {
        let text = format!("workflow: 1\nstart: {{next: a}}\nsteps:\n  a:\n    find_record: Leads\n{lines}");
        match read(&text).unwrap().steps.remove(0).task {
            Task::FindRecord(task) => task,
            other => panic!("{other:?}"),
        }
    };
    let task = find("    where: {email: x, amount: {above: 5, below: 9}}\n    sort: [lastname, -amount]\n");
    let conditions: Vec<_> = task.conditions.iter().map(|c| (c.field.as_str(), c.operator)).collect();
    assert_eq!(conditions, [("email", Operator::Is), ("amount", Operator::Above), ("amount", Operator::Below)]);
    let sort: Vec<_> = task.sort.iter().map(|level| (level.field.as_str(), level.descending)).collect();
    assert_eq!(sort, [("lastname", false), ("amount", true)]);
    assert_eq!(task.limit, 1);
    assert_eq!(find("    store_ids: all\n").limit, MAX_FOUND);
    assert_eq!(find("    store_ids: all\n    limit: 5\n").limit, 5);
}

#[test]
fn every_fault_of_a_workflow_is_named_at_its_place() {
    let steps = "steps:\n  a: {stop: finished}\n";
    let start = "start: {next: a}\n";
    for (text, expected) in [
        (format!("workflow: x\n{start}{steps}"), "workflow: workflow id \"x\" is not a whole number above zero"),
        (format!("workflow: 1\nactive: yes\n{start}{steps}"), "active: must be true or false"),
        (format!("workflow: 1\n{steps}"), "start: is missing"),
        (format!("workflow: 1\nstart: {{}}\n{steps}"), "start.next: is missing"),
        (format!("workflow: 1\nstart: {{next: b}}\n{steps}"), "start.next: leads to `b`, and there is no such step"),
        (
            format!("workflow: 1\nstart: {{next: [a, b]}}\n{steps}"),
            "start.next.1: leads to `b`, and there is no such step",
        ),
        (format!("workflow: 1\nstart: {{next: a, condition: b}}\n{steps}"), "start.condition: unknown name b"),
        (
            format!("workflow: 1\nstart: {{next: a, condition: 'counter(\"a\") > 5'}}\n{steps}"),
            "start.condition: a counter gives numbers to the steps of a workflow only",
        ),
        (format!("workflow: 1\nstart: {{next: a, order: x}}\n{steps}"), "start.order: must be a whole number"),
        (format!("workflow: 1\nstart: {{next: a, triggers: [a b]}}\n{steps}"), "start.triggers.0: trigger key \"a b\""),
        (format!("workflow: 1\nstart: {{next: a, parallel: maybe}}\n{steps}"), "start.parallel: must be true or false"),
        (format!("workflow: 1\nstart: {{next: a, hold: 2}}\n{steps}"), "start.hold: must be true or false"),
        (format!("workflow: 1\nstart: {{next: a, at_most: 0}}\n{steps}"), "start.at_most: must be 1 to 1000"),
        (format!("workflow: 1\nstart: {{next: a, at_most: 1001}}\n{steps}"), "start.at_most: must be 1 to 1000"),
        (
            format!("workflow: 1\nstart: {{next: a, trigers: b}}\n{steps}"),
            "start.trigers: unknown key `trigers`: did you mean `triggers`?",
        ),
        (format!("workflow: 1\n{start}{steps}step: 1\n"), "step: unknown key `step`: did you mean `steps`?"),
        (format!("workflow: 1\n{start}steps: {{a: 1}}\n"), "steps.a: must be a map of keys and values"),
        (format!("workflow: 1\n{start}{steps}  b: {{stop: failed}}\n"), "steps.b: no way leads here from the start"),
        (format!("workflow: 1\n{start}{steps}  b c: {{stop: failed}}\n"), "steps.b c: step name \"b c\""),
    ] {
        let findings = read(&text).expect_err(&text);
        assert!(findings.len() == 1 && findings[0].starts_with(expected), "{text}\n{findings:?}");
    }
    assert_eq!(
        read("workflow: 1\nstart: {next: []}\nsteps: {}\n").unwrap_err(),
        ["steps: a workflow has at least one step"]
    );
}

#[test]
fn every_fault_of_a_step_is_named_at_its_field() {
    let long = format!("set_value: {{{}: 1}}", "x".repeat(65));
    for (lines, expected) in [
        ("next: t", "steps.s: a step has one task, and this has none of comment, condition, "),
        ("stop: finished\nset_env: {a: 1}", "steps.s: a step has one task, and this has stop and set_env"),
        ("send_mail: a@example.org\nsubject: a", "steps.s: has `text`, `html` or both"),
        ("send_mail: a@example.org\ntext: a", "steps.s.subject: is missing"),
        ("send_mail:\nsubject: a\nhtml: a", "steps.s.send_mail: is missing"),
        ("send_mail: a@example.org\nsubject: a\ntext: a\nretries: 21", "steps.s.retries: must be 0 to 20"),
        ("delay: {for: soon}", "steps.s.delay.for: must be a duration such as 45s, 90m"),
        ("delay: {for: 91d}", "steps.s.delay.for: a delay is at most 90 days long"),
        ("delay: {for: 5m, until: monday}", "steps.s.delay: has either `for`"),
        ("delay: {until: '25:00'}", "steps.s.delay.until: must be a clock time such as 18:00"),
        ("delay: {until: monday, zone: Here}", "steps.s.delay.zone: must be the name of a time zone"),
        ("delete_record: 5", "steps.s.delete_record: must be true; `record` names another record than the run's"),
        ("comment:", "steps.s.comment: is missing"),
        ("condition: $a\nthen: x", "steps.s.then: leads to `x`, and there is no such step"),
        ("condition: $a\nnext: t", "steps.s.next: task `condition` has no output `next`; its outputs: then, else"),
        ("condition: $a\nthn: t", "steps.s.thn: unknown key `thn`: did you mean `then`?"),
        ("condition: $a\nxyz: t", "steps.s.xyz: unknown key `xyz`; known here: condition, then, else"),
        ("condition: [a]", "steps.s.condition: must be a text"),
        ("condition:", "steps.s.condition: is missing"),
        ("condition: $a ~", "steps.s.condition: "),
        ("condition: lastname", "steps.s.condition: unknown name lastname: did you mean $lastname"),
        ("set_env: {a: '{{ $b| }}'}", "steps.s.set_env.a: "),
        ("set_env: {a: [x, '{{ $b']}", "steps.s.set_env.a.1: "),
        ("stop: failed\nmessage: '{{ b }}'", "steps.s.message: unknown name b"),
        ("create_record: Leads\nunique: '{{ b }}'", "steps.s.unique: unknown name b"),
        ("find_record: Leads\nwhere: {a: {above: '{{ b }}'}}", "steps.s.where.a.above: unknown name b"),
        ("set_env: {}", "steps.s.set_env: is empty"),
        ("set_env: a", "steps.s.set_env: must be a map of names and values"),
        ("set_value: {'': 1}", "steps.s.set_value.: a name is empty"),
        (long.as_str(), "steps.s.set_value.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: the name is longer than 64 bytes"),
        ("create_record: My Leads", "steps.s.create_record: module \"My Leads\""),
        ("create_record: Leads\nunique: a\nif_exists: no", "steps.s.if_exists: must be one of skip, update"),
        ("create_record: Leads\nfields: [a]", "steps.s.fields: must be a map of names and values"),
        ("create_record: Leads\nstore_id: ''", "steps.s.store_id: a name is empty"),
        (
            "find_record: Leads\nwhere: {a: {like: b}}",
            "steps.s.where.a: has an unknown operator; known here: is, is_not, ",
        ),
        ("find_record: Leads\nwhere: {a: {}}", "steps.s.where.a: names no operator"),
        ("find_record: Leads\nlimit: 0", "steps.s.limit: must be 1 to 1000"),
        ("find_record: Leads\nlimit: 1001", "steps.s.limit: must be 1 to 1000"),
        ("find_record: Leads\nsort: '-'", "steps.s.sort: a name is empty"),
        ("respond: 302", "steps.s.respond: must be a status from 200 to 299 or from 400 to 599"),
        ("respond:", "steps.s.respond: is missing"),
        ("respond: 204\ntext: a", "steps.s.respond: a response with this status has no body"),
        ("respond: 200\ntext: a\njson: {a: 1}", "steps.s: has one of json and text"),
        ("respond: 200\ntext: a\ntype: html", "steps.s.type: must be a media type such as text/html"),
        ("respond: 200\ntext: a\ntype: \"text/html\\r\\nx: y\"", "steps.s.type: must be a media type"),
        ("run_workflow: x", "steps.s.run_workflow: workflow id \"x\" is not a whole number above zero"),
        ("run_workflow: 2\nitem: a", "steps.s.item: needs `for_each`"),
        ("run_workflow: 2\nfor_each: '{{ b }}'", "steps.s.for_each: unknown name b"),
        ("stop: maybe", "steps.s.stop: must be one of finished, failed"),
        ("stop: failed\nnext: t", "steps.s.next: task `stop` has no output `next`; its outputs: none"),
    ] {
        let findings = findings_of_step(lines);
        assert!(findings.len() == 1 && findings[0].starts_with(expected), "{lines}\n{findings:?}");
    }
}

#[test]
fn a_workflow_has_at_most_a_thousand_steps() {
    let workflow = |count: usize| {
        let steps: String =
            (0..count).map(|n| format!("  s{n}: {{set_env: {{a: 1}}, next: s{}}}\n", (n + 1) % count)).collect();
        read(&format!("workflow: 1\nstart: {{next: s0}}\nsteps:\n{steps}"))
    };
    assert_eq!(workflow(1_000).unwrap().steps.len(), 1_000);
    assert_eq!(workflow(1_001).unwrap_err(), ["steps: a workflow has at most 1000 steps, and this has 1001"]);
}

#[test]
fn values_that_choose_the_host_are_found_and_a_stored_workflow_runs_on() {
    let step = |lines: &str| format!("workflow: 1\nstart: {{next: s}}\nsteps:\n  s: {{{lines}}}\n");
    for (lines, is_refused) in [
        ("http_request: 'https://$env[\"host\"]/'", true),
        ("http_request: '$env[\"url\"]'", true),
        ("http_request: '$env[\"url\"]', any_host: false", true),
        ("http_request: '$env[\"url\"]', any_host: true", false),
        ("http_request: 'https://a.example/$env[\"id\"]'", false),
    ] {
        let document = yaml::read(&step(lines)).unwrap().remove(0).value;
        assert!(Workflow::from_document(&document).is_ok(), "{lines}");
        let findings = Workflow::from_new_document(&document).err().unwrap_or_default();
        let is_named = findings
            .iter()
            .any(|one| one.path == "steps.s.http_request" && one.message.to_string().contains("any_host"));
        assert_eq!((is_named, findings.is_empty()), (is_refused, !is_refused), "{lines}: {findings:?}");
    }
}
