//! Faults of the tasks that branch, repeat and wait, and of what they read.

use super::findings_of_step;

/// A step, and how its one finding begins.
const FAULTS: &[(&str, &str)] = &[
    ("for_each: $a\neach: t\ncollect: $b", "steps.s.collect: needs `store`"),
    ("for_each: $a\neach: t\nstore: b", "steps.s.store: needs `collect`"),
    ("for_each: $a\neach: t\ncollect: $b\nstore: item", "steps.s.store: is the name of the item"),
    ("for_each: $a\neach: t\nitem: b\nindex: b", "steps.s.index: is the name of the item, too"),
    ("for_each: $a\nnext: t", "steps.s.each: is missing: the steps that are taken for each item"),
    ("for_each: $a\neach: s", "steps.s.each: leads back to this step"),
    ("for_each: $a\neach: t\nparallel: 51", "steps.s.parallel: must be 1 to 50"),
    ("for_each: $a\neach: t\non_error: go_on", "steps.s.on_error: must be one of fail, collect"),
    ("loop: $a\neach: t", "steps.s.loop: unknown task: did you mean `for_each`?"),
    ("run_workflow: 2\nstore: a", "steps.s.store: needs `wait: true`"),
    ("run_workflow: 2\ntimeout: 5m", "steps.s.timeout: needs `wait: true`"),
    ("run_workflow: 2\nfailed: t", "steps.s.failed: a step that does not wait for its runs"),
    ("run_workflow: 2\nwait: true\ntimeout: 91d", "steps.s.timeout: must be a duration such as 20s, of at most 90d"),
    ("switch: $a\ncases: {x: t}\nelse: u", "steps.s.else: leads to `u`, and there is no such step"),
    ("switch: $a\ncases: {x: [t, u]}", "steps.s.cases.x.1: leads to `u`, and there is no such step"),
    ("switch: $a\ncases: {}", "steps.s.cases: is empty"),
    ("switch: $a\ncases: [x]", "steps.s.cases: must be a map of texts"),
    ("switch: $a", "steps.s.cases: is missing"),
    ("cases: {x: t}\nswitch:", "steps.s.switch: is missing"),
    ("switch: $a\ncases: {'$env[\"b\"]': t}", "steps.s.cases.$env[\"b\"]: a case is a text as it stands"),
    ("switch: $a\ncases: {x: t}\nthen: t", "steps.s.then: task `switch` has no output `then`; its outputs: else"),
    (
        "set_value: {visits: '{{ $visits|int + 1 }}'}\nrecord: $env[\"lead_id\"]",
        "steps.s.set_value.visits: $visits is a field of the run's record, and the step changes another record: \
         $(lead_id: (Module) visits) reads that",
    ),
];

#[test]
fn every_fault_of_a_step_that_branches_or_waits_is_named() {
    for (lines, expected) in FAULTS {
        let findings = findings_of_step(lines);
        assert!(findings.len() == 1 && findings[0].starts_with(expected), "{lines}\n{findings:?}");
    }
}
