//! Fairness: a burst of one flow waits in the broker, a worker is at it, and now and then a lead of another flow comes.

use std::time::{Duration, SystemTime};

use crate::Scale;
use crate::drain::{committed, listener, until_committed};
use crate::it::harness::{DEMO, Postern};
use crate::latency::commits;
use crate::load::{self, Connection, Posted};
use crate::report::{Figure, Reach, quantile};

/// Leads of the burst.
const LEADS: u64 = 100_000;

/// Connections of the burst.
const CONNECTIONS: usize = 256;

/// Leads of the other flow in one round: while the burst waits, whatever the worker does in a second.
const OTHERS: u64 = 20;

/// Between two of them.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the other flow posts: the same workflow, by its trigger.
const OTHER_PATH: &str = "/trigger?workflow_trigger=web_lead";

pub async fn fairness(scale: Scale) -> Vec<Figure> {
    let (mut medians, mut worst) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let mut postern = Postern::without_worker(DEMO).await;
        load::burst(postern.public(), CONNECTIONS, LEADS).await;
        postern.start_worker().await;
        let worker = listener(&mut postern.workers[0]).await;
        until_committed(worker, 1).await;
        let mut connection = Connection::open(postern.public()).await;
        let mut posted = Vec::new();
        for number in load::numbers(OTHERS) {
            let due = SystemTime::now();
            posted.push(Posted { receipt: connection.post_to(OTHER_PATH, number).await, due, answered: 0.0 });
            tokio::time::sleep(PAUSE).await;
        }
        let done = committed(worker).await;
        assert!(done < LEADS, "the burst was over before the last of the others came: {done}");
        let times = commits(&postern, &posted).await;
        medians.push(quantile(&times, 0.5));
        worst.push(quantile(&times, 1.0));
    }
    let figure = |what: &str, values| {
        let name = format!("with {LEADS} leads of a burst queued: {what} to the commit of another");
        Figure::value(name, "ms", values, Reach::AtMost(1_000.0))
    };
    vec![figure("p50", medians), figure("worst", worst)]
}
