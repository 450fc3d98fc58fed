//! Two versions on one database: programs on a later schema, and migrations beside the traffic.

mod beside_a_dump;
mod migrating;
mod side_by_side;
mod versions;

use postern_shared::store::migrate::{Migrated, Migration, Schema};

use crate::cli::Cli;
use crate::harness::process::Process;
use crate::harness::{DEMO, Postern, eventually, private, ready};
use crate::link::{Link, Mode};

/// Adds what a later version would add, and takes nothing away.
const EXPANDS: Migration = Migration::new(
    9_001,
    "-- oldest-reader: 57\n-- What a later version keeps of a receipt.\n\
     ALTER TABLE receipts ADD COLUMN of_later text;\nCREATE TABLE of_later (id bigint PRIMARY KEY);",
);

/// Takes away what this version needs.
const CONTRACTS: Migration = Migration::new(9_002, "-- Nobody needs it.\nDROP VIEW discarded_letters;");

/// Raises the schema of a Postern to that of a later version.
async fn raise(postern: &Postern, later: Migration) {
    let migrated = Schema::current().with(later).apply(&mut postern.connection().await).await.unwrap();
    assert_eq!(migrated, Migrated::Taken(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_run_and_start_on_a_later_schema_that_they_may_read() {
    let mut postern = Postern::without_worker(DEMO).await;
    let (broker, mut url) = (postern.servers().broker_address(), postern.servers().amqp_url.clone());
    let link = Link::within(&mut url, broker).await;
    postern.start_worker_with(&[("AMQP_URL", &url)]).await;
    raise(&postern, EXPANDS).await;
    let form = "lastname=Lovelace&email=ada@example.org";
    assert_eq!(postern.outcome("/trigger?workflow_id=77", form).await["status"], "finished");
    // Another session with the broker begins on the later schema.
    link.set(Mode::Cut);
    let ended = "the session with the broker for consuming ended";
    eventually("the session ends", async || postern.workers[0].log().contains(ended).then_some(())).await;
    link.set(Mode::Pass);
    ready("the worker is ready again", &mut postern.workers[0]).await;
    assert_eq!(postern.outcome("/trigger?workflow_id=77", form).await["status"], "finished");
    postern.workers.pop().unwrap().kill();
    postern.start_worker().await;
    for binary in ["postern-ingress", "postern-control"] {
        let mut again = Process::start(binary, postern.servers(), &[]);
        eventually("it is ready", async || (private(&mut again, "/health/ready").await.0 == 200).then_some(())).await;
    }
    assert_eq!(postern.outcome("/trigger?workflow_id=77", form).await["status"], "finished");
    // Programs from before there was an oldest reader look here, and refuse what they do not know.
    let known_to_all = "SELECT count(*) FROM schema_migrations WHERE number > 9000";
    assert_eq!(postern.count(known_to_all).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_of_an_older_version_changes_nothing_of_a_later_schema() {
    let postern = Postern::without_worker(DEMO).await;
    raise(&postern, EXPANDS).await;
    postern.sql(&format!("GRANT SELECT ON of_later TO {}_worker", postern.servers().role_prefix)).await;
    let cli = Cli::on(&postern.servers().database_url);
    assert!(cli.run("migrate").text().contains("later than this program and fits it: nothing was changed"));
    let granted = format!(
        "SELECT count(*) FROM information_schema.role_table_grants WHERE table_name = 'of_later' AND grantee = '{}_worker'",
        postern.servers().role_prefix
    );
    assert_eq!(postern.count(&granted).await, 1, "the programs of the later version need their rights");
    assert_eq!(cli.run("migrate --check").code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_below_the_oldest_reader_waits_and_says_why() {
    let postern = Postern::without_worker(DEMO).await;
    raise(&postern, CONTRACTS).await;
    let reason = "which programs older than schema 9002 cannot read";
    for binary in ["postern-ingress", "postern-worker", "postern-control"] {
        let mut process = Process::start(binary, postern.servers(), &[]);
        eventually(reason, async || {
            let (status, text) = private(&mut process, "/health/ready").await;
            (status == 503 && text.contains(reason) && text.contains("use a newer program")).then_some(())
        })
        .await;
        eventually("its log says so", async || process.log().contains(reason).then_some(())).await;
    }
    assert_eq!(postern.count("SELECT count(*) FROM schema_migrations WHERE number = 9002").await, 1);
    let cli = Cli::on(&postern.servers().database_url);
    for words in ["migrate", "migrate --check", "migrate --plan"] {
        let end = cli.run(words);
        assert!(end.code == 1 && end.stderr.contains(reason), "{words}: {end:?}");
    }
}
