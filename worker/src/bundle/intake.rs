//! What becomes of one message. Whatever happens, its submissions end in the history, in the spool or among the
//! dead letters, committed, before the consumer may acknowledge it. The fault of one submission is kept from the
//! others by splitting: each goes on alone, as a spool row.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::message::Message as Text;
use postern_shared::resume::RESUME_V1;
use postern_shared::store::forgetting::Lately;
use postern_shared::store::{self, Conflicts, StoreError, spool};
use postern_shared::submission::{self, SUBMISSIONS_V1, Submission};
use tokio::time::Instant;

use super::batcher::{Batcher, Ended, MAX_TOGETHER, Part};
use super::budget::{BundleBudget, Mode};
use super::conflict_policy::ConflictPolicy;
use super::execute::execute;
use super::retry::Retry;
use crate::consume::message::{Message, Origin, Settlement};
use crate::consume::set_aside::set_aside;
use crate::consume::verdict::{Letter, SUSPECT_DELIVERIES, Verdict, again, dead_letters_of, retry_delay, split};
use crate::matching::catalog::Catalog;
use crate::metrics::Slot;
use crate::resources::Resources;
use crate::run::resume;
use crate::run::tally::Tally;

/// Executes messages.
#[derive(Debug, Clone)]
pub struct Intake {
    pub resources: Resources,
    /// What waits for a transaction in the default lane.
    pub batcher: Arc<Batcher>,
    /// The same of bursts, in transactions of their own: however long those take, the others find one.
    pub burst_batcher: Arc<Batcher>,
    /// Whether what a transaction inserts may be there already.
    pub conflict_policy: Arc<ConflictPolicy>,
}

impl Intake {
    /// Handles a message; returns when it may be acknowledged. While PostgreSQL is away it waits.
    pub async fn handle(self, message: Message) -> Settlement {
        // A call is no bundle: for most of its time it waits for its answer.
        let _under_way = (message.lane != Lane::Calling).then(|| self.resources.metrics.under_way());
        let verdict = match message.kind.as_str() {
            RESUME_V1 => {
                let _in_use = self.resources.metrics.in_use(slot_of_run(message.lane));
                resume::handle(&self.resources, &message).await
            }
            _ => self.submissions(&message).await,
        };
        if let Some(verdict) = verdict {
            set_aside(&self.resources, &message, &verdict).await;
        }
        Settlement::Done
    }

    async fn submissions(&self, message: &Message) -> Option<Verdict> {
        // A worker that has just started knows nobody who was forgotten.
        let catalog = self.catalog().await.unwrap_or_default();
        match self.read(message, catalog.forgotten()) {
            // The probe of a publisher. A row of the spool goes with its transaction.
            Ok(submissions) if submissions.is_empty() && message.lease.is_none() => None,
            Ok(submissions) => self.execute(message, submissions).await,
            Err(verdict) => Some(verdict),
        }
    }

    /// The catalog in force, or the first one.
    async fn catalog(&self) -> Result<Arc<Catalog>, StoreError> {
        let mut retry = Retry::new(&self.resources.metrics, &self.resources.outages, "a bundle");
        loop {
            match self.resources.catalogs.at_least(0).await {
                Ok(catalog) => return Ok(catalog),
                Err(error) => retry.wait_out(error).await?,
            }
        }
    }

    /// The submissions of a message that may be executed as they are, without the persons that were forgotten.
    fn read(&self, message: &Message, forgotten: &Lately) -> Result<Vec<Submission>, Verdict> {
        let dead = |reason: Text| Verdict::Dead { letters: vec![Letter::whole(None, &message.body)], reason };
        if message.kind != SUBMISSIONS_V1 {
            return Err(dead(Text::KindUnknown { sent: format!("{:?}", message.kind) }));
        }
        let mut submissions = submission::unbundle(&message.body).map_err(|error| dead(error.into()))?;
        forgotten.blank(&mut submissions);
        if let Origin::DeadLetter { reason } = &message.origin {
            return Err(dead_letters_of(&submissions, Text::BrokerGaveUp { why: reason.clone() }));
        }
        if message.delivery_count >= SUSPECT_DELIVERIES {
            let deliveries = message.delivery_count;
            tracing::warn!(deliveries, submissions = submissions.len(), "a message broke off its workers: taken apart");
            return Err(again(message, &submissions, Duration::ZERO, || Text::WorkersBrokeOff { workers: deliveries }));
        }
        if submissions.len() > MAX_TOGETHER {
            return Err(split(&submissions));
        }
        Ok(submissions)
    }

    async fn execute(&self, message: &Message, submissions: Vec<Submission>) -> Option<Verdict> {
        let (submissions, bytes) = (submissions.into(), message.body.len());
        let part = Part { submissions, bytes, lease: message.lease };
        let (batcher, slot) = match message.lane {
            Lane::Default => (&self.batcher, Slot::Bundle),
            _ => (&self.burst_batcher, Slot::Burst),
        };
        let ended = match batcher.together(part.clone(), async |parts| self.commit(parts, slot).await).await {
            Ended::Done => Ok(()),
            Ended::Failed(error) => Err(error),
            Ended::NotTogether => batcher.alone(self.commit(std::slice::from_ref(&part), slot)).await,
        };
        match ended {
            // With a lost lease: whoever has it now does the work.
            Ok(()) | Err(StoreError::LeaseLost) => None,
            Err(error) => Some(self.refused(message, &part.submissions, &error)),
        }
    }

    /// Executes submissions, again and again while it is nobody's fault that this fails.
    async fn commit(&self, parts: &[Part], slot: Slot) -> Result<(), StoreError> {
        let _in_use = self.resources.metrics.in_use(slot);
        let submissions = parts.iter().map(|part| part.submissions.len()).sum();
        let mut retry =
            Retry::new(&self.resources.metrics, &self.resources.outages, "a bundle").with_several(submissions > 1);
        let started = Instant::now();
        let mut conflicts = self.conflict_policy.expects(submissions);
        loop {
            match self.attempt(parts, conflicts).await {
                Ok(tally) => {
                    self.resources.outages.committed();
                    self.resources.metrics.executed(&tally, started.elapsed());
                    tally.log.write();
                    self.resources.ring(&tally);
                    self.resources.traces.take(tally.spans);
                    return Ok(());
                }
                Err(StoreError::Taken) => {
                    self.conflict_policy.surprised();
                    self.resources.metrics.redone("taken");
                    conflicts = Conflicts::Expected;
                }
                Err(error) => retry.wait_out(error).await?,
            }
        }
    }

    /// What becomes of submissions that the store does not take.
    fn refused(&self, message: &Message, submissions: &[Submission], error: &StoreError) -> Verdict {
        if submissions.len() == 1 && matches!(error, StoreError::OutsideHistory) {
            return dead_letters_of(submissions, Text::OutsideHistory);
        }
        self.resources.metrics.redone("refused");
        if let Some(bundles) = self.resources.outages.refused.failed(1) {
            tracing::warn!(%error, submissions = submissions.len(), bundles, "a bundle was refused");
        }
        let delay = if submissions.len() > 1 { Duration::ZERO } else { retry_delay(message.attempt) };
        again(message, submissions, delay, || error.into())
    }

    async fn attempt(&self, parts: &[Part], conflicts: Conflicts) -> Result<Tally, StoreError> {
        let submissions = || parts.iter().flat_map(|part| part.submissions.iter());
        let wanted = submissions().map(|one| one.settings_version).max().unwrap_or(0);
        let catalog = self.resources.catalogs.at_least(wanted).await?;
        let mut connection = self.resources.store.connection().await?;
        let transaction = store::begin(&mut connection).await?;
        let budget = BundleBudget::new(Mode::Bundle, Arc::clone(&self.resources.slow_runs));
        let is_traced = self.resources.traces.is_on();
        let tally = execute(&transaction, &catalog, submissions(), (conflicts, is_traced), budget).await?;
        if tally.known > 0 {
            store::confirm_reads(&transaction).await?;
        }
        let leases: Vec<_> = parts.iter().filter_map(|part| part.lease).collect();
        spool::finish_with(&transaction, &leases).await?;
        store::commit(transaction).await?;
        let posted: usize = parts.iter().map(|part| part.bytes).sum();
        store::give_back(connection, posted + tally.checkpoint_bytes);
        Ok(tally)
    }
}

/// The slot of a run that goes on.
fn slot_of_run(lane: Lane) -> Slot {
    match lane {
        Lane::Calling => Slot::Call,
        Lane::Slow => Slot::Slow,
        Lane::Default | Lane::Resuming | Lane::Bulk1 | Lane::Bulk2 | Lane::Bulk3 | Lane::Bulk4 => Slot::Resuming,
    }
}
