//! A broker that cannot take a submission costs neither the submission nor its 202.

use std::time::Duration;

use postern_shared::lane::Lane;
use postern_shared::store::{self, Connection, spool};

use crate::harness::process::Process;
use crate::harness::servers::{Servers, address_of};
use crate::harness::{DEMO, Postern, eventually, private};
use crate::link::{Link, Mode};

const PATH: &str = "/trigger?workflow_id=77";

/// Nine rows of the lane that everything here takes.
const ANY: [(Lane, usize); 1] = [(Lane::Default, 9)];

/// Nobody listens there.
const NO_BROKER: (&str, &str) = ("AMQP_URL", "amqp://127.0.0.1:1");

async fn post(postern: &Postern, n: u32) -> crate::harness::call::Answer {
    postern.post(PATH).form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_what_is_accepted_waits_in_the_spool_and_runs_when_it_is_back() {
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    let answers = futures_util::future::join_all((0..200).map(|n| post(&postern, n))).await;
    assert!(answers.iter().all(|answer| answer.status == 202), "{:?}", answers[0].json);
    let rows = postern.count("SELECT count(*) FROM spool").await;
    assert!((4..200).contains(&rows), "200 submissions are {rows} rows");
    postern.start_worker().await;
    eventually("all have run", async || (postern.records("Leads").await.len() == 200).then_some(())).await;
    eventually("the spool is empty", async || (postern.count("SELECT count(*) FROM spool").await == 0).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_cannot_route_goes_the_way_of_the_spool_and_its_log_tells_no_values() {
    let mut postern = Postern::start(DEMO).await;
    postern.workers.pop().unwrap().kill();
    postern.servers().delete_lane().await;
    let answer = post(&postern, 1).await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 1);
    // lapin would log the whole message that came back, with what was posted.
    assert!(!postern.ingress.log().contains("Server returned us a message"));
    postern.start_worker().await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_neither_broker_nor_database_a_post_is_503_with_retry_after_and_the_ingress_is_unready() {
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    postern.servers().forbid_connections().await;
    eventually("the connections are gone", async || (post(&postern, 1).await.status == 503).then_some(())).await;
    let refused = post(&postern, 2).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"));
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(private(&mut postern.ingress, "/health/ready").await.0, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_spool_does_not_take_goes_to_a_broker_that_is_back() {
    let mut servers = Servers::new().await;
    let [broker, database] = [servers.broker_address(), address_of(&servers.database_url)];
    let to_broker = Link::within(&mut servers.amqp_url, broker).await;
    let to_database = Link::within(&mut servers.database_url, database).await;
    to_broker.set(Mode::Cut);
    let mut postern = Postern::on(servers, DEMO, &[]).await;
    assert_eq!(post(&postern, 1).await.status, 202);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 1);
    to_database.set(Mode::Stall);
    let back = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        to_broker.set(Mode::Pass);
    };
    let (answer, ()) = tokio::join!(post(&postern, 2), back);
    assert_eq!(answer.status, 202, "{}", answer.json);
    to_database.set(Mode::Pass);
    postern.start_worker().await;
    eventually("both have run", async || (postern.records("Leads").await.len() == 2).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM receipts").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_spool_takes_nothing_more() {
    let postern = Postern::with_ingress(DEMO, &[NO_BROKER, ("POSTERN_MAX_SPOOLED", "2")]).await;
    assert_eq!([post(&postern, 1).await.status, post(&postern, 2).await.status], [202, 202]);
    assert_eq!(post(&postern, 3).await.code(), "unavailable");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_taken_is_nobody_elses_until_its_lease_ends() {
    let postern = Postern::with_ingress(DEMO, &[]).await;
    let mut connection = postern.connection().await;
    let transaction = store::begin(&mut connection).await.unwrap();
    spool::put(&transaction, "odd.v7", &[(Lane::Default, b"body".to_vec())], 0, Duration::ZERO).await.unwrap();
    store::commit(transaction).await.unwrap();
    let first = spool::take(&connection, &ANY, Duration::from_millis(300)).await.unwrap().remove(0);
    assert!(spool::take(&connection, &ANY, Duration::ZERO).await.unwrap().is_empty());
    let second = eventually("its lease has ended", async || {
        let mut taken = spool::take(&connection, &ANY, Duration::from_secs(60)).await.unwrap();
        taken.pop()
    })
    .await;
    spool::finish(&connection, &[first.lease]).await.unwrap();
    assert_eq!(messages(&connection).await, 1, "who lost the lease finishes nothing");
    spool::finish(&connection, &[second.lease]).await.unwrap();
    assert_eq!(messages(&connection).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_could_not_be_relayed_is_due_at_once_unless_another_has_taken_it() {
    let postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    assert_eq!(post(&postern, 1).await.status, 202);
    let connection = postern.connection().await;
    let take = async |lease| spool::take(&connection, &ANY, Duration::from_secs(lease)).await.unwrap().pop();
    let first = take(0).await.unwrap();
    let second = take(60).await.unwrap();
    spool::give_back(&connection, &[first.lease]).await.unwrap();
    assert!(take(60).await.is_none(), "it was given back by one that does not hold it");
    spool::give_back(&connection, &[second.lease]).await.unwrap();
    let third = take(60).await.unwrap();
    assert_eq!(third.lease, second.lease, "it counts as taken once less");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopping_worker_has_not_begun_does_not_count_as_broken_off() {
    const STOPS_SOON: [(&str, &str); 3] = [NO_BROKER, ("POSTERN_CONCURRENCY", "1"), ("POSTERN_DRAIN_TIMEOUT_S", "1")];
    let mut postern = Postern::with_ingress(DEMO, &[NO_BROKER]).await;
    for n in 0..16 {
        assert_eq!(post(&postern, n).await.status, 202);
    }
    let holder = postern.connection().await;
    holder.batch_execute("BEGIN; LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // Without a broker it does not come to be ready.
    let mut worker = Process::start("postern-worker", postern.servers(), &STOPS_SOON);
    let taken = "SELECT count(*) FROM spool WHERE lease = 1";
    eventually("all are held", async || (postern.count(taken).await == 16).then_some(())).await;
    worker.terminate();
    worker.ended().await;
    let counted = postern.count(taken).await;
    assert!(counted > 0 && counted < 16, "of 16 messages {counted} count as taken");
    holder.batch_execute("ROLLBACK").await.unwrap();
    postern.start_worker().await;
    eventually("all have run", async || (postern.records("Leads").await.len() == 16).then_some(())).await;
}

/// How many messages stand in the spool.
async fn messages(connection: &Connection) -> i64 {
    spool::count(connection).await.unwrap().iter().map(|lane| lane.due + lane.parked).sum()
}
