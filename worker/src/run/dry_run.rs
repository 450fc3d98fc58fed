//! Dry runs: what people ask for who build a workflow. The engine of all runs runs a draft in one transaction, which is
//! rolled back. It goes beside the leads: with a connection that nothing else uses, one dry run at a time, in two seconds
//! at most; and it waits no longer for a record than a tenth of a second.

mod paths;
mod records;
mod report;
mod sent;
mod simulation;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use postern_shared::backoff::Backoff;
use postern_shared::dry_run::{Answer, MAX_TIME, Report, Request};
use postern_shared::log_limit::LogLimit;
use postern_shared::message::Message;
use postern_shared::store::dry_runs::{self, Canceller};
use postern_shared::store::{self, Connection, Store, StoreError, settings};
use postern_shared::workflow::Workflow;
use tokio::time::{sleep, timeout};

use self::simulation::Simulation;
use crate::bundle::clock::Clock;
use crate::matching::catalogs::Catalogs;
use crate::outside::Outside;

/// Connections to PostgreSQL for dry runs: one at a time, and no lead needs it.
const CONNECTIONS: usize = 1;

/// The first and the longest wait before another session.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Answers requests for dry runs.
#[derive(Debug)]
pub struct DryRuns {
    store: Store,
    catalogs: Arc<Catalogs>,
    outside: Outside,
}

impl DryRuns {
    /// With a pool of its own beside this store's.
    pub fn new(store: &Store, catalogs: Arc<Catalogs>, outside: Outside) -> Result<Self, StoreError> {
        Ok(Self { store: store.beside(CONNECTIONS)?, catalogs, outside })
    }

    /// Until it is aborted.
    pub async fn serve(self) {
        let (mut again, failures) = (Backoff::new(AGAIN.0, AGAIN.1), LogLimit::default());
        loop {
            if let Err(error) = self.session(&mut again).await
                && let Some(times) = failures.failed(1)
            {
                tracing::debug!(%error, times, "requests for dry runs cannot be heard");
            }
            sleep(again.delay()).await;
        }
    }

    async fn session(&self, again: &mut Backoff) -> Result<(), StoreError> {
        let mut listening = dry_runs::listen(&self.store).await?;
        loop {
            while self.take().await? {}
            again.reset();
            if dry_runs::hear(&mut listening).await.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes a request and answers it; returns whether there was one.
    async fn take(&self) -> Result<bool, StoreError> {
        let mut connection = self.store.connection().await?;
        let Some((id, request)) = dry_runs::take(&connection).await? else { return Ok(false) };
        let answer = match request {
            Some(request) => {
                let answered = AssertUnwindSafe(self.answer(&mut connection, request)).catch_unwind().await;
                answered.unwrap_or_else(|_| refused(Message::DryRunAway))
            }
            None => refused(Message::DryRunUnreadable),
        };
        match answer {
            Answer::Ran(_) => drop(connection),
            // What a panic or a time-out left on it is of no use to the next dry run.
            Answer::Refused { .. } => drop(Connection::take(connection)),
        }
        dry_runs::answer(&self.store.connection().await?, id, &answer).await?;
        Ok(true)
    }

    async fn answer(&self, connection: &mut Connection, request: Request) -> Answer {
        let canceller = Canceller::of(&self.store, connection);
        match timeout(MAX_TIME, self.run(connection, request)).await {
            Ok(Ok(report)) => Answer::Ran(Box::new(report)),
            Ok(Err(error)) => refused(reason(&error)),
            Err(_) => {
                canceller.cancel().await;
                refused(Message::DryRunLate { seconds: MAX_TIME.as_secs() })
            }
        }
    }

    /// Runs a workflow. Whatever becomes of it, nothing is committed.
    async fn run(&self, connection: &mut Connection, request: Request) -> Result<Report, StoreError> {
        let Ok(workflow) = Workflow::from_document(&request.document) else {
            return Err(StoreError::Schema("the workflow is of another version".into()));
        };
        // What was saved before the dry run was asked for is in force in it.
        let version = settings::version(connection).await?;
        let (catalog, pinned) = self.catalogs.at_least(version).await?.trying(workflow);
        let transaction = store::begin(connection).await?;
        dry_runs::bound(&transaction).await?;
        let began = Instant::now();
        let clock = Clock::new(store::time(&transaction).await?, began);
        let simulation = Simulation::new(&transaction, &self.outside, (Arc::new(catalog), clock), request);
        let report = simulation.run(pinned).await.map(report::of);
        store::roll_back(transaction).await?;
        report
    }
}

fn refused(reason: Message) -> Answer {
    Answer::Refused { reason }
}

fn reason(error: &StoreError) -> Message {
    match error {
        StoreError::Conflict(_) | StoreError::Taken => Message::DryRunBusy,
        StoreError::TookTooLong(_) => Message::DryRunLate { seconds: MAX_TIME.as_secs() },
        StoreError::Schema(_) => Message::DryRunUnreadable,
        StoreError::Refused(reason) => Message::StoreRefuses { reason: reason.clone() },
        StoreError::Away(_)
        | StoreError::Fenced
        | StoreError::LeaseLost
        | StoreError::OutsideHistory
        | StoreError::Settings(_) => Message::DryRunAway,
    }
}
