//! The engine without a database: a run with answers given, and what becomes of it.

mod local;
mod transaction;

use std::time::{Duration, SystemTime};

use postern_shared::message::Message;
use postern_shared::store::checkpoints::Decision;

use self::transaction::{Came, begin, new, record, resume, unit};
use super::*;
use crate::bundle::budget::Mode;
use crate::bundle::effects::Before;
use crate::outside::call::{Failure, FailureKind, Reply, Report};

fn answered(status: u16) -> Answer {
    Answer::Outside(Report::Answered(Reply {
        status,
        headers: Vec::new(),
        body: Vec::new(),
        scrubber: Default::default(),
    }))
}

fn broken(kind: FailureKind) -> Answer {
    Answer::Outside(Report::Failed(Failure::new(Message::ConnectionBroke, kind)))
}

fn created(id: i64, existing: bool) -> Answer {
    Answer::Created { id: record(id), existing }
}

/// Lines of a workflow whose steps begin at `a`.
fn steps(lines: &str) -> String {
    format!("start: {{without_record: true, next: a}}\nsteps:\n{lines}")
}

#[test]
fn a_run_goes_depth_first_in_written_order_and_ends() {
    for (lines, expected) in [
        (
            "  a: {set_env: {x: 1}, next: [b, c]}\n  b: {set_env: {x: 2}, next: d}\n  c: {stop: finished}\n  d: {set_env: {x: 3}}\n",
            "a>next b>next d>next c | finished",
        ),
        ("  a: {set_env: {x: 1}, next: [b, b]}\n  b: {set_env: {x: 2}}\n", "a>next b>next b>next | finished"),
        (
            "  a: {condition: '$env[\"n\"] > 1', then: b, else: c}\n  b: {set_env: {x: 1}}\n  c: {stop: failed}\n",
            "a>then b>next | finished",
        ),
        (
            "  a: {condition: '$env[\"n\"] > 2', then: b, else: c}\n  b: {set_env: {x: 1}}\n  c: {stop: failed, message: '$env[\"name\"]'}\n",
            "a>else c | failed | Ada",
        ),
        (
            "  a: {switch: '$env[\"n\"]', cases: {1: b, 2: [c, b], '2.0': b}, else: b}\n  b: {set_env: {x: 1}}\n  c: {set_env: {x: 2}}\n",
            "a>= 2 c>next b>next | finished",
        ),
        ("  a: {switch: '$env[\"none\"]', cases: {'': b}}\n  b: {set_env: {x: 1}}\n", "a>= b>next | finished"),
        (
            "  a: {switch: '$env[\"name\"]', cases: {else: b}, else: b}\n  b: {set_env: {x: 1}}\n",
            "a>else b>next | finished",
        ),
        ("  a: {stop: finished, message: done}\n", "a | finished | done"),
        ("  a: {set_value: {x: '{{ 1 // 0 }}'}}\n", "a | failed | step a: x: "),
    ] {
        let told = begin(&steps(lines), Vec::new()).told();
        assert!(told.starts_with(expected), "{told}, not {expected}: {lines}");
    }
}

#[test]
fn what_tasks_do_is_collected_and_what_they_ask_comes_first() {
    let lead = "  a: {create_record: Leads, fields: {lastname: x}, store_id: id, created: b, existing: c}\n  \
                b: {comment: hello, record: '$env[\"id\"]'}\n  c: {set_value: {lastname: y}, record: '$env[\"id\"]'}\n";
    for (lines, answers, asked, told, counts) in [
        (lead, vec![created(1, false)], "create", "a>created b>next | finished", [1, 0, 0, 0]),
        (lead, vec![created(1, true)], "create", "a>existing c>next | finished", [0, 0, 0, 1]),
        ("  a: {set_value: {x: 1}}\n", vec![], "", "a>next | finished", [0, 0, 0, 1]),
        (
            "  a: {set_value: {x: 1}, record: 9}\n",
            vec![Answer::Loaded],
            "lock",
            "a | failed | step a: record 9 does not exist",
            [0; 4],
        ),
        ("  a: {delete_record: true, record: 9}\n", vec![Answer::Loaded], "lock", "a>next | finished", [0; 4]),
        ("  a: {respond: 201, text: hello}\n", vec![], "", "a>next | finished", [0, 1, 0, 0]),
        (
            "  a: {run_workflow: 2, for_each: '$env[\"tags\"]', item: tag}\n",
            vec![Answer::Numbers(Some(2))],
            "numbers",
            "a>next | finished",
            [0, 0, 2, 0],
        ),
        (
            "  a: {run_workflow: 2}\n",
            vec![Answer::Numbers(None)],
            "numbers",
            "a | failed | step a: the receipt would have more than",
            [0; 4],
        ),
        (
            "  a: {find_record: Leads, where: {x: 1}, found: b, not_found: b}\n  b: {stop: finished}\n",
            vec![Answer::Found { ids: vec![record(1)], took: Duration::ZERO }],
            "search",
            "a>found b | finished",
            [0; 4],
        ),
        (
            "  a: {find_record: Leads, where: {x: 1}, found: b, not_found: b}\n  b: {stop: finished}\n",
            vec![Answer::Found { ids: vec![], took: Duration::ZERO }],
            "search",
            "a>not_found b | finished",
            [0; 4],
        ),
    ] {
        let mut came = begin(&steps(lines), answers);
        assert!(came.told().starts_with(told), "{}, not {told}: {lines}", came.told());
        assert_eq!((came.asked.join(" "), came.counts()), (asked.to_owned(), counts), "{lines}");
    }
}

#[test]
fn a_step_that_reaches_outside_is_tried_again_or_leaves_by_failed_or_asks_a_person() {
    let http =
        |more: &str| steps(&format!("  a: {{http_request: 'https://a.example/', {more}}}\n  b: {{stop: finished}}\n"));
    let target = r#"waiting Call { target: "https://a.example" }"#;
    for (more, answer, expected) in [
        ("next: b", None, format!(" | {target} | step a waits for its target")),
        ("next: b", Some(answered(200)), "a>next b | finished".to_owned()),
        ("next: b", Some(answered(503)), "a | waiting At".to_owned()),
        ("next: b, retries: 0, failed: b", Some(answered(503)), "a>failed b | finished".to_owned()),
        ("next: b, failed: b", Some(answered(404)), "a>failed b | finished".to_owned()),
        ("next: b", Some(answered(404)), "a>failed | failed | step a: the target answered 404".to_owned()),
        ("next: b", Some(broken(FailureKind::Unclear)), "a | waiting At".to_owned()),
        (
            "next: b",
            Some(broken(FailureKind::Final)),
            "a>failed | failed | step a: the connection broke before the answer was there".to_owned(),
        ),
        (
            "next: b, at_most_once: true",
            Some(broken(FailureKind::Unclear)),
            " | needs_attention Decided | step a: ".to_owned(),
        ),
        ("next: b, at_most_once: true", Some(broken(FailureKind::NotSent)), "a | waiting At".to_owned()),
    ] {
        let told = begin(&http(more), answer.into_iter().collect()).told();
        assert!(told.starts_with(&expected), "{told}, not {expected}: {more}");
    }
}

#[test]
fn a_run_goes_on_where_its_checkpoint_left_it() {
    let waits = steps(
        "  a: {set_env: {x: 1}, next: [b, c]}\n  b: {delay: {for: 1h}, next: d}\n  c: {set_env: {x: 2}}\n  d: {stop: finished}\n",
    );
    let came = begin(&waits, Vec::new());
    assert_eq!(came.told(), "a>next b>next c>next | waiting At");
    assert_eq!(resume(&waits, &came, 3_500, None, Vec::new()).told(), " | waiting At");
    assert_eq!(resume(&waits, &came, 3_700, None, Vec::new()).told(), "d | finished");

    let asks = steps(
        "  a: {http_request: 'https://a.example/', at_most_once: true, next: b, failed: c}\n  b: {stop: finished}\n  c: {stop: failed, message: lost}\n",
    );
    let came = begin(&asks, vec![broken(FailureKind::Unclear)]);
    for (decision, expected) in [
        (Decision::Done, "a>next b | finished"),
        (Decision::Fail, "a>failed c | failed | lost"),
        (Decision::Repeat, r#" | waiting Call { target: "https://a.example" } | step a waits for its target"#),
    ] {
        assert_eq!(resume(&asks, &came, 1, Some(decision), Vec::new()).told(), expected);
    }

    let fails = steps("  a: {set_env: {x: 1}, next: b}\n  b: {comment: hello, record: '$env[\"id\"]'}\n");
    let came = begin(&fails, Vec::new());
    let replayed = resume(&fails, &came, 1, None, Vec::new());
    assert!(
        came.told().starts_with("a>next b | failed") && replayed.told().starts_with("b | failed"),
        "at the failed step"
    );
}

#[test]
fn a_run_that_costs_too_much_leaves_its_bundle_and_a_loop_ends() {
    let searches = steps("  a: {find_record: Leads, where: {x: 1}, found: b, not_found: b}\n  b: {stop: finished}\n");
    let came = begin(&searches, vec![Answer::CutOff { took: Duration::from_secs(1) }]);
    let expected = "a | running Slow | step a: went on alone: its search took more than 1.00 s";
    assert_eq!((came.told().as_str(), came.run.slow.is_some()), (expected, true));

    let many = steps("  a: {run_workflow: 2, for_each: '{{ range(60)|list }}', item: n}\n");
    assert_eq!(begin(&many, Vec::new()).told(), " | running Now", "it goes on in a transaction of its own");

    let loops = steps("  a: {set_env: {x: 1}, next: a}\n");
    let came = begin(&loops, Vec::new());
    let told = came.told();
    assert!(told.ends_with(" a | running Slow | step a: went on alone: it took 1000 steps in a row"), "{told}");
    let ended = resume(&loops, &came, 1, None, Vec::new());
    assert_eq!((ended.run.run.steps, ended.run.run.state.word()), (MAX_STEPS, "failed"));
}

#[test]
fn the_log_is_kept_as_the_workflow_says() {
    for (keep, end, keeps, forgets) in [
        ("all", "finished", true, false),
        ("failures", "finished", false, true),
        ("failures", "failed", true, false),
        ("none", "failed", false, false),
    ] {
        let lines =
            format!("start: {{without_record: true, keep_log: {keep}, next: a}}\nsteps:\n  a: {{stop: {end}}}\n");
        let run = begin(&lines, Vec::new()).run;
        assert_eq!((run.log.len(), run.keeps, run.forgets), (1, keeps, forgets), "{keep} {end}");
        assert_eq!(run.document.is_some(), end == "failed", "only a failed run can be replayed");
    }
}

#[test]
fn a_run_that_is_held_or_waits_for_its_record_has_not_begun() {
    let lines = steps("  a: {stop: finished}\n");
    let begun = |hold: bool| {
        let unit = unit(&lines, Mode::Bundle);
        let pinned = unit.workflow(1.try_into().unwrap()).unwrap();
        let mut execution = new(pinned);
        let _ = if hold { execution.hold() } else { execution.wait_for_turn() };
        let (run, _) = execution.into_effects(Before::New);
        Came { unit, run, asked: Vec::new() }
    };
    let (held, waits) = (begun(true), begun(false));
    assert_eq!((held.told(), waits.told()), (" | held Held".to_owned(), " | waiting InTurn".to_owned()));
    assert_eq!(resume(&lines, &held, 1, None, Vec::new()).told(), "a | finished");
    assert!(held.run.run.started_at <= SystemTime::now());
}

#[test]
fn a_loop_takes_its_steps_for_each_item_and_waits_for_its_branches() {
    let notes = "  b: {set_env: {log: '{{ $env[\"log\"] }}{{ $env[\"item\"] }}{{ $env[\"index\"] }} '}}\n  c: {stop: finished, message: '$env[\"log\"]$env[\"item\"]'}\n";
    for (lines, expected) in [
        (
            "  a: {for_each: '$env[\"tags\"]', each: b, next: c}\n",
            "a>each b>next a>each b>next a>next c | finished | a1 b2 ",
        ),
        ("  a: {for_each: '$env[\"none\"]', each: b, next: c}\n", "a>next c | finished"),
        (
            "  a: {for_each: [x], each: d, next: c}\n  d: {for_each: [y, z], each: b}\n",
            "a>each d>each b>next d>each b>next d>next a>next c | finished | y1 z2 ",
        ),
        ("  a: {for_each: [x], each: [d, b], next: c}\n  d: {delay: {for: 5m}}\n", "a>each d>next b>next | waiting At"),
        (
            "  a: {for_each: [x, y], each: [d, b], on_error: collect, next: c}\n  d: {comment: '{{ 1 // 0 }}'}\n",
            "a>each d a>each d a>next c | finished",
        ),
        (
            "  a: {for_each: [x, y], each: [d, b], failed: c}\n  d: {comment: '{{ 1 // 0 }}'}\n",
            "a>each d a>failed c | finished",
        ),
        (
            "  a: {for_each: [x, y], each: [d, b], next: c}\n  d: {comment: '{{ 1 // 0 }}'}\n",
            "a>each d | failed | step d: comment: ",
        ),
    ] {
        let told = begin(&steps(&format!("{lines}{notes}")), Vec::new()).told();
        assert!(told.starts_with(expected), "{told}, not {expected}: {lines}");
    }
}

#[test]
fn a_loop_goes_on_where_its_checkpoint_left_it() {
    let lines = steps(
        "  a: {for_each: '$env[\"tags\"]', item: tag, each: b, collect: '$env[\"tag\"]', store: all, next: c}\n  \
         b: {delay: {for: 5m}}\n  c: {stop: finished, message: '$env[\"all\"] $env[\"tag\"]'}\n",
    );
    let first = begin(&lines, Vec::new());
    assert_eq!(first.told(), "a>each b>next | waiting At");
    let second = resume(&lines, &first, 301, None, Vec::new());
    assert_eq!(second.told(), "a>each b>next | waiting At");
    assert_eq!(resume(&lines, &second, 301, None, Vec::new()).told(), "a>next c | finished | a, b ");
}
