//! The engine without a database: a run with answers given, and what becomes of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::env::Env;
use postern_shared::expression::Scope;
use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::module::Modules;
use postern_shared::resume::Resume;
use postern_shared::store::Conflicts;
use postern_shared::store::checkpoints::{Decision, FIRST_REVISION, Taken};
use postern_shared::store::records::Record;
use postern_shared::store::run_log::Entry;
use postern_shared::store::workflows::Stored;
use postern_shared::yaml;

use super::*;
use crate::bundle::budget::{BundleBudget, Mode};
use crate::bundle::clock::Clock;
use crate::bundle::effects::{Before, RunEffects};
use crate::matching::catalog::{Catalog, Pinned};
use crate::outside::call::{Failure, FailureKind, Reply, Report};

/// What became of a run in one transaction.
struct Came {
    unit: UnitOfWork,
    run: RunEffects,
    /// What it asked, in order.
    asked: Vec<&'static str>,
}

/// A unit of work that holds record 852, with workflow 1 of these lines and an active workflow 2.
fn unit(lines: &str, mode: Mode) -> UnitOfWork {
    let text = format!(
        "workflow: 1\nactive: true\n{lines}\n---\nworkflow: 2\nactive: true\nstart: {{without_record: true, next: s}}\n\
         steps:\n  s: {{stop: finished}}\n"
    );
    let stored = yaml::read(&text).unwrap().into_iter().map(|one| Stored { version: 1, document: one.value });
    let catalog = Catalog::new(1, &stored.collect::<Vec<_>>(), Modules::default());
    assert!(catalog.workflow(1.try_into().unwrap()).is_some(), "{text}");
    let mut unit = UnitOfWork::new(Arc::new(catalog), Conflicts::Expected, BundleBudget::new(mode, Arc::default()));
    unit.take_in(
        &[record(852)],
        vec![Record { id: record(852), module: "Leads".parse().unwrap(), fields: fields("{}") }],
    );
    unit
}

fn record(id: i64) -> RecordId {
    id.try_into().unwrap()
}

fn fields(json: &str) -> Env {
    serde_json::from_str(json).unwrap()
}

/// A run on record 852 that has not begun.
fn new(pinned: Arc<Pinned>) -> Execution {
    let env = Arc::new(fields(r#"{"name":"Ada","tags":["a","b"],"n":2}"#));
    let (query, request, related) = (Arc::default(), Arc::default(), Arc::default());
    let scope = Scope { env, query, request, related, record: None };
    Execution::new(pinned, 1, ReceiptId::new(), Some(record(852)), scope)
}

/// A run of workflow 1 with these lines in a bundle, answered in this order.
fn begin(lines: &str, answers: Vec<Answer>) -> Came {
    let unit = unit(lines, Mode::Bundle);
    let pinned = unit.workflow(1.try_into().unwrap()).unwrap();
    go_on(new(pinned), unit, answers, Before::New)
}

/// The same run in its next transaction, which begins so many seconds later.
fn resume(lines: &str, came: &Came, later: u64, decision: Option<Decision>, answers: Vec<Answer>) -> Came {
    let mut unit = unit(lines, Mode::Resumed);
    let pinned = unit.workflow(1.try_into().unwrap()).unwrap();
    let checkpoint = serde_json::from_str(came.run.document.as_deref().unwrap()).unwrap();
    let now = came.unit.clock.began() + Duration::from_secs(later);
    unit.clock = Clock::new(now, std::time::Instant::now());
    let (run, query, request) = (came.run.run.clone(), Env::default(), Env::default());
    let taken = Taken { run, checkpoint, query, request, now, decision, has_passed: false, waits: false };
    let resume = Resume { run: came.run.run.key(), revision: FIRST_REVISION };
    let before = Before::Waiting { resume, steps: taken.run.steps, has_passed: false };
    let mut answers = answers;
    if let Some(decision) = decision {
        answers.insert(0, Answer::Outside(Report::Decided(decision)));
    }
    go_on_with(Execution::resume(pinned, &taken).unwrap(), unit, answers, before, decision.is_some())
}

fn go_on(execution: Execution, unit: UnitOfWork, answers: Vec<Answer>, before: Before) -> Came {
    go_on_with(execution, unit, answers, before, false)
}

/// As a bundle and a run that goes on do. A call that gets no answer here leaves for the lane of calls.
fn go_on_with(
    mut execution: Execution,
    mut unit: UnitOfWork,
    answers: Vec<Answer>,
    before: Before,
    at_once: bool,
) -> Came {
    let (mut answers, mut asked) = (answers.into_iter(), Vec::new());
    let mut answer = if at_once { answers.next() } else { None };
    loop {
        match execution.advance(answer.take(), &mut unit) {
            Progress::Asks(query) => {
                let next = answers.next().unwrap_or(Answer::Loaded);
                asked.push(load(query, &next, &mut unit));
                answer = Some(next);
            }
            Progress::Outside(_) => match answers.next() {
                Some(next) => answer = Some(next),
                None => break drop(execution.leave(false)),
            },
            Progress::Yields => {}
            Progress::Ended | Progress::Suspended(_) => break,
        }
    }
    assert_eq!(answers.count(), 0, "answers are left: {asked:?}");
    let (run, _) = execution.into_effects(before);
    Came { unit, run, asked }
}

/// Takes into the unit of work what the database would have found; returns the name of the query.
fn load(query: Query, answer: &Answer, unit: &mut UnitOfWork) -> &'static str {
    match (query, answer) {
        (Query::Lock(id), _) => {
            unit.take_in(&[id], Vec::new());
            "lock"
        }
        (Query::Look(id), _) => {
            unit.see(&[id], Vec::new());
            "look"
        }
        (Query::Create { module, fields, .. }, Answer::Created { id, .. }) => {
            unit.hold(Record { id: *id, module, fields });
            "create"
        }
        (Query::Create { .. }, _) => "create",
        (Query::Rekey { .. }, _) => "rekey",
        (Query::Search { .. }, _) => "search",
        (Query::Places { .. }, _) => "places",
    }
}

impl Came {
    /// The path, how the run stands, and why, as `a>next b | finished | message`.
    fn told(&self) -> String {
        let step = |one: &Entry| match &one.output {
            Some(output) => format!("{}>{output}", one.step),
            None => one.step.clone(),
        };
        let path: Vec<String> = self.run.log.iter().map(step).collect();
        let wake = match &self.run.wake {
            None => String::new(),
            Some(Wake::At(_)) => " At".to_owned(),
            Some(wake) => format!(" {wake:?}"),
        };
        let run = &self.run.run;
        let message = run.message.as_deref().map(|message| format!(" | {message}")).unwrap_or_default();
        format!("{} | {}{wake}{message}", path.join(" "), run.state.word())
    }

    /// What is written beside the run: comments, responses, child runs and changed records.
    fn counts(&mut self) -> [usize; 4] {
        let effects = &self.unit.effects;
        let (comments, responses, children) = (&effects.comments, &effects.responses, &effects.child_runs);
        [comments.len(), responses.len(), children.len(), self.unit.flush().len()]
    }
}

fn answered(status: u16) -> Answer {
    Answer::Outside(Report::Answered(Reply { status, headers: Vec::new(), body: Vec::new() }))
}

fn broken(kind: FailureKind) -> Answer {
    Answer::Outside(Report::Failed(Failure::new("the connection broke", kind)))
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
            vec![Answer::Places(Some(2))],
            "places",
            "a>next | finished",
            [0, 0, 2, 0],
        ),
        (
            "  a: {run_workflow: 2}\n",
            vec![Answer::Places(None)],
            "places",
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
        ("next: b", Some(broken(FailureKind::Final)), "a>failed | failed | step a: the connection broke".to_owned()),
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

    let came = begin(&steps("  a: {set_env: {x: 1}, next: a}\n"), Vec::new());
    assert_eq!((came.run.log.len(), came.run.run.state.word()), (usize::try_from(MAX_STEPS).unwrap(), "failed"));
}

#[test]
fn the_log_is_kept_as_the_workflow_says() {
    for (keep, end, kept, forgets) in [
        ("all", "finished", 1, false),
        ("failures", "finished", 1, true),
        ("failures", "failed", 1, false),
        ("none", "failed", 0, false),
    ] {
        let lines =
            format!("start: {{without_record: true, keep_log: {keep}, next: a}}\nsteps:\n  a: {{stop: {end}}}\n");
        let run = begin(&lines, Vec::new()).run;
        let kept = if forgets { 0 } else { kept };
        assert_eq!((run.log.len(), run.forgets), (kept, forgets), "{keep} {end}");
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
