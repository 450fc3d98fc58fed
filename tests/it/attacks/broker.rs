//! A broker that takes nothing: what is in the spool is worked on all the same.

use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, eventually};

/// A trigger, whose workflow starts another one after a second.
const CHAIN: &str = "workflow: 1\nstart: {without_record: true, next: wait}\nsteps:\n  wait: {delay: {for: 1s}, next: child}\n  \
                     child: {run_workflow: 2}\n---\nworkflow: 2\nstart: {without_record: true, next: made}\nsteps: {made: \
                     {create_record: Leads, fields: {lastname: Hopper}}}\n---\npermission: chain\naddresses: 127.0.0.1\n\
                     workflows: [1]\nshort_url: /chain\n";

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_takes_nothing_workers_take_from_the_spool() {
    let mut servers = Servers::new().await;
    servers.amqp_url = "amqp://127.0.0.1:1".into();
    let mut postern = Postern::on(servers, &format!("{DEMO}\n---\n{CHAIN}"), &[]).await;
    postern.launch_worker();
    let lead = postern.post("/trigger?workflow_id=77").form("lastname=Lovelace&email=ada@example.org").send().await;
    let chain = postern.post("/chain").form("").send().await;
    assert_eq!((lead.status, chain.status), (202, 202), "{} {}", lead.json, chain.json);
    assert_eq!(postern.ended(&lead).await["status"], "finished");
    assert_eq!(postern.ended(&chain).await["status"], "finished");
    eventually("nothing is left", async || (postern.count("SELECT count(*) FROM spool").await == 0).then_some(()))
        .await;
    assert_eq!(postern.records("Leads").await.len(), 2);
}
