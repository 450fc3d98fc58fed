//! One transaction of a run without a database: what the run asks gets the answers of the test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::comparison::Notes;
use postern_shared::env::Env;
use postern_shared::expression::Scope;
use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::module::Modules;
use postern_shared::resume::Resume;
use postern_shared::store::Conflicts;
use postern_shared::store::checkpoints::{Decision, FIRST_REVISION, Taken};
use postern_shared::store::records::Record;
use postern_shared::store::run_steps::Step;
use postern_shared::store::workflows::Stored;
use postern_shared::yaml;

use crate::bundle::budget::{BundleBudget, Mode};
use crate::bundle::clock::Clock;
use crate::bundle::effects::{Before, RunEffects};
use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::catalog::{Catalog, Pinned};
use crate::outside::call::Report;
use crate::run::checkpoint::Wake;
use crate::run::execution::{Execution, Progress};
use crate::task::query::{Answer, Query};

/// What became of a run in one transaction.
pub struct Came {
    pub unit: UnitOfWork,
    pub run: RunEffects,
    /// What it asked, in order.
    pub asked: Vec<&'static str>,
}

/// A unit of work that holds record 852, with workflow 1 of these lines and an active workflow 2.
pub fn unit(lines: &str, mode: Mode) -> UnitOfWork {
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

pub fn record(id: i64) -> RecordId {
    id.try_into().unwrap()
}

fn fields(json: &str) -> Env {
    serde_json::from_str(json).unwrap()
}

/// A run on record 852 that has not begun.
pub fn new(pinned: Arc<Pinned>) -> Execution {
    let env = Arc::new(fields(r#"{"name":"Ada","tags":["a","b"],"n":2}"#));
    let (query, request, var, related) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
    let (local, notes) = (Arc::default(), Notes::default());
    let scope = Scope { env, query, request, var, related, record: None, local, notes };
    Execution::new(pinned, 1, ReceiptId::new(), Some(record(852).into()), scope)
}

/// A run of workflow 1 with these lines in a bundle, answered in this order.
pub fn begin(lines: &str, answers: Vec<Answer>) -> Came {
    let unit = unit(lines, Mode::Bundle);
    let pinned = unit.workflow(1.try_into().unwrap()).unwrap();
    go_on(new(pinned), unit, answers, Before::New)
}

/// A run in a bundle that asks nothing.
pub fn go_on_as(execution: Execution, unit: UnitOfWork) -> Came {
    go_on(execution, unit, Vec::new(), Before::New)
}

/// The same run in its next transaction, which begins so many seconds later.
pub fn resume(lines: &str, came: &Came, later: u64, decision: Option<Decision>, answers: Vec<Answer>) -> Came {
    let mode = if came.run.wake == Some(Wake::Slow) { Mode::Slow } else { Mode::Resumed };
    let mut unit = unit(lines, mode);
    let pinned = unit.workflow(1.try_into().unwrap()).unwrap();
    let checkpoint = serde_json::from_str(came.run.document.as_deref().unwrap()).unwrap();
    let now = came.unit.clock.began() + Duration::from_secs(later);
    unit.clock = Clock::new(now, Instant::now());
    let (run, query, request) = (came.run.run.clone(), Env::default(), Env::default());
    let taken = Taken {
        run,
        checkpoint,
        bytes: 0,
        query,
        request,
        now,
        decision,
        is_cancelled: false,
        is_woken: false,
        has_passed: false,
        waits: false,
    };
    let resume = Resume { run: came.run.run.key(), workflow: came.run.run.workflow, revision: FIRST_REVISION };
    let before = Before::Waiting { resume, steps: taken.run.steps, has_passed: false };
    let mut answers = answers;
    if let Some(decision) = decision {
        answers.insert(0, Answer::Outside(Report::Decided(decision)));
    }
    go_on_with(Execution::resume(pinned, &taken, Arc::default()).unwrap(), unit, answers, before, decision.is_some())
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
        (Query::Numbers { .. }, _) => "numbers",
        (Query::Children { .. }, _) => "children",
        (Query::Count(_), _) => "count",
    }
}

impl Came {
    /// The path, how the run stands, and why, as `a>next b | finished | message`.
    pub fn told(&self) -> String {
        let step = |one: &Step| match &one.output {
            Some(output) => format!("{}>{output}", one.step),
            None => one.step.clone(),
        };
        let path: Vec<String> = self.run.log.iter().map(step).collect();
        let wake = match &self.run.wake {
            None => String::new(),
            Some(Wake::At(_)) => " At".to_owned(),
            Some(Wake::Children(_)) => " Children".to_owned(),
            Some(wake) => format!(" {wake:?}"),
        };
        let run = &self.run.run;
        let message = run.message.as_ref().map(|message| format!(" | {message}")).unwrap_or_default();
        format!("{} | {}{wake}{message}", path.join(" "), run.state.word())
    }

    /// What is written beside the run: comments, responses, child runs and changed records.
    pub fn counts(&mut self) -> [usize; 4] {
        let effects = &self.unit.effects;
        let (comments, responses, children) = (&effects.comments, &effects.responses, &effects.child_runs);
        [comments.len(), responses.len(), children.len(), self.unit.flush().len()]
    }
}
