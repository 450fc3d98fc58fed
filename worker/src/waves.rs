//! A bundle advances in waves: every submission goes on in memory to its next question to the database; each
//! wave asks one sorted, deduplicated statement per kind. The runs of one submission go one after another, in
//! order; those of different submissions side by side, unless they share a record on which a workflow does not run in
//! parallel (other bundles wait for the lock of that record). Everything happens in the caller's transaction.

mod sequence;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use postern_shared::expression::{Related, Scope};
use postern_shared::id::ReceiptId;
use postern_shared::store::receipts::NewReceipt;
use postern_shared::store::runs::{Run, State};
use postern_shared::store::{
    self, Conflicts, StoreError, Transaction, comments, receipts, records, responses, run_log, runs,
};
use postern_shared::submission::Submission;

use crate::breath::Breath;
use crate::budget::Budget;
use crate::catalog::Catalog;
use crate::checkpoint::{Checkpoints, Wake};
use crate::children;
use crate::claims;
use crate::clock::Clock;
use crate::desk::Desk;
use crate::names::Names;
use crate::questions;
use crate::related;
use crate::resolve::{Resolved, meant, resolve};
use crate::slow::Cost;
use crate::task::{Answer, Question};
use crate::turns::Turns;
use sequence::{Sequence, Sequences};

/// What became of a bundle, for the metrics.
#[derive(Debug, Default)]
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
    /// Whether a run waits before the gate of its workflow, or has left its place behind it.
    pub gate: bool,
    /// Runs that go on alone, by [`Cost::ALL`].
    pub slow: [usize; Cost::ALL.len()],
    /// What wakes the runs that go on at once: to be brought on its way when this is committed.
    pub alarms: bool,
}

impl Tally {
    /// Counts a run that goes on alone, if it does.
    pub fn count_slow(&mut self, cost: Option<Cost>) {
        if let Some(cost) = cost {
            self.slow[cost as usize] += 1;
        }
    }

    /// Counts a run, if it has ended.
    pub fn count(&mut self, run: &Run) {
        match run.state {
            State::Finished => self.finished += 1,
            State::Failed => self.failed += 1,
            State::Running | State::Waiting | State::Held | State::NeedsAttention => {}
        }
    }
}

/// Claims, resolves and executes the submissions, and writes all that became of them. Nothing is committed.
pub async fn execute(
    transaction: &Transaction<'_>,
    catalog: &Arc<Catalog>,
    submissions: impl Iterator<Item = &Submission>,
    conflicts: Conflicts,
    budget: Budget,
) -> Result<Tally, StoreError> {
    let began = Instant::now();
    let submissions = sorted(submissions);
    let mut desk = Desk::new(Arc::clone(catalog), conflicts, budget);
    lock_records(transaction, &submissions, &mut desk).await?;
    look_at_related(transaction, catalog, &submissions, &mut desk).await?;
    let mut breath = Breath::new();
    let mut resolved = Vec::new();
    for one in &submissions {
        resolved.push(start(catalog, one, &desk));
        breath.take(transaction).await?;
    }
    let duplicates = claims::duplicates(transaction, &submissions).await?;
    let first = submissions.iter().zip(&mut resolved).filter(|(one, _)| !duplicates.contains_key(&one.receipt));
    claims::once_per_record(transaction, first.map(|(one, (resolved, _))| (*one, resolved)).collect()).await?;
    if resolved.iter().any(|(one, _)| one.start.iter().any(|pinned| pinned.has_delays())) {
        desk.clock = Clock::new(store::time(transaction).await?, began);
    }
    let receipts: Vec<_> = (submissions.iter().zip(&resolved))
        .map(|(one, (resolved, _))| NewReceipt {
            submission: one,
            skipped: resolved.skipped.clone(),
            duplicate_of: duplicates.get(&one.receipt).copied(),
            unmatched: resolved.start.is_empty() && !duplicates.contains_key(&one.receipt),
            places: resolved.start.len(),
        })
        .collect();
    let claimed = receipts::claim(transaction, &receipts, conflicts).await?;

    let mut tally = Tally { claimed: claimed.len(), known: submissions.len() - claimed.len(), ..Tally::default() };
    let mut sequences = Sequences::default();
    for (submission, (resolved, scope)) in submissions.iter().zip(resolved) {
        if claimed.contains(&submission.receipt) {
            tally.accepted_at_ms.push(submission.accepted_at_ms);
            if duplicates.contains_key(&submission.receipt) {
                tally.duplicates += 1;
                continue;
            }
            tally.unmatched += usize::from(resolved.start.is_empty());
            sequences.add(submission, resolved, &scope);
        }
    }
    let mut turns = Turns::look(transaction, sequences.alone()).await?;
    run_in_waves(transaction, &mut sequences, &mut desk, &mut turns).await?;
    write(transaction, sequences.all, &mut desk, &mut tally).await?;
    turns.write(transaction).await?;
    let awaited = submissions.iter().filter(|one| one.waits && claimed.contains(&one.receipt));
    responses::notify(transaction, &awaited.map(|one| one.receipt).collect::<Vec<_>>()).await?;
    Ok(tally)
}

/// In the order of the receipts, each once: the order in which they are claimed.
fn sorted<'a>(submissions: impl Iterator<Item = &'a Submission>) -> Vec<&'a Submission> {
    let mut sorted: Vec<&Submission> = submissions.collect();
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

/// Looks at the records that the conditions of starts refer to.
async fn look_at_related(
    transaction: &Transaction<'_>,
    catalog: &Catalog,
    submissions: &[&Submission],
    desk: &mut Desk,
) -> Result<(), StoreError> {
    let referred = submissions.iter().flat_map(|one| {
        let record = one.record.and_then(|id| desk.fields(id));
        related::missing(&start_related(catalog, one), record.as_deref(), desk)
    });
    questions::look(transaction, referred.collect(), desk).await
}

/// What the conditions refer to by which the workflows of a submission start.
fn start_related(catalog: &Catalog, submission: &Submission) -> Vec<Related> {
    let conditions = meant(catalog, submission).iter().filter_map(|pinned| pinned.workflow.start.condition.as_ref());
    conditions.flat_map(|condition| &condition.reads().related).cloned().collect()
}

fn start(catalog: &Catalog, submission: &Submission, desk: &Desk) -> (Resolved, Scope) {
    let record = submission.record.and_then(|id| desk.fields(id));
    let scope = Scope {
        related: related::values(&start_related(catalog, submission), record.as_deref(), desk),
        env: Arc::new(submission.env.clone()),
        query: Arc::new(submission.query.clone()),
        request: Arc::new(submission.request.clone()),
        record,
    };
    let module = submission.record.and_then(|id| desk.module(id));
    (resolve(catalog, submission, module, &scope), scope)
}

async fn run_in_waves(
    transaction: &Transaction<'_>,
    sequences: &mut Sequences<'_>,
    desk: &mut Desk,
    turns: &mut Turns,
) -> Result<(), StoreError> {
    let Sequences { all: sequences, going, .. } = sequences;
    let mut answers: Vec<Option<Answer>> = sequences.iter().map(|_| None).collect();
    let mut breath = Breath::new();
    desk.budget.begin();
    while !going.is_empty() {
        let mut asked: Vec<(usize, Question)> = Vec::new();
        while let Some(at) = going.pop_front() {
            match sequences[at].advance(answers[at].take(), desk, turns, &mut breath, transaction).await? {
                Some(question) => asked.push((at, question)),
                None => going.extend(sequences[at].next),
            }
        }
        let (began, searched, askers) = (Instant::now(), desk.budget.searched(), asked.len());
        going.extend(asked.iter().map(|(at, _)| *at));
        for (at, answer) in questions::ask(transaction, asked, desk).await? {
            answers[at] = Some(answer);
        }
        let share = desk.budget.share(began.elapsed(), searched, askers);
        going.iter().for_each(|at| sequences[*at].charge(share));
        breath.rest();
    }
    Ok(())
}

async fn write(
    transaction: &Transaction<'_>,
    sequences: Vec<Sequence<'_>>,
    desk: &mut Desk,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    questions::flush(transaction, desk).await?;
    let said = desk.take_comments();
    if !said.is_empty() {
        comments::append(transaction, &said).await?;
    }
    responses::put(transaction, &desk.take_responses()).await?;
    let started = desk.take_started();
    let mut of_children: HashMap<ReceiptId, Names> = HashMap::new();
    for child in &started {
        // What it reads nobody knows yet; none of it shall count as posted in vain.
        of_children.entry(child.run.receipt).or_default().expect(&child.pinned.reads);
    }
    let (mut all, mut log, mut unmet, mut checkpoints) =
        (Vec::new(), Vec::new(), Vec::new(), Checkpoints::new(desk.clock.began()));
    for Sequence { submission, mut names, ended, .. } in sequences {
        for execution in ended {
            let parts = execution.into_parts();
            tally.count(&parts.run);
            tally.count_slow(parts.slow);
            tally.gate |= parts.wake == Some(Wake::AtGate);
            if let Some(document) = parts.document {
                checkpoints.add(&parts.run, document, parts.wake);
            }
            all.push(parts.run);
            log.extend(parts.log);
            names.add(parts.names);
        }
        names.add(of_children.remove(&submission.receipt).unwrap_or_default());
        unmet.extend(names.unmet(&submission.env, &submission.read).map(|unmet| (submission.receipt, unmet)));
    }
    if !all.is_empty() {
        runs::insert(transaction, &all).await?;
    }
    if !log.is_empty() {
        run_log::append(transaction, &log).await?;
    }
    tally.alarms = checkpoints.write(transaction).await?;
    tally.alarms |= children::write(transaction, started, desk.clock.began()).await?;
    receipts::note_unmet(transaction, &unmet).await
}
