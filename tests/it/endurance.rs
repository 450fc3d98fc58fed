//! Under a steady load: what operators do every week, and what happens to them every year.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use crate::harness::call::Call;
use crate::harness::servers::Servers;
use crate::harness::{Postern, eventually};
use crate::link::{Link, Mode};

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
";

/// How often somebody posts.
const EVERY: Duration = Duration::from_millis(10);

/// Numbered leads at a steady rate, whatever becomes of the earlier ones.
struct Load {
    stopped: Arc<AtomicBool>,
    posting: JoinHandle<Vec<u16>>,
}

impl Load {
    fn on(postern: &Postern) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, public) = (Arc::clone(&stopped), postern.public());
        let posting = tokio::spawn(async move {
            let (mut ticks, mut open, mut n) = (tokio::time::interval(EVERY), JoinSet::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                ticks.tick().await;
                let call = Call::new(reqwest::Method::POST, public, "/trigger?workflow_id=1").form(format!("n={n}"));
                open.spawn(async move { call.send().await.status });
                n += 1;
            }
            open.join_all().await
        });
        Self { stopped, posting }
    }

    /// The statuses of all answers.
    async fn stop(self) -> Vec<u16> {
        self.stopped.store(true, Ordering::Relaxed);
        self.posting.await.unwrap()
    }
}

/// Every post was accepted and made its record, once.
async fn all_happened_once(postern: &Postern, statuses: &[u16]) {
    assert!(statuses.iter().all(|status| *status == 202), "{statuses:?}");
    let count = i64::try_from(statuses.len()).unwrap();
    eventually("every submission has ended", async || {
        (postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await == count).then_some(())
    })
    .await;
    assert_eq!(postern.count("SELECT count(DISTINCT fields->>'n') FROM records").await, count);
    assert_eq!(postern.count("SELECT count(*) FROM records").await, count);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_restarted_one_after_the_other_and_no_post_is_refused_and_nothing_happens_twice() {
    let mut postern = Postern::start(SETTINGS).await;
    postern.start_worker().await;
    let load = Load::on(&postern);
    for _ in 0..4 {
        let mut worker = postern.workers.remove(0);
        worker.terminate();
        assert!(worker.ended().await, "{}", worker.log());
        postern.start_worker().await;
    }
    let statuses = load.stop().await;
    all_happened_once(&postern, &statuses).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_under_load_every_answer_is_202_and_all_finish_when_it_is_back() {
    let mut servers = Servers::new().await;
    let broker = servers.broker_address();
    let link = Link::within(&mut servers.amqp_url, broker).await;
    let mut postern = Postern::on(servers, SETTINGS, &[]).await;
    postern.start_worker().await;
    let load = Load::on(&postern);
    let records = "SELECT count(*) FROM records";
    eventually("leads come in", async || (postern.count(records).await > 100).then_some(())).await;
    link.set(Mode::Cut);
    tokio::time::sleep(Duration::from_secs(5)).await;
    link.set(Mode::Pass);
    let before = postern.count(records).await;
    eventually("leads come in again", async || (postern.count(records).await > before + 100).then_some(())).await;
    let statuses = load.stop().await;
    all_happened_once(&postern, &statuses).await;
}
