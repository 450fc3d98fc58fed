//! What waits, for the metrics: submissions, runs, and what waits for a person. Workers look, and control, which tells of a
//! backlog also while no worker runs. All of them see the same, so whoever reads the gauges takes the greatest.

use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, IntGauge, IntGaugeVec, Opts, Registry};
use tokio::time::sleep;

use crate::lane::Lane;
use crate::store::backlog::{self, Backlog};
use crate::store::spool::Count;
use crate::store::{Store, StoreError, overview, spool};

/// How often: a Prometheus asks every 15 s, and an autoscaler should see what is true now.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The rest after a look, as a multiple of its time: looking must not load a database that is slow.
const REST_SHARE: u32 = 50;

/// The values of the label `lane`: of submissions, whether in the broker or in the spool, and of runs that go on.
const LANES: [&str; 4] = ["submissions", "resuming", "calling", "slow"];

/// What waits.
#[derive(Debug)]
pub struct BacklogMetrics {
    leads: IntGauge,
    oldest: GaugeVec,
    drained: Gauge,
    due: IntGaugeVec,
    parked: IntGauge,
    submissions: IntGauge,
    messages: IntGauge,
    dead_letters: IntGauge,
    undecided: IntGauge,
}

impl BacklogMetrics {
    /// Registers them for a component: `worker` or `control`.
    ///
    /// # Errors
    /// They are registered already.
    #[expect(clippy::too_many_lines, reason = "one entry a metric, with its help")]
    pub fn register(registry: &Registry, component: &str) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            leads: IntGauge::with_opts(
                Opts::new(
                    "postern_backlog_leads",
                    "Submissions that were answered with 202 and that no worker has executed yet, wherever they wait. The \
                     same in every process; take the greatest.",
                )
                .const_label("component", component),
            )?,
            oldest: GaugeVec::new(
                Opts::new(
                    "postern_oldest_waiting_seconds",
                    "Age of what has waited longest for a worker, by lane: submissions, resuming, calling (calls of other \
                     systems), slow. The same in every process.",
                )
                .const_label("component", component),
                &["lane"],
            )?,
            drained: Gauge::with_opts(
                Opts::new(
                    "postern_seconds_to_drain",
                    "When the backlog will be empty, by what was executed and accepted in the last 30 s: +Inf while it does \
                     not become smaller. The same in every process.",
                )
                .const_label("component", component),
            )?,
            due: IntGaugeVec::new(
                Opts::new(
                    "postern_spool_due_messages",
                    "Messages in the spool that are due and that nobody has taken, by lane: submissions, resuming, calling, \
                     slow. The same in every process.",
                )
                .const_label("component", component),
                &["lane"],
            )?,
            parked: IntGauge::with_opts(
                Opts::new(
                    "postern_spool_parked_messages",
                    "Messages in the spool that are due later, for a delay or a retry, or that a process works on. The same \
                     in every process.",
                )
                .const_label("component", component),
            )?,
            submissions: IntGauge::with_opts(
                Opts::new(
                    "postern_spool_submissions",
                    "Messages in the spool with submissions, which POSTERN_MAX_SPOOLED counts. The same in every process.",
                )
                .const_label("component", component),
            )?,
            messages: IntGauge::with_opts(
                Opts::new(
                    "postern_spool_messages",
                    "Messages in the spool, due or not: submissions, delays, retries and outside calls. The same in every \
                     process.",
                )
                .const_label("component", component),
            )?,
            dead_letters: IntGauge::with_opts(
                Opts::new(
                    "postern_dead_letters_open",
                    "Dead letters that wait for a person, 999 at most. The same in every process.",
                )
                .const_label("component", component),
            )?,
            undecided: IntGauge::with_opts(
                Opts::new(
                    "postern_runs_needing_attention",
                    "Runs that wait for the decision of a person, 999 at most. The same in every process.",
                )
                .const_label("component", component),
            )?,
        };
        metrics.show(&Backlog::default(), &[]);
        metrics.enter(registry)?;
        Ok(metrics)
    }

    fn enter(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let all: [Box<dyn Collector>; 9] = [
            Box::new(self.leads.clone()),
            Box::new(self.oldest.clone()),
            Box::new(self.drained.clone()),
            Box::new(self.due.clone()),
            Box::new(self.parked.clone()),
            Box::new(self.submissions.clone()),
            Box::new(self.messages.clone()),
            Box::new(self.dead_letters.clone()),
            Box::new(self.undecided.clone()),
        ];
        all.into_iter().try_for_each(|one| registry.register(one))
    }

    /// Looks until it is dropped. While PostgreSQL is away the last numbers stay.
    pub async fn watch(self, store: Store) {
        loop {
            let began = Instant::now();
            if let Err(error) = self.look(&store).await {
                tracing::debug!(%error, "what waits could not be counted");
            }
            sleep(LOOK_EVERY.max(began.elapsed() * REST_SHARE)).await;
        }
    }

    async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let mut connection = store.connection().await?;
        let counts = spool::count(&connection).await?;
        let backlog = backlog::look(&mut connection).await?;
        let (undecided, dead) = overview::for_persons(&connection).await?;
        self.show(&backlog, &counts);
        self.dead_letters.set(dead);
        self.undecided.set(undecided);
        Ok(())
    }

    fn show(&self, backlog: &Backlog, counts: &[Count]) {
        self.leads.set(backlog.leads);
        self.drained.set(backlog.drained_in_s());
        for name in LANES {
            let lane = || counts.iter().filter(|count| label(count.lane) == name);
            self.due.with_label_values(&[name]).set(lane().map(|count| count.due).sum());
            let of_numbers = if name == LANES[0] { backlog.oldest_s } else { 0.0 };
            let oldest = lane().map(|count| count.oldest_due_s).fold(of_numbers, f64::max);
            self.oldest.with_label_values(&[name]).set(oldest);
        }
        let all = |count: &Count| count.due + count.parked;
        self.parked.set(counts.iter().map(|count| count.parked).sum());
        self.messages.set(counts.iter().map(all).sum());
        self.submissions.set(counts.iter().filter(|count| label(count.lane) == LANES[0]).map(all).sum());
    }
}

fn label(lane: Lane) -> &'static str {
    let [submissions, resuming, calling, slow] = LANES;
    match lane {
        Lane::Default | Lane::Bulk1 | Lane::Bulk2 | Lane::Bulk3 | Lane::Bulk4 => submissions,
        Lane::Resuming => resuming,
        Lane::Calling => calling,
        Lane::Slow => slow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parked_is_neither_due_nor_old() {
        let metrics = BacklogMetrics::register(&Registry::new(), "worker").unwrap();
        let count = |lane, due, parked, oldest_due_s| Count { lane, due, parked, oldest_due_s };
        let counts = [
            count(Lane::Default, 2, 0, 5.0),
            count(Lane::Bulk2, 1, 0, 9.0),
            count(Lane::Resuming, 0, 2_340, 0.0),
            count(Lane::Calling, 4, 1, 3.0),
        ];
        let backlog = Backlog { leads: 7, oldest_s: 6.0, executed_per_s: 2.0, accepted_per_s: 1.0 };
        metrics.show(&backlog, &counts);
        let due = |lane| metrics.due.with_label_values(&[lane]).get();
        assert_eq!(LANES.map(due), [3, 0, 4, 0]);
        let oldest = |lane| metrics.oldest.with_label_values(&[lane]).get().to_string();
        assert_eq!(LANES.map(oldest), ["9", "0", "3", "0"]);
        assert_eq!((metrics.parked.get(), metrics.messages.get(), metrics.submissions.get()), (2_341, 2_348, 3));
        assert_eq!((metrics.leads.get(), metrics.drained.get().to_string().as_str()), (7, "7"));
    }
}
