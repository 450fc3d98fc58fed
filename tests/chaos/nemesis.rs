//! Does one thing after another, heals it, and measures how long it takes until a lead that is posted afterwards is
//! accepted and has run.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::{Answer, Client};
use crate::database::Database;
use crate::plan::{Form, Strike};
use crate::stage::Stage;

/// How long the system may take to come back; at more, the run has failed and goes on.
const RECOVERY_LIMIT: Duration = Duration::from_secs(60);

/// Between two strikes.
const BREATH: Duration = Duration::from_millis(500);

/// The longest time between two commits of leads since a moment, in seconds.
const LONGEST_PAUSE: &str = "SELECT extract(epoch FROM max(at - before))::float8 FROM (
    SELECT at, lag(at) OVER (ORDER BY at) AS before FROM (SELECT pg_xact_commit_timestamp(xmin) AS at FROM receipts) r
) p WHERE at > now() - $1 * interval '1 s'";

pub struct Nemesis {
    pub form: Form,
    pub database: Database,
    pub client: Client,
}

/// A strike and what was seen of it.
pub struct Struck {
    pub strike: Strike,
    /// From its begin until all was healed.
    pub lasted: Duration,
    /// Accepted, refused and unanswered from its begin until the next one.
    pub counts: [usize; 3],
    /// From the end of the fault until a lead was accepted and had run; nothing if that took too long.
    pub recovered: Option<Duration>,
    /// The same until every process said that it is ready.
    pub ready: Duration,
    /// The longest time in which no lead was executed, where it is measured.
    pub pause: Option<Duration>,
    /// What happened although it should not.
    pub complaints: Vec<String>,
}

impl Nemesis {
    pub async fn strike(&self, strike: &Strike, stage: &mut Stage) -> Struck {
        let (before, began) = (self.client.counts(), Instant::now());
        let mut complaints = stage.harm_and_heal(strike).await;
        let (lasted, healed) = (began.elapsed(), Instant::now());
        let recovered = self.recover(healed).await;
        complaints.extend(stage.replace_ended());
        stage.ready().await;
        let ready = healed.elapsed();
        sleep(BREATH).await;
        let after = self.client.counts();
        let counts: [usize; 3] = std::array::from_fn(|at| after[at] - before[at]);
        let pause = if self.form == Form::Cluster { self.longest_pause(began.elapsed()).await } else { None };
        if self.form == Form::Cluster {
            complaints.extend(not_highly_available(strike, counts[1], pause));
        }
        Struck { strike: *strike, lasted, counts, recovered, ready, pause, complaints }
    }

    async fn longest_pause(&self, since: Duration) -> Option<Duration> {
        let client = self.database.connect().await.ok()?;
        let row = client.query_one(LONGEST_PAUSE, &[&since.as_secs_f64()]).await.ok()?;
        row.get::<_, Option<f64>>(0).map(Duration::from_secs_f64)
    }

    /// How long after `healed` the first lead that is posted from now on is accepted and has run.
    async fn recover(&self, healed: Instant) -> Option<Duration> {
        while healed.elapsed() < RECOVERY_LIMIT {
            let answer = tokio::time::timeout(Duration::from_secs(2), self.client.post()).await;
            if let Ok(Answer::Accepted(receipt)) = answer {
                while healed.elapsed() < RECOVERY_LIMIT {
                    if self.has_run(&receipt).await {
                        return Some(healed.elapsed());
                    }
                    sleep(Duration::from_millis(20)).await;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    async fn has_run(&self, receipt: &str) -> bool {
        let Ok(client) = self.database.connect().await else { return false };
        let statement = format!("SELECT FROM receipts WHERE id = '{receipt}'");
        client.query(&statement, &[]).await.is_ok_and(|rows| !rows.is_empty())
    }
}

/// What a cluster exists for and did not give.
fn not_highly_available(strike: &Strike, refused: usize, pause: Option<Duration>) -> Vec<String> {
    let mut complaints = Vec::new();
    if refused > 0 && !strike.fault.may_refuse() {
        complaints.push(format!("{refused} leads were refused"));
    }
    if let (Some(limit), Some(pause)) = (strike.fault.pause_limit(), pause)
        && pause > limit
    {
        complaints.push(format!(
            "nothing was executed for {:.1} s, at most {} were expected",
            pause.as_secs_f64(),
            limit.as_secs()
        ));
    }
    complaints
}
