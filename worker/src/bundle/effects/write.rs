//! Writes the effects of a transaction: the one place that does, with one statement per kind for all runs.

use std::collections::BTreeSet;

use postern_shared::resume::Resume;
use postern_shared::store::checkpoints::{self, FIRST_REVISION, NewCheckpoint};
use postern_shared::store::digest::{self, Committed};
use postern_shared::store::failure_groups::Failures;
use postern_shared::store::run_steps::{self, Further};
use postern_shared::store::runs::{self, NewRun};
use postern_shared::store::statistics::Counted;
use postern_shared::store::{StoreError, Transaction, comments, handled_failures, responses, run_results, spool};

use super::{Before, Effects, RunEffects};
use crate::bundle::queries;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::run::checkpoint::{Alarms, Wake, standing};
use crate::run::tally::Tally;
use crate::run::{serial_runs, spans};

/// Writes what became of the records and of the runs; returns what there is to count of the runs. Nothing is committed.
pub async fn write(transaction: &Transaction<'_>, unit: &mut UnitOfWork) -> Result<Tally, StoreError> {
    queries::flush(transaction, unit).await?;
    let Effects { comments, responses, child_runs, runs, stays, receipts, results_read, gone, awaited } =
        std::mem::take(&mut unit.effects);
    if !comments.is_empty() {
        comments::append(transaction, &comments).await?;
    }
    responses::put(transaction, &responses).await?;
    for (run, step) in results_read {
        run_results::remove(transaction, run, step).await?;
    }
    let mut tally = Tally::default();
    let (mut new, mut waiting, mut further) = (NewRuns::default(), Vec::new(), Vec::new());
    let mut alarms = Alarms::new(unit.clock.began());
    let (mut touched, mut steps, mut failures) = (BTreeSet::new(), Counted::default(), Failures::default());
    for one in runs.into_iter().chain(child_runs.into_iter().map(RunEffects::from)) {
        count(&one, &mut tally);
        if unit.is_traced {
            tally.spans.extend(spans::of_run(&one));
        }
        let records = one.log.iter().flat_map(|step| &step.records);
        touched.extend(records.map(|record| (one.run.receipt, record.clone())));
        steps.add(&one.run, &one.log);
        failures.add(&one.run);
        match one.before.clone() {
            Before::New => new.add(one, &mut alarms),
            Before::Waiting { resume, steps, has_passed } => {
                further.extend(further_steps(&one));
                waiting.push((one, resume, steps, has_passed));
            }
        }
    }
    new.write(transaction).await?;
    run_steps::append(transaction, &further).await?;
    for (one, resume, steps, has_passed) in waiting {
        handled_failures::note(transaction, &one.handled, &mut failures).await?;
        renew(transaction, &one, resume, steps, has_passed, &mut alarms).await?;
    }
    tally.alarms = alarms.write(transaction).await?;
    serial_runs::stay(transaction, &stays).await?;
    let records = std::mem::take(&mut unit.touched).into_iter().collect();
    let touched = touched.into_iter().collect();
    digest::enqueue(transaction, &Committed { receipts, records, touched, gone, steps, failures }).await?;
    responses::notify(transaction, &awaited).await?;
    Ok(tally)
}

fn count(one: &RunEffects, tally: &mut Tally) {
    tally.count(&one.run);
    tally.count_slow(one.slow);
    tally.admission |= one.wake == Some(Wake::Admission);
    tally.checkpoint_bytes += one.document.as_ref().map_or(0, String::len);
}

/// The steps of a run that the database has.
fn further_steps(RunEffects { run, log, keeps, .. }: &RunEffects) -> Option<Further> {
    if !keeps {
        return None;
    }
    let count = i32::try_from(log.len()).unwrap_or(i32::MAX);
    Some(Further { run: run.key(), first: run.steps - count + 1, steps: run_steps::encode(log)? })
}

/// Runs that the database does not have yet.
#[derive(Default)]
struct NewRuns {
    runs: Vec<NewRun>,
    checkpoints: Vec<NewCheckpoint>,
}

impl NewRuns {
    fn add(&mut self, one: RunEffects, alarms: &mut Alarms) {
        let RunEffects { run, document, wake, log, keeps, .. } = one;
        if let Some(document) = document {
            if let Some(wake) = &wake {
                alarms.set(Resume { run: run.key(), workflow: run.workflow, revision: FIRST_REVISION }, wake);
            }
            let (run, workflow, record) = (run.key(), run.workflow, run.record.clone());
            let standing = standing(wake.as_ref(), false);
            self.checkpoints.push(NewCheckpoint { run, workflow, record, document, standing });
        }
        self.runs.push(NewRun { run, steps: run_steps::encode(&log).filter(|_| keeps) });
    }

    async fn write(self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if !self.runs.is_empty() {
            runs::insert(transaction, &self.runs).await?;
        }
        if !self.checkpoints.is_empty() {
            checkpoints::insert(transaction, &self.checkpoints).await?;
        }
        Ok(())
    }
}

/// Writes a run that the database has. When it has ended it wakes the run that waits for its record.
async fn renew(
    transaction: &Transaction<'_>,
    one: &RunEffects,
    resume: Resume,
    steps: i32,
    has_passed: bool,
    alarms: &mut Alarms,
) -> Result<(), StoreError> {
    let RunEffects { run, forgets, document, wake, result, .. } = one;
    if *forgets {
        run_steps::forget(transaction, run.key()).await?;
    }
    runs::update(transaction, run, steps, *forgets).await?;
    let was_queued = match document {
        Some(document) => {
            checkpoints::renew(transaction, &resume, document, standing(wake.as_ref(), has_passed)).await?;
            false
        }
        None => checkpoints::remove(transaction, &resume).await?,
    };
    match wake {
        Some(wake) => alarms.set(Resume { revision: resume.revision + 1, ..resume }, wake),
        None => {
            if let Some(next) = serial_runs::leave(transaction, run).await? {
                alarms.set(next, &Wake::Now);
            }
            if let (Some(result), Some(parent)) = (result, run.parent) {
                run_results::put(transaction, run.key(), result).await?;
                for resume in checkpoints::child_ended(transaction, run.key(), parent, !was_queued).await? {
                    if resume.run.number == parent.run {
                        // What would wake it when it has waited for too long.
                        spool::withdraw(transaction, &Resume { revision: resume.revision - 1, ..resume }).await?;
                    }
                    runs::wake(transaction, resume.run).await?;
                    alarms.set(resume, &Wake::Now);
                }
            }
        }
    }
    Ok(())
}
