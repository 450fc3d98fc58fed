//! The clock of this machine, which gives each receipt its time, and so the partition that keeps it. A clock that jumped
//! to where the history has none would turn accepted leads into dead letters: then nothing is accepted. What the history
//! holds is known from a look at the database now and then; a request costs a comparison.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::id::ReceiptId;
use crate::store::history::{self, History};
use crate::store::{Store, StoreError};
use arc_swap::ArcSwapOption;
use jiff::Timestamp;

/// How often it is looked what the history holds: workers make it ahead by weeks.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Between two looks while the clock is outside of what is known.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The clock, with what is known of the history.
#[derive(Debug, Default)]
pub struct Clock {
    known: ArcSwapOption<Known>,
    outside: Notify,
}

#[derive(Debug)]
struct Known {
    history: History,
    /// When, by the clock that nobody can set.
    at: Instant,
}

impl Known {
    /// The time as the database would show it.
    fn database_now(&self) -> SystemTime {
        self.history.now + self.at.elapsed()
    }
}

/// The clock of this machine shows a time that the history does not hold.
#[derive(Debug)]
pub struct WrongClock {
    shows: SystemTime,
    known: Arc<Known>,
}

impl Clock {
    /// A receipt of this moment.
    pub fn receipt(&self) -> Result<ReceiptId, WrongClock> {
        let receipt = ReceiptId::new();
        self.check(receipt.time()).map(|()| receipt)
    }

    /// Whether a receipt of this moment can be kept.
    pub fn check_now(&self) -> Result<(), WrongClock> {
        self.check(SystemTime::now())
    }

    /// The time by which permissions expire: that of this machine, or that of the database while the former is wrong.
    pub fn now(&self) -> SystemTime {
        let shows = SystemTime::now();
        match &*self.known.load() {
            Some(known) if !known.history.holds(shows) => known.database_now(),
            _ => shows,
        }
    }

    /// Whether the history has a place for a receipt of this time, as far as is known.
    pub fn holds(&self, moment: SystemTime) -> bool {
        self.known.load().as_ref().is_some_and(|known| known.history.holds(moment))
    }

    /// Looks what the history holds.
    pub async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let history = history::held(&store.connection().await?).await?;
        self.known.store(Some(Arc::new(Known { history, at: Instant::now() })));
        Ok(())
    }

    /// Looks now and then, and soon after a time that is outside. While PostgreSQL is away what is known stays.
    pub async fn follow(&self, store: &Store) {
        loop {
            // Elapsed or outside: either way it looks.
            let _ = timeout(LOOK_EVERY, self.outside.notified()).await;
            if let Err(error) = self.look(store).await {
                tracing::debug!(%error, "it could not be looked what the history holds");
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn check(&self, moment: SystemTime) -> Result<(), WrongClock> {
        match &*self.known.load() {
            Some(known) if !known.history.holds(moment) => {
                self.outside.notify_one();
                Err(WrongClock { shows: moment, known: Arc::clone(known) })
            }
            _ => Ok(()),
        }
    }
}

/// For operators: what both show, and what to do.
impl fmt::Display for WrongClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shows, database) = (history::second(self.shows), history::second(self.known.database_now()));
        write!(
            f,
            "the clock of this machine shows {shows}, and the history holds {}: nothing can be accepted. \
             The clock of the database shows {database}. Set the clock that is wrong; if both are right, start a worker, \
             which makes the history ahead",
            self.known.history
        )
    }
}

/// RFC 3339 in UTC, with milliseconds.
pub fn time(moment: SystemTime) -> String {
    Timestamp::try_from(moment).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// The moment that a text names as RFC 3339 writes it.
pub fn moment(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(from: SystemTime, to: SystemTime, now: SystemTime) -> Clock {
        let known = Known { history: History::new(now, [(from, to)]), at: Instant::now() };
        Clock { known: ArcSwapOption::from_pointee(known), outside: Notify::new() }
    }

    #[test]
    fn a_receipt_is_made_only_of_a_time_that_the_history_holds() {
        let (now, week) = (SystemTime::now(), Duration::from_secs(7 * 24 * 3600));
        let right = knowing(now - week, now + week, now);
        assert!(right.receipt().is_ok() && right.check_now().is_ok());
        for wrong in [knowing(now + week, now + 2 * week, now + week), knowing(now - 2 * week, now - week, now - week)]
        {
            let error = wrong.receipt().unwrap_err().to_string();
            assert!(
                error.contains("the clock of this machine shows") && error.contains("the history holds"),
                "{error}"
            );
        }
        assert!(Clock::default().receipt().is_ok(), "nothing is known yet");
    }

    #[test]
    fn while_the_clock_is_outside_permissions_expire_by_that_of_the_database() {
        let (now, week) = (SystemTime::now(), Duration::from_secs(7 * 24 * 3600));
        let database = now - 10 * week;
        let past = knowing(database - week, database + week, database).now();
        assert!(past >= database && past < database + week);
        assert!(knowing(now - week, now + week, now - Duration::from_secs(60)).now() >= now);
    }
}
