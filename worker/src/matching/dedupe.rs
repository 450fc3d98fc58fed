//! What may happen only once, for the submissions of a bundle: one submission of a dedupe key, one run of a workflow
//! that runs once per record. Claims are taken in the bundle's transaction, in the order of their keys, and all bundles
//! take the two kinds in the same order. Delivered again, a submission finds that it holds its claims itself.

use std::collections::{BTreeMap, HashMap};

use postern_shared::id::ReceiptId;
use postern_shared::message::Message;
use postern_shared::module::Modules;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::claims::{self, Claim, Holder};
use postern_shared::store::receipts::Skipped;
use postern_shared::store::runs::Run;
use postern_shared::store::{StoreError, Transaction};
use postern_shared::submission::Submission;

use crate::matching::catalog::Pinned;
use crate::matching::record_of::record_of;
use crate::matching::resolve::Resolved;

/// The submissions whose dedupe key another receipt holds, with that receipt.
pub async fn duplicates(
    transaction: &Transaction<'_>,
    submissions: &[&Submission],
) -> Result<HashMap<ReceiptId, ReceiptId>, StoreError> {
    let claim = |one: &Submission| {
        let dedupe = one.dedupe.as_ref()?;
        Some((Claim::dedupe(&one.permission, &dedupe.key), dedupe.days))
    };
    let mut wanted = BTreeMap::new();
    for one in submissions {
        if let Some((claim, days)) = claim(one) {
            // The first of the bundle; the others of its key are its duplicates.
            wanted.entry(claim).or_insert((Holder::from(one.receipt), Some(days)));
        }
    }
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let holders = claims::take(transaction, &wanted).await?;
    let holder = |one: &&Submission| Some((one.receipt, holders.get(&claim(one)?.0)?.receipt));
    Ok(submissions.iter().filter_map(holder).filter(|(receipt, holder)| receipt != holder).collect())
}

/// Skips the workflows that run once per record and have run on it before.
pub async fn once_per_record(
    transaction: &Transaction<'_>,
    modules: &Modules,
    mut resolved: Vec<(&Submission, &mut Resolved)>,
) -> Result<(), StoreError> {
    let mut wanted = BTreeMap::new();
    for (submission, resolved) in &resolved {
        for pinned in resolved.start.iter().filter(|pinned| pinned.workflow.start.once_per_record) {
            // On a record of another system the run claims it when the record was read.
            if let Some(record) = own(modules, submission, pinned) {
                // The first of the bundle; it holds the claim for ever.
                wanted
                    .entry(Claim::once_per_record(pinned.workflow.id, &record))
                    .or_insert((Holder::from(submission.receipt), None));
            }
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let holders = claims::take(transaction, &wanted).await?;
    for (submission, Resolved { start, skipped, .. }) in &mut resolved {
        let mine = Holder::from(submission.receipt);
        start.retain(|pinned| {
            let id = pinned.workflow.id;
            let Some(record) = own(modules, submission, pinned) else { return true };
            let runs = !pinned.workflow.start.once_per_record
                || holders.get(&Claim::once_per_record(id, &record)).is_none_or(|holder| *holder == mine);
            if !runs {
                skipped.push(Skipped { workflow: Some(id), reason: Message::OncePerRecord { record } });
            }
            runs
        });
    }
    Ok(())
}

/// The own record that a submission names for a workflow.
fn own(modules: &Modules, submission: &Submission, pinned: &Pinned) -> Option<RecordRef> {
    let record = record_of(modules, &pinned.workflow, submission.record.clone()?);
    record.own().map(RecordRef::from)
}

/// Whether a run that another one started is the one that its workflow has on that record. All replays of a run are it.
pub async fn is_the_one(transaction: &Transaction<'_>, run: &Run, record: &RecordRef) -> Result<bool, StoreError> {
    let holder = Holder { receipt: run.receipt, run: run.first() };
    let claim = Claim::once_per_record(run.workflow, record);
    let holders = claims::take(transaction, &BTreeMap::from([(claim.clone(), (holder, None))])).await?;
    Ok(holders.get(&claim) == Some(&holder))
}
