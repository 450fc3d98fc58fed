//! Why PostgreSQL or RabbitMQ cannot be reached: the reasons are told apart, and hold no password.

use std::net::TcpListener;
use std::process::Command;

use crate::harness::eventually;
use crate::harness::process::Process;
use crate::harness::servers::Servers;

/// The password of URLs that do not work.
const SECRET: &str = "5ecret";

/// What `postern migrate` tells of a database.
pub fn told_of_database(url: &str) -> String {
    let mut migrate: Command = Process::command("postern");
    let ended = migrate.arg("migrate").env("DATABASE_URL", url).output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{told}");
    let (told, hint) = told.split_once('\n').unwrap();
    assert!(hint.starts_with("hint: ") && hint.lines().count() == 1, "{hint}");
    told.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reasons_for_which_postgresql_is_unreachable_are_told_apart() {
    let servers = Servers::new().await;
    let (front, database) = servers.database_url.rsplit_once('/').unwrap();
    let (user, server) = front.rsplit_once('@').unwrap();
    let right = user.rsplit_once(':').unwrap().1;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap();
    for (url, words) in [
        (format!("postgres://u:{SECRET}@no-such-host.invalid/x"), "resolved: no-such-host.invalid:5432"),
        (format!("postgres://u:{SECRET}@127.0.0.1:1/x"), "connection refused: nothing listens at 127.0.0.1:1"),
        (format!("postgres://u:{SECRET}@{silent}/x"), "no answer in time from 127.0.0.1"),
        (format!("host=/nowhere user=u password={SECRET}"), "no server has its socket at /nowhere"),
        (format!("postgres://postern:{SECRET}@{server}/{database}"), "the password or the user is wrong"),
        (format!("{front}/no_such_database"), "there is no such database"),
    ] {
        let told = told_of_database(&url);
        assert!(told.contains(words) && !told.contains(SECRET) && !told.contains(right), "{words}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reasons_for_which_rabbitmq_is_unreachable_are_told_apart() {
    let servers = Servers::new().await;
    let broker = servers.broker_address();
    let right = servers.amqp_url.rsplit_once('@').unwrap().0.to_owned();
    for (url, words) in [
        (format!("amqp://u:{SECRET}@no-such-host.invalid"), "resolved: no-such-host.invalid:5672"),
        (format!("amqp://u:{SECRET}@127.0.0.1:1"), "connection refused: nothing listens at 127.0.0.1:1"),
        (format!("amqp://postern:{SECRET}@{broker}"), "refuses the user or the password"),
        (format!("{right}@{broker}/no_such_vhost"), "has no such vhost for this user"),
    ] {
        for program in ["postern-ingress", "postern-worker"] {
            let mut process = Process::start(program, &servers, &[("AMQP_URL", &url)]);
            eventually(words, async || process.log().contains(words).then_some(())).await;
            assert!(!process.log().contains(SECRET), "{}", process.log());
            process.kill();
        }
    }
}
