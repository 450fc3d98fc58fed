//! A bundle advances in waves: every submission goes on in memory to its next question to the database; each
//! wave asks one sorted, deduplicated statement per kind. The runs of one submission go one after another, in
//! order; those of different submissions side by side. Everything happens in the caller's transaction.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::expression::Scope;
use postern_shared::store::receipts::NewReceipt;
use postern_shared::store::{self, StoreError, Transaction, comments, receipts, records, run_log, runs};
use postern_shared::submission::Submission;

use crate::catalog::Catalog;
use crate::claims;
use crate::desk::{Desk, Known};
use crate::engine::{Execution, Progress};
use crate::names::Names;
use crate::questions;
use crate::resolve::{Resolved, resolve};
use crate::task::{Answer, Question};

/// What became of a bundle, for the metrics.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Submissions that this transaction claimed.
    pub claimed: usize,
    /// When each of those was accepted: milliseconds since 1970, by the clock of the ingress.
    pub accepted_at_ms: Vec<i64>,
    /// Submissions that another delivery had claimed before.
    pub known: usize,
    /// Claimed submissions that another one of their permission had made before.
    pub duplicates: usize,
    /// Claimed submissions that started nothing.
    pub unmatched: usize,
    /// Runs that finished.
    pub finished: usize,
    /// Runs that failed.
    pub failed: usize,
}

/// The runs of one submission: the first goes on, the others wait for their turn.
struct Lane<'a> {
    submission: &'a Submission,
    /// What the conditions and the runs read.
    names: Names,
    runs: VecDeque<Execution>,
    ended: Vec<Execution>,
}

/// Claims, resolves and executes the submissions, and writes all that became of them. Nothing is committed.
pub async fn execute(
    transaction: &Transaction<'_>,
    catalog: &Catalog,
    submissions: &[Submission],
) -> Result<Tally, StoreError> {
    let submissions = sorted(submissions);
    let mut desk = Desk::default();
    lock_records(transaction, &submissions, &mut desk).await?;
    let mut breath = Breath::new();
    let mut resolved = Vec::new();
    for one in &submissions {
        resolved.push(start(catalog, one, &desk));
        breath.take(transaction).await?;
    }
    let duplicates = claims::duplicates(transaction, &submissions).await?;
    let first = submissions.iter().zip(&mut resolved).filter(|(one, _)| !duplicates.contains_key(&one.receipt));
    claims::once_per_record(transaction, first.map(|(one, (resolved, _))| (*one, resolved)).collect()).await?;
    let receipts: Vec<_> = (submissions.iter().zip(&resolved))
        .map(|(one, (resolved, _))| NewReceipt {
            submission: one,
            skipped: resolved.skipped.clone(),
            duplicate_of: duplicates.get(&one.receipt).copied(),
        })
        .collect();
    let claimed = receipts::claim(transaction, &receipts).await?;

    let mut tally = Tally { claimed: claimed.len(), known: submissions.len() - claimed.len(), ..Tally::default() };
    let mut lanes = Vec::new();
    for (submission, (resolved, scope)) in submissions.iter().zip(resolved) {
        if claimed.contains(&submission.receipt) {
            tally.accepted_at_ms.push(submission.accepted_at_ms);
            if duplicates.contains_key(&submission.receipt) {
                tally.duplicates += 1;
                continue;
            }
            tally.unmatched += usize::from(resolved.start.is_empty());
            lanes.push(lane(submission, resolved, &scope));
        }
    }
    run_in_waves(transaction, &mut lanes, &mut desk).await?;
    write(transaction, lanes, &mut desk, &mut tally).await?;
    Ok(tally)
}

/// In the order of the receipts, each once: the order in which they are claimed.
fn sorted(submissions: &[Submission]) -> Vec<&Submission> {
    let mut sorted: Vec<&Submission> = submissions.iter().collect();
    sorted.sort_by_key(|one| one.receipt);
    sorted.dedup_by_key(|one| one.receipt);
    sorted
}

async fn lock_records(
    transaction: &Transaction<'_>,
    submissions: &[&Submission],
    desk: &mut Desk,
) -> Result<(), StoreError> {
    let mut ids: Vec<_> = submissions.iter().filter_map(|one| one.record).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        let found = records::lock(transaction, &ids).await?;
        desk.take_in(&ids, found);
    }
    Ok(())
}

fn start(catalog: &Catalog, submission: &Submission, desk: &Desk) -> (Resolved, Scope) {
    let scope = Scope {
        env: Arc::new(submission.env.clone()),
        query: Arc::new(submission.query.clone()),
        request: Arc::new(submission.request.clone()),
        record: submission.record.and_then(|id| desk.fields(id)),
    };
    let module = submission.record.and_then(|id| match desk.get(id) {
        Known::There(module, _) => Some(module),
        Known::Unknown | Known::Missing => None,
    });
    (resolve(catalog, submission, module, &scope), scope)
}

fn lane<'a>(submission: &'a Submission, resolved: Resolved, scope: &Scope) -> Lane<'a> {
    let runs = (1..)
        .zip(resolved.start)
        .map(|(place, pinned)| Execution::new(pinned, place, submission.receipt, submission.record, scope.clone()));
    Lane { submission, names: resolved.names, runs: runs.collect(), ended: Vec::new() }
}

async fn run_in_waves(
    transaction: &Transaction<'_>,
    lanes: &mut [Lane<'_>],
    desk: &mut Desk,
) -> Result<(), StoreError> {
    let mut answers: Vec<Option<Answer>> = lanes.iter().map(|_| None).collect();
    let mut going: Vec<usize> = (0..lanes.len()).collect();
    let mut breath = Breath::new();
    while !going.is_empty() {
        let mut asked: Vec<(usize, Question)> = Vec::new();
        for at in going {
            if let Some(question) = lanes[at].advance(answers[at].take(), desk, &mut breath, transaction).await? {
                asked.push((at, question));
            }
        }
        going = asked.iter().map(|(at, _)| *at).collect();
        for (at, answer) in questions::ask(transaction, asked, desk).await? {
            answers[at] = Some(answer);
        }
    }
    Ok(())
}

/// Computing that takes long is interrupted by a statement now and then: PostgreSQL ends a transaction that idles for
/// too long, after which the bundle would begin anew for ever.
struct Breath(Instant);

impl Breath {
    /// A fifth of what PostgreSQL allows; a run computes for half of it at most.
    const EVERY: Duration = Duration::from_secs(2);

    fn new() -> Self {
        Self(Instant::now())
    }

    async fn take(&mut self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        if self.0.elapsed() > Self::EVERY {
            store::stay(transaction).await?;
            self.0 = Instant::now();
        }
        Ok(())
    }
}

impl Lane<'_> {
    /// Goes on until a run asks, or all have ended.
    async fn advance(
        &mut self,
        mut answer: Option<Answer>,
        desk: &mut Desk,
        breath: &mut Breath,
        transaction: &Transaction<'_>,
    ) -> Result<Option<Question>, StoreError> {
        while let Some(mut execution) = self.runs.pop_front() {
            breath.take(transaction).await?;
            match execution.advance(answer.take(), desk) {
                Progress::Asks(question) => {
                    self.runs.push_front(execution);
                    return Ok(Some(question));
                }
                Progress::Ended => self.ended.push(execution),
            }
        }
        Ok(None)
    }
}

async fn write(
    transaction: &Transaction<'_>,
    lanes: Vec<Lane<'_>>,
    desk: &mut Desk,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    questions::flush(transaction, desk).await?;
    let said = desk.take_comments();
    if !said.is_empty() {
        comments::append(transaction, &said).await?;
    }
    let (mut all, mut log, mut unmet) = (Vec::new(), Vec::new(), Vec::new());
    for Lane { submission, mut names, ended, .. } in lanes {
        for execution in ended {
            let (run, entries, read) = execution.into_parts();
            match run.state {
                runs::State::Failed => tally.failed += 1,
                _ => tally.finished += 1,
            }
            all.push(run);
            log.extend(entries);
            names.add(read);
        }
        unmet.extend(names.unmet(&submission.env).map(|unmet| (submission.receipt, unmet)));
    }
    if !all.is_empty() {
        runs::insert(transaction, &all).await?;
    }
    if !log.is_empty() {
        run_log::append(transaction, &log).await?;
    }
    receipts::note_unmet(transaction, &unmet).await
}
