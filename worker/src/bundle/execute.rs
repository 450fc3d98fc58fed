//! A bundle advances in waves: every submission goes on in memory to its next query to the database; each
//! wave asks one sorted, deduplicated statement per kind. The runs of one submission go one after another, in
//! order; those of different submissions side by side, unless they share a record on which a workflow does not run in
//! parallel (other bundles wait for the lock of that record). Everything happens in the caller's transaction.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use postern_shared::comparison::Notes;
use postern_shared::expression::{Related, Scope};
use postern_shared::id::ReceiptId;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::receipts::{NewReceipt, Unmet};
use postern_shared::store::{self, Conflicts, StoreError, Transaction, receipts, records};
use postern_shared::submission::Submission;
use postern_shared::workflow::Workflow;
use postern_traces::Span;

use crate::bundle::budget::BundleBudget;
use crate::bundle::clock::Clock;
use crate::bundle::effects::write::write;
use crate::bundle::effects::{Before, Effects};
use crate::bundle::keepalive::Keepalive;
use crate::bundle::queries;
use crate::bundle::sequence::{Sequence, Sequences};
use crate::bundle::unit_of_work::UnitOfWork;
use crate::matching::catalog::{Catalog, Pinned};
use crate::matching::dedupe;
use crate::matching::record_of::record_of;
use crate::matching::resolve::{Resolved, meant, resolve};
use crate::run::field_usage::FieldUsage;
use crate::run::serial_runs::SerialRuns;
use crate::run::tally::Tally;
use crate::run::{references, spans};
use crate::task::query::{Answer, Query};

/// Resolves and executes the submissions that nobody has executed, and writes all that became of them. Nothing is committed.
pub async fn execute(
    transaction: &Transaction<'_>,
    catalog: &Arc<Catalog>,
    submissions: impl Iterator<Item = &Submission>,
    (conflicts, is_traced): (Conflicts, bool),
    budget: BundleBudget,
) -> Result<Tally, StoreError> {
    let (began, begun_at) = (Instant::now(), is_traced.then(SystemTime::now));
    let submissions = sorted(submissions);
    let mut unit = UnitOfWork::new(Arc::clone(catalog), conflicts, budget);
    unit.is_traced = is_traced;
    lock_records(transaction, &submissions, &mut unit).await?;
    look_at_related(transaction, catalog, &submissions, &mut unit).await?;
    let mut keepalive = Keepalive::new();
    let mut resolved = Vec::new();
    for one in &submissions {
        resolved.push(start(catalog, one, &unit));
        keepalive.beat(transaction).await?;
    }
    let duplicates = dedupe::duplicates(transaction, &submissions).await?;
    let first = submissions.iter().zip(&mut resolved).filter(|(one, _)| !duplicates.contains_key(&one.receipt));
    let first = first.map(|(one, (resolved, _))| (*one, resolved)).collect();
    dedupe::once_per_record(transaction, catalog.modules(), first).await?;
    if resolved.iter().any(|(one, _)| one.start.iter().any(|pinned| pinned.has_delays())) {
        unit.clock = Clock::new(store::time(transaction).await?, began);
    }
    let ids: Vec<ReceiptId> = submissions.iter().map(|one| one.receipt).collect();
    let known = receipts::known(transaction, &ids, conflicts).await?;

    let (mut counted, mut sequences) = (Tally { known: known.len(), ..Tally::default() }, Sequences::default());
    let mut receipts = Vec::new();
    for (submission, (mut resolved, scope)) in submissions.iter().zip(resolved) {
        if known.contains(&submission.receipt) {
            continue;
        }
        let duplicate_of = duplicates.get(&submission.receipt).copied();
        let unmatched = resolved.start.is_empty() && duplicate_of.is_none();
        let (skipped, unmet) = (std::mem::take(&mut resolved.skipped), Unmet::default());
        let runs = if duplicate_of.is_some() { 0 } else { i16::try_from(resolved.start.len()).unwrap_or(i16::MAX) };
        let record = record_of_receipt(catalog, submission);
        receipts.push(NewReceipt { submission, record, skipped, duplicate_of, unmatched, runs, unmet });
        counted.claimed += 1;
        counted.log.taken(submission, duplicate_of.is_some(), unmatched);
        counted.accepted_at_ms.push(submission.accepted_at_ms);
        counted.duplicates += usize::from(duplicate_of.is_some());
        counted.unmatched += usize::from(unmatched);
        if duplicate_of.is_none() {
            unit.numbers.insert(submission.receipt, runs);
            sequences.add(submission, resolved, &scope, unit.modules());
        }
    }
    let mut serial_runs = SerialRuns::look(transaction, sequences.alone()).await?;
    run_in_waves(transaction, &mut sequences, &mut unit, &mut serial_runs).await?;
    let mut unmet = collect(sequences.all, &mut unit.effects);
    unit.effects.stays = serial_runs.into_stays();
    let awaited = receipts.iter().map(|one| one.submission).filter(|one| one.waits);
    unit.effects.awaited = awaited.map(|one| one.receipt).collect();
    for one in &mut receipts {
        one.runs = unit.numbers.get(&one.submission.receipt).copied().unwrap_or(one.runs);
        one.unmet = unmet.remove(&one.submission.receipt).unwrap_or_default();
    }
    receipts::insert(transaction, &receipts).await?;
    unit.effects.receipts = receipts.iter().map(|one| one.submission.receipt).collect();
    counted = counted.with_runs(write(transaction, &mut unit).await?);
    counted.spans.extend(begun_at.into_iter().flat_map(|at| receipts.iter().filter_map(move |one| span(one, at))));
    Ok(counted)
}

fn span(receipt: &NewReceipt<'_>, began: SystemTime) -> Option<Span> {
    let outcome = match (receipt.duplicate_of, receipt.unmatched) {
        (Some(_), _) => "duplicate",
        (None, true) => "unmatched",
        (None, false) => "claimed",
    };
    spans::of_receipt(receipt.submission, outcome, began)
}

/// In the order of the receipts, each once: the order in which they are inserted.
fn sorted<'a>(submissions: impl Iterator<Item = &'a Submission>) -> Vec<&'a Submission> {
    let mut sorted: Vec<&Submission> = submissions.collect();
    sorted.sort_by_key(|one| one.receipt);
    sorted.dedup_by_key(|one| one.receipt);
    sorted
}

/// The record that a receipt is about: that of the own table, unless all workflows that are meant run on a module that another
/// system keeps.
fn record_of_receipt(catalog: &Catalog, submission: &Submission) -> Option<RecordRef> {
    let record = submission.record.clone()?;
    let named = |pinned: &Arc<Pinned>| record_of(catalog.modules(), &pinned.workflow, record.clone());
    let mut connected = meant(catalog, submission).iter().map(named);
    let first = connected.next().filter(|first| connected.all(|one| one == *first));
    Some(first.unwrap_or(record))
}

async fn lock_records(
    transaction: &Transaction<'_>,
    submissions: &[&Submission],
    unit: &mut UnitOfWork,
) -> Result<(), StoreError> {
    let mut ids: Vec<_> = submissions.iter().filter_map(|one| one.record.as_ref()?.own()).collect();
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        let found = records::lock(transaction, &ids).await?;
        unit.take_in(&ids, found);
    }
    Ok(())
}

/// Looks at the records that the conditions of starts refer to.
async fn look_at_related(
    transaction: &Transaction<'_>,
    catalog: &Catalog,
    submissions: &[&Submission],
    unit: &mut UnitOfWork,
) -> Result<(), StoreError> {
    let referred = submissions.iter().flat_map(|one| {
        let record = one.record.as_ref().and_then(RecordRef::own).and_then(|id| unit.fields(id));
        references::missing(&start_related(catalog, one), record.as_deref(), &one.env, unit)
    });
    queries::look(transaction, referred.collect(), unit).await
}

/// What the conditions refer to by which the workflows of a submission start.
fn start_related(catalog: &Catalog, submission: &Submission) -> Vec<Related> {
    let conditions = meant(catalog, submission).iter().filter_map(|pinned| pinned.workflow.start.condition.as_ref());
    conditions.flat_map(|condition| &condition.reads().related).cloned().collect()
}

fn start(catalog: &Catalog, submission: &Submission, unit: &UnitOfWork) -> (Resolved, Scope) {
    let id = submission.record.as_ref().and_then(RecordRef::own);
    let record = id.and_then(|id| unit.fields(id));
    let mut scope = Scope {
        related: references::values(&start_related(catalog, submission), record.as_deref(), &submission.env, unit),
        env: Arc::clone(&submission.env),
        query: Arc::clone(&submission.query),
        request: Arc::clone(&submission.request),
        var: Arc::clone(catalog.variables()),
        record,
        local: Arc::default(),
        notes: Notes::default(),
    };
    let module = id.and_then(|id| unit.module(id));
    let local = |workflow: &Workflow| unit.local(workflow, format!("{} start {}", submission.receipt, workflow.id));
    (resolve(catalog, submission, module, &mut scope, local), scope)
}

async fn run_in_waves(
    transaction: &Transaction<'_>,
    sequences: &mut Sequences<'_>,
    unit: &mut UnitOfWork,
    serial_runs: &mut SerialRuns,
) -> Result<(), StoreError> {
    let Sequences { all: sequences, going, .. } = sequences;
    let mut answers: Vec<Option<Answer>> = sequences.iter().map(|_| None).collect();
    let mut keepalive = Keepalive::new();
    unit.budget.begin();
    while !going.is_empty() {
        let mut asked: Vec<(usize, Query)> = Vec::new();
        while let Some(at) = going.pop_front() {
            match sequences[at].advance(answers[at].take(), unit, serial_runs, &mut keepalive, transaction).await? {
                Some(query) => asked.push((at, query)),
                None => going.extend(sequences[at].next),
            }
        }
        let (began, searched, askers) = (Instant::now(), unit.budget.searched(), asked.len());
        going.extend(asked.iter().map(|(at, _)| *at));
        for (at, answer) in queries::ask(transaction, asked, unit).await? {
            answers[at] = Some(answer);
        }
        let share = unit.budget.share(began.elapsed(), searched, askers);
        going.iter().for_each(|at| sequences[*at].charge(share));
        keepalive.reset();
    }
    Ok(())
}

/// Collects what became of the runs; returns the names of fields that did not meet.
fn collect(sequences: Vec<Sequence<'_>>, effects: &mut Effects) -> HashMap<ReceiptId, Unmet> {
    let mut all_unmet = HashMap::new();
    let mut of_children: HashMap<ReceiptId, FieldUsage> = HashMap::new();
    for child in &effects.child_runs {
        // What it reads nobody knows yet; none of it shall count as posted in vain.
        of_children.entry(child.run.receipt).or_default().expect(&child.pinned.reads);
    }
    for Sequence { submission, mut field_usage, runs, .. } in sequences {
        for execution in runs {
            let (run, read) = execution.into_effects(Before::New);
            effects.runs.push(run);
            field_usage.add(read);
        }
        field_usage.add(of_children.remove(&submission.receipt).unwrap_or_default());
        let unmet = field_usage.unmet(&submission.env, &submission.read);
        all_unmet.extend(unmet.map(|unmet| (submission.receipt, unmet)));
    }
    all_unmet
}
