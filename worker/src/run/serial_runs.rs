//! Whose turn it is on a record, for workflows whose runs do not go in parallel. Runs that begin and end in one
//! transaction are kept apart by the lock of the record; one that waits holds a claim until it ends, and those that
//! come meanwhile begin in the order of their receipts. The lock of the record comes before the claim.

use std::collections::{BTreeMap, HashSet};

use postern_shared::id::WorkflowId;
use postern_shared::record_ref::RecordRef;
use postern_shared::resume::{Resume, RunKey};
use postern_shared::store::checkpoints::Taken;
use postern_shared::store::claims::{self, Claim, Holder};
use postern_shared::store::runs::Run;
use postern_shared::store::{StoreError, Transaction, checkpoints, runs};

/// Who is on which record, as a bundle sees it.
#[derive(Debug, Default)]
pub struct SerialRuns {
    taken: HashSet<(WorkflowId, RecordRef)>,
    new: BTreeMap<Claim, (Holder, Option<u16>)>,
}

impl SerialRuns {
    /// Looks at the records on which runs of a bundle are to begin.
    pub async fn look(
        transaction: &Transaction<'_>,
        wanted: HashSet<(WorkflowId, RecordRef)>,
    ) -> Result<Self, StoreError> {
        let mut serial_runs = Self::default();
        if !wanted.is_empty() {
            let claims: BTreeMap<_, _> = wanted.into_iter().map(|one| (Claim::serial(one.0, &one.1), one)).collect();
            let holders = claims::holders(transaction, claims.keys()).await?;
            serial_runs.taken = holders.keys().filter_map(|claim| claims.get(claim).cloned()).collect();
        }
        Ok(serial_runs)
    }

    /// Whether another run of this workflow is on this record.
    pub fn is_taken(&self, turn: &(WorkflowId, RecordRef)) -> bool {
        self.taken.contains(turn)
    }

    /// A run stays on its record beyond the transaction.
    pub fn stay(&mut self, run: RunKey, turn: (WorkflowId, RecordRef)) {
        self.new.insert(Claim::serial(turn.0, &turn.1), (run.into(), None));
        self.taken.insert(turn);
    }

    /// The claims of the runs that stay.
    pub fn into_stays(self) -> BTreeMap<Claim, (Holder, Option<u16>)> {
        self.new
    }
}

/// Writes the claims of runs that stay on their records.
pub async fn stay(
    transaction: &Transaction<'_>,
    stays: &BTreeMap<Claim, (Holder, Option<u16>)>,
) -> Result<(), StoreError> {
    if stays.is_empty() {
        return Ok(());
    }
    let holders = claims::take(transaction, stays).await?;
    let all_mine = stays.iter().all(|(claim, (holder, _))| holders.get(claim) == Some(holder));
    if all_mine { Ok(()) } else { Err(StoreError::Conflict("another run is on the record".into())) }
}

/// Whether a run that goes on may be on its record: it takes the claim or has it.
pub async fn enter(transaction: &Transaction<'_>, run: &Run) -> Result<bool, StoreError> {
    let Some(record) = &run.record else { return Ok(true) };
    let (claim, holder) = (Claim::serial(run.workflow, record), Holder::from(run.key()));
    let holders = claims::take(transaction, &BTreeMap::from([(claim.clone(), (holder, None))])).await?;
    Ok(holders.get(&claim) == Some(&holder))
}

/// The record of a run, if the run that is on the record waits for this one: neither would ever go on.
pub async fn waits_for_itself(transaction: &Transaction<'_>, taken: &Taken) -> Result<Option<RecordRef>, StoreError> {
    let run = &taken.run;
    let (Some(record), Some(_), Some(parent)) = (&run.record, &taken.checkpoint.awaited, run.parent) else {
        return Ok(None);
    };
    let claim = Claim::serial(run.workflow, record);
    let holders = claims::holders(transaction, std::iter::once(&claim)).await?;
    let Some(holder) = holders.get(&claim).filter(|holder| holder.receipt == run.receipt) else { return Ok(None) };
    let waiting = checkpoints::wait_for(transaction, run.receipt, parent.run).await?;
    Ok(waiting.contains(&holder.run).then(|| record.clone()))
}

/// A run has ended: if it was on its record, the next one there may go on. Returns what wakes it.
pub async fn leave(transaction: &Transaction<'_>, run: &Run) -> Result<Option<Resume>, StoreError> {
    let Some(record) = &run.record else { return Ok(None) };
    let (claim, mine) = (Claim::serial(run.workflow, record), Holder::from(run.key()));
    if claims::holders(transaction, std::iter::once(&claim)).await?.get(&claim) != Some(&mine) {
        return Ok(None);
    }
    let next = checkpoints::next_in_turn(transaction, run.workflow, record).await?;
    let holder = next.as_ref().map(|next| Holder::from(next.run));
    claims::hand_on(transaction, &claim, &mine, holder.as_ref()).await?;
    if let Some(next) = &next {
        runs::wake(transaction, next.run).await?;
    }
    Ok(next)
}
