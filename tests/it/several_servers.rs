//! URLs that name several servers, of which some are dead or hang.

use std::net::TcpListener;

use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern};

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_dead_or_hang_are_passed_over() {
    let servers = Servers::new().await;
    // It takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap();
    let among_others = |url: &str| {
        let (front, server) = url.rsplit_once('@').unwrap();
        format!("{front}@{silent},127.0.0.1:1,{server}")
    };
    let (database, broker) = (among_others(&servers.database_url), among_others(&servers.amqp_url));
    let environment = [("DATABASE_URL", database.as_str()), ("AMQP_URL", broker.as_str())];
    let mut postern = Postern::on(servers, DEMO, &environment).await;
    postern.start_worker_with(&environment).await;
    let receipt = postern.outcome("/trigger?workflow_id=77", "lastname=Li&email=li@example.org").await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    let log = postern.workers[0].log();
    for words in ["a server of postgresql was passed over", "a node of the broker was passed over"] {
        assert!(log.contains(words), "{words}: {log}");
    }
}
