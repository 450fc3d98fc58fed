//! What becomes of one message. Whatever happens, its submissions end in the history, in the spool or among the
//! dead letters, committed, before the consumer may acknowledge it. The fault of one submission is kept from the
//! others by splitting: each goes on alone, as a spool row.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::bell::Bell;
use postern_shared::id::ReceiptId;
use postern_shared::lane::Lane;
use postern_shared::resume::RESUME_V1;
use postern_shared::store::dead_letters::{self, DeadLetter};
use postern_shared::store::{self, Conflicts, Store, StoreError, spool, tickets};
use postern_shared::submission::{self, SUBMISSIONS_V1, Submission, Ticket};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::budget::{Budget, Place};
use crate::catalog::Catalogs;
use crate::consumer::{Message, Origin, Settlement};
use crate::experience::Experience;
use crate::gather::{Ended, Gathering, Part};
use crate::metrics::Metrics;
use crate::outages::Outages;
use crate::outside::Outside;
use crate::patience::{AWAY, Patience};
use crate::resume;
use crate::slow::Slow;
use crate::waves::{self, Tally};

/// How often a submission is tried before it becomes a dead letter. With the delays below it has about a minute
/// in which a passing fault may pass.
pub const MAX_ATTEMPTS: u32 = 6;

/// From this many broken-off deliveries on, a message is taken apart before anything of it is executed: it may be
/// what kills its workers.
pub const SUSPECT_DELIVERIES: u32 = 2;

/// Executes messages.
#[derive(Debug, Clone)]
pub struct Handler {
    pub store: Store,
    pub catalogs: Arc<Catalogs>,
    pub metrics: Arc<Metrics>,
    /// What waits for a transaction in the default lane.
    pub gathering: Arc<Gathering>,
    /// The same of bursts, in transactions of their own: however long those take, the others find one.
    pub bursts: Arc<Gathering>,
    /// Whether what a transaction inserts may be there already.
    pub experience: Arc<Experience>,
    pub connections: Connections,
    pub outside: Outside,
    /// What its transactions know of each other.
    pub slow: Arc<Slow>,
    pub outages: Arc<Outages>,
    /// Rings when something may be due in the lanes of the spool alone.
    pub aside: Bell,
    /// Rings when a run may have come to the gate, or left its place behind it.
    pub gate: Bell,
}

/// Connections to PostgreSQL for runs that go on outside of bundles: a burst of them must not take those of the bundles,
/// nor those of one lane the ones of another.
#[derive(Debug, Clone)]
pub struct Connections {
    resuming: Arc<Semaphore>,
    calling: Arc<Semaphore>,
    slow: Arc<Semaphore>,
}

impl Connections {
    /// So many for each.
    pub fn new(resuming: usize, calling: usize, slow: usize) -> Self {
        let of = |count| Arc::new(Semaphore::new(count));
        Self { resuming: of(resuming), calling: of(calling), slow: of(slow) }
    }

    /// Those of the runs of a lane.
    pub fn of(&self, lane: Lane) -> &Semaphore {
        match lane {
            Lane::Calling => &self.calling,
            Lane::Slow => &self.slow,
            Lane::Default | Lane::Resuming | Lane::Bulk1 | Lane::Bulk2 | Lane::Bulk3 | Lane::Bulk4 => &self.resuming,
        }
    }
}

/// What is to be written instead of executing a message.
pub enum Verdict {
    /// All that it carried, together with what it says of itself as far as it could be read.
    Dead { letters: Vec<Letter>, reason: String },
    /// Each submission, or what wakes a run, becomes a spool row, due after a delay.
    Alone { bodies: Vec<Vec<u8>>, delay: Duration },
    /// Its row of the spool is due as before: nothing was tried.
    Back,
}

/// What becomes a dead letter.
pub struct Letter {
    pub receipt: Option<ReceiptId>,
    pub ticket: Option<Ticket>,
    pub body: Vec<u8>,
}

impl Letter {
    /// Of a message of which nothing more is known.
    pub fn whole(receipt: Option<ReceiptId>, body: &[u8]) -> Self {
        Self { receipt, ticket: None, body: body.to_vec() }
    }
}

impl Handler {
    /// Handles a message; returns when it may be acknowledged. While PostgreSQL is away it waits.
    pub async fn handle(self, message: Message) -> Settlement {
        // A call is no bundle: for most of its time it waits for its answer.
        let _under_way = (message.lane != Lane::Calling).then(|| self.metrics.under_way());
        let verdict = match message.kind.as_str() {
            RESUME_V1 => resume::handle(&self, &message).await,
            _ => self.submissions(&message).await,
        };
        let Some(verdict) = verdict else { return Settlement::Done };
        let (mut backoff, mut wait) = (AWAY, None);
        loop {
            match self.carry_out(&message, &verdict).await {
                Ok(()) | Err(StoreError::LeaseLost) => return Settlement::Done,
                Err(error) => {
                    if let Some(times) = self.outages.put_aside.failed(1) {
                        tracing::warn!(%error, times, "a message could not be put aside yet");
                    }
                    wait.get_or_insert_with(|| self.outages.wait()).goes_on(error.to_string());
                }
            }
            tokio::time::sleep(backoff.delay()).await;
        }
    }

    /// Tells those who wait for what was committed.
    pub fn ring(&self, tally: &Tally) {
        if tally.alarms {
            self.aside.ring();
        }
        if tally.gate {
            self.gate.ring();
        }
    }

    async fn submissions(&self, message: &Message) -> Option<Verdict> {
        match self.read(message) {
            Ok(submissions) if submissions.is_empty() => None,
            Ok(submissions) => self.execute(message, submissions).await,
            Err(verdict) => Some(verdict),
        }
    }

    /// The submissions of a message that may be executed as they are.
    fn read(&self, message: &Message) -> Result<Vec<Submission>, Verdict> {
        let dead = |reason: String| Verdict::Dead { letters: vec![Letter::whole(None, &message.body)], reason };
        if message.kind != SUBMISSIONS_V1 {
            return Err(dead(format!("the kind {:?} is not known to this version", message.kind)));
        }
        let submissions = submission::unbundle(&message.body).map_err(|error| dead(error.to_string()))?;
        if let Origin::DeadLetter { reason } = &message.origin {
            return Err(dead_letters_of(&submissions, format!("the broker gave it up: {reason}")));
        }
        if message.delivery_count >= SUSPECT_DELIVERIES {
            let deliveries = message.delivery_count;
            tracing::warn!(deliveries, submissions = submissions.len(), "a message broke off its workers: taken apart");
            return Err(again(message, &submissions, Duration::ZERO, || {
                format!("{deliveries} workers in a row broke off while they had it")
            }));
        }
        Ok(submissions)
    }

    async fn execute(&self, message: &Message, submissions: Vec<Submission>) -> Option<Verdict> {
        let (submissions, bytes) = (submissions.into(), message.body.len());
        let part = Part { submissions, bytes, lease: message.lease };
        let gathering = if message.lane == Lane::Default { &self.gathering } else { &self.bursts };
        let ended = match gathering.together(part.clone(), async |parts| self.commit(parts).await).await {
            Ended::Done => Ok(()),
            Ended::Failed(error) => Err(error),
            Ended::NotTogether => gathering.alone(self.commit(std::slice::from_ref(&part))).await,
        };
        match ended {
            // With a lost lease: whoever has it now does the work.
            Ok(()) | Err(StoreError::LeaseLost) => None,
            Err(error) => Some(self.refused(message, &part.submissions, &error)),
        }
    }

    /// Executes submissions, again and again while it is nobody's fault that this fails.
    async fn commit(&self, parts: &[Part]) -> Result<(), StoreError> {
        let submissions = parts.iter().map(|part| part.submissions.len()).sum();
        let mut patience = Patience::new(&self.metrics, &self.outages, "a bundle").with_several(submissions > 1);
        let started = Instant::now();
        let mut conflicts = self.experience.expects(submissions);
        loop {
            match self.attempt(parts, conflicts).await {
                Ok(tally) => {
                    self.outages.committed();
                    self.metrics.executed(&tally, started.elapsed());
                    self.ring(&tally);
                    return Ok(());
                }
                Err(StoreError::Taken) => {
                    self.experience.surprised();
                    self.metrics.redone("taken");
                    conflicts = Conflicts::Expected;
                }
                Err(error) => patience.outlast(error).await?,
            }
        }
    }

    /// What becomes of submissions that the store does not take.
    fn refused(&self, message: &Message, submissions: &[Submission], error: &StoreError) -> Verdict {
        if submissions.len() == 1 && matches!(error, StoreError::OutsideHistory) {
            return dead_letters_of(submissions, error.to_string());
        }
        self.metrics.redone("refused");
        if let Some(bundles) = self.outages.refused.failed(1) {
            tracing::warn!(%error, submissions = submissions.len(), bundles, "a bundle was refused");
        }
        let delay = if submissions.len() > 1 { Duration::ZERO } else { retry_delay(message.attempt) };
        again(message, submissions, delay, || error.to_string())
    }

    async fn attempt(&self, parts: &[Part], conflicts: Conflicts) -> Result<Tally, StoreError> {
        let submissions = || parts.iter().flat_map(|part| part.submissions.iter());
        let wanted = submissions().map(|one| one.settings_version).max().unwrap_or(0);
        let catalog = self.catalogs.at_least(wanted).await?;
        let mut connection = self.store.connection().await?;
        let transaction = store::begin(&mut connection).await?;
        let budget = Budget::new(Place::Bundle, Arc::clone(&self.slow));
        let tally = waves::execute(&transaction, &catalog, submissions(), conflicts, budget).await?;
        let leases: Vec<_> = parts.iter().filter_map(|part| part.lease).collect();
        spool::finish_with(&transaction, &leases).await?;
        store::commit(transaction).await?;
        Ok(tally)
    }

    async fn carry_out(&self, message: &Message, verdict: &Verdict) -> Result<(), StoreError> {
        let attempt = i32::try_from(message.attempt).unwrap_or(i32::MAX);
        let mut connection = self.store.connection().await?;
        let transaction = store::begin(&mut connection).await?;
        match (verdict, message.lease) {
            (Verdict::Dead { letters, reason }, _) => {
                for Letter { receipt, body, .. } in letters {
                    let letter = DeadLetter { receipt: *receipt, kind: &message.kind, body, reason, attempt };
                    dead_letters::put(&transaction, &letter).await?;
                }
                let numbers: Vec<_> = letters.iter().filter_map(|letter| Some((letter.ticket?, None))).collect();
                tickets::arrive(&transaction, &numbers).await?;
            }
            (Verdict::Back, lease) => {
                if let Some(lease) = lease {
                    spool::again(&transaction, lease, attempt, Duration::ZERO).await?;
                }
            }
            // As it stands, with its pair.
            (Verdict::Alone { delay, .. }, Some(lease)) if message.kind == RESUME_V1 => {
                spool::again(&transaction, lease, attempt.saturating_add(1), *delay).await?;
            }
            (Verdict::Alone { bodies, delay }, _) => {
                let messages: Vec<_> = bodies.iter().map(|body| (message.lane, body.clone())).collect();
                spool::put(&transaction, &message.kind, &messages, attempt.saturating_add(1), *delay).await?;
            }
        }
        message.settle_with(&transaction).await?;
        store::commit(transaction).await?;
        self.outages.committed();
        if let Verdict::Dead { letters, reason } = verdict {
            self.metrics.dead(letters.len());
            if let Some(letters) = self.outages.dead.failed(letters.len() as u64) {
                tracing::error!(letters, reason, "dead letters were written: someone must look at them");
            }
        }
        Ok(())
    }
}

/// Another try for each submission alone, or its end as a dead letter if it has had them all.
fn again(message: &Message, submissions: &[Submission], delay: Duration, why: impl Fn() -> String) -> Verdict {
    if has_had_all_tries(message) {
        return dead_letters_of(submissions, format!("{} after {MAX_ATTEMPTS} tries", why()));
    }
    Verdict::Alone { bodies: submissions.iter().map(alone).collect(), delay }
}

fn dead_letters_of(submissions: &[Submission], reason: String) -> Verdict {
    let letter = |one: &Submission| Letter { receipt: Some(one.receipt), ticket: one.ticket, body: alone(one) };
    Verdict::Dead { letters: submissions.iter().map(letter).collect(), reason }
}

/// A bundle of one.
fn alone(submission: &Submission) -> Vec<u8> {
    // A submission that was read from JSON can be written as JSON.
    submission::bundle([submission::encode(submission).unwrap_or_default().as_slice()])
}

/// Whether the try that is under way is the last.
pub fn has_had_all_tries(message: &Message) -> bool {
    message.attempt.saturating_add(1) >= MAX_ATTEMPTS
}

/// 1, 2, 4, … seconds.
pub fn retry_delay(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(MAX_ATTEMPTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_tried_again_until_it_has_had_all_its_tries_whatever_its_header_says() {
        let dies = |attempt: u32| {
            let (kind, message_id) = (SUBMISSIONS_V1.to_owned(), String::new());
            let (body, origin, lane) = (vec![], Origin::Lane, Lane::Default);
            let (delivery_count, lease, pair, is_overdue) = (0, None, None, false);
            let message =
                Message { kind, body, message_id, attempt, delivery_count, origin, lane, lease, pair, is_overdue };
            matches!(again(&message, &[], Duration::ZERO, String::new), Verdict::Dead { .. })
        };
        assert!(!dies(0) && !dies(MAX_ATTEMPTS - 2));
        assert!(dies(MAX_ATTEMPTS - 1) && dies(u32::MAX));
    }
}
