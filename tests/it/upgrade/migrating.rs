//! Migrations beside the traffic: what they wait for stalls nobody else.

use std::time::{Duration, Instant};

use postern_shared::store::migrate::{Migrated, Migration, Schema};
use serde_json::Value;
use tokio_postgres::{Client, NoTls};

use super::EXPANDS;
use crate::cli::Cli;
use crate::harness::{DEMO, Postern, eventually};

/// How long a lead may take while a migration waits: the migration holds it up for less than a second, and the machine is
/// busy.
pub const NO_STALL: Duration = Duration::from_secs(6);

pub const INDEX: Migration = Migration::new(
    9_003,
    "-- oldest-reader: 57\n-- concurrently\n-- Finds receipts by permission.\n\
     CREATE INDEX CONCURRENTLY receipts_by_permission ON receipts (permission, id);\n\
     CREATE UNIQUE INDEX CONCURRENTLY records_by_module ON records (module, id);",
);

/// A transaction that reads the history, as that of `pg_dump`, until it is dropped.
async fn reader(postern: &Postern) -> Client {
    let (client, connection) = tokio_postgres::connect(&postern.servers().database_url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("SET application_name = 'a dump'; BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    client.batch_execute("SELECT count(*) FROM receipts, records").await.unwrap();
    client
}

/// Applies a later migration beside this test.
async fn begin(postern: &Postern, later: Migration) -> tokio::task::JoinHandle<Migrated> {
    let mut connection = postern.connection().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(async { Schema::current().with(later).apply(&mut connection).await.unwrap() })
    })
}

/// Posts a lead, which must end soon.
async fn lead_is_not_held_up(postern: &Postern) {
    let began = Instant::now();
    let receipt = postern.outcome("/trigger?workflow_id=77", "lastname=Lovelace&email=ada@example.org").await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    assert!(began.elapsed() < NO_STALL, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_waits_for_a_reader_holds_up_no_lead() {
    let postern = Postern::start(DEMO).await;
    lead_is_not_held_up(&postern).await;
    let reader = reader(&postern).await;
    let migrating = begin(&postern, EXPANDS).await;
    eventually("it waits", async || (postern.waiting_for_a_lock("%of_later%").await == 1).then_some(())).await;
    for _ in 0..5 {
        lead_is_not_held_up(&postern).await;
    }
    assert!(!migrating.is_finished());
    drop(reader);
    assert_eq!(migrating.await.unwrap(), Migrated::Taken(1));
    lead_is_not_held_up(&postern).await;
    let limit = "SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout'";
    assert_eq!(postern.count(limit).await, 20_000, "the limits of a session are back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_takes_31_s_is_made_beside_the_traffic() {
    let postern = Postern::start(DEMO).await;
    lead_is_not_held_up(&postern).await;
    let (began, reader) = (Instant::now(), reader(&postern).await);
    let migrating = begin(&postern, INDEX).await;
    while began.elapsed() < Duration::from_secs(31) {
        lead_is_not_held_up(&postern).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert!(!migrating.is_finished(), "it waits for the transactions that are older");
    drop(reader);
    assert_eq!(migrating.await.unwrap(), Migrated::Taken(1));
    let parts = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'receipts'::regclass";
    let indexed = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'receipts_by_permission'::regclass";
    assert_eq!(postern.count(indexed).await, postern.count(parts).await);
    assert_eq!(postern.count("SELECT count(*) FROM pg_index WHERE NOT indisvalid").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_broke_off_is_made_anew() {
    let postern = Postern::without_worker(DEMO).await;
    assert_eq!(begin(&postern, INDEX).await.await.unwrap(), Migrated::Taken(1));
    postern.sql("DELETE FROM schema_versions WHERE number = 9003").await;
    postern.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'records_by_module'::regclass").await;
    let week = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'receipts_by_permission'::regclass";
    let weeks = postern.count(week).await;
    postern.sql("DROP INDEX receipts_by_permission").await;
    assert_eq!(begin(&postern, INDEX).await.await.unwrap(), Migrated::Taken(1));
    assert_eq!(postern.count(week).await, weeks);
    assert_eq!(postern.count("SELECT count(*) FROM pg_index WHERE NOT indisvalid").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_plan_change_nothing_and_tell_what_is_missing() {
    let postern = Postern::start(DEMO).await;
    lead_is_not_held_up(&postern).await;
    let cli = Cli::on(&postern.servers().database_url);
    assert_eq!((cli.run("migrate --check").code, cli.run("migrate --plan -o json").stdout.as_str()), (0, ""));
    // As if the database were of the version before these.
    postern.sql("DELETE FROM schema_versions WHERE number >= 55").await;
    let check = cli.run("migrate --check -o json");
    assert_eq!(check.code, 1, "{check:?}");
    let told: Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!((&told["schema"], &told["open"][0]), (&54.into(), &55.into()), "{told}");
    let plan = cli.run("migrate --plan -o json").json();
    assert_eq!(
        (&plan[0]["number"], &plan[0]["title"]),
        (&55.into(), &"Runs that wait for the runs that they started".into())
    );
    let tables = plan[0]["tables"].as_array().unwrap();
    let size = tables.iter().find(|table| table["table"] == "checkpoints").unwrap()["bytes"].as_i64();
    assert!(size.is_some_and(|bytes| bytes > 0), "{plan:?}");
    assert!(cli.run("migrate --plan").text().contains("55  Runs that wait"));
    assert_eq!(postern.count("SELECT max(number)::bigint FROM schema_versions").await, 54);
}
