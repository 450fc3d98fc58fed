//! Migrations beside an open dump and a long history: how long leads are held up. `tests/run upgrade --receipts 20000000`
//! takes a history of so many, and demands what is promised; without it a short history is a look, on a machine that is busy.

use std::time::{Duration, Instant, SystemTime};

use postern_shared::store::Connection;
use postern_shared::store::migrate::{Migrated, Schema};
use tokio::time::sleep;
use tokio_postgres::{Client, NoTls};

use super::EXPANDS;
use super::migrating::{INDEX, NO_STALL};
use super::versions::{self, Load, Posted, Version};
use crate::harness::servers::{Servers, optional_setting};

/// Receipts of a short history.
const FEW: u64 = 20_000;

/// How long a lead may be held up.
const PROMISED: Duration = Duration::from_secs(1);

/// How long leads come before the migrations, and how long the dump goes on beside them.
const STAGE: Duration = Duration::from_secs(8);

/// The partitions of half a year, which is how long receipts are kept. No week is made below the partition for what is older,
/// so that one is made anew.
const WEEKS: &str = "
DO $$ DECLARE parent text; BEGIN
    FOR parent IN SELECT relname FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid LOOP
        EXECUTE format('DROP TABLE %I', parent || '_older');
    END LOOP;
END $$;
SELECT postern_make_partitions(25, now() - interval '24 weeks')";

/// So many receipts of that half year, each with its run.
const GROW: &str = "
INSERT INTO receipts (id, permission, workflow, env, ip, accepted_at, settings_version)
SELECT overlay(gen_random_uuid()::text PLACING substr(postern_uuid_floor(at)::text, 1, 13) FROM 1 FOR 13)::uuid,
    'test', 2, '{\"lastname\":\"Lovelace\",\"email\":\"ada@example.org\"}', '127.0.0.1', at, 1
FROM (
    SELECT now() - interval '24 weeks' * (n::float8 / COUNT) AS at
    FROM generate_series(1, COUNT) AS n
) AS times;
INSERT INTO runs (receipt, workflow, started_at, ended_at, version, state, steps_taken, number)
SELECT id, 2, accepted_at, accepted_at, 1,
    CASE WHEN random() < 0.01 THEN 'failed' ELSE 'finished' END::run_state, 1, 1
FROM receipts";

/// What PostgreSQL has done long ago with most of such a history.
const VACUUM: &str = "VACUUM (ANALYZE) receipts, runs";
const CHECKPOINT: &str = "CHECKPOINT";

/// A commit that syncs the disk.
const COMMIT: &str = "SELECT pg_logical_emit_message(true, 'test', '')";

/// It takes longer where the disk is busy.
const QUICK: Duration = Duration::from_millis(100);

/// The disk has come to rest when all commits of this time were quick. A disk that never does is taken as it is.
const RESTS: Duration = Duration::from_secs(20);
const LONGEST: Duration = Duration::from_secs(300);

/// As pg_dump begins: a snapshot, and a lock of each table, which lasts until the end.
const DUMP: &str = "SET application_name = 'a dump'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
DO $$ DECLARE part regclass; BEGIN
    FOR part IN SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS SHARE MODE', part);
    END LOOP;
END $$";

/// The longest time from when a lead was accepted until it was committed, of those that were accepted in a span of time.
const COMMITTED: &str =
    "SELECT coalesce(extract(epoch FROM max(pg_xact_commit_timestamp(xmin) - accepted_at)), 0)::float8
FROM receipts WHERE id >= postern_uuid_floor($1) AND workflow = 1 AND accepted_at BETWEEN $1 AND $2";

/// The longest time until a lead was accepted, and from then until it was committed.
#[derive(Debug)]
struct Longest {
    accepted: Duration,
    committed: Duration,
}

impl Longest {
    async fn between(from: SystemTime, to: SystemTime, posted: &Posted, connection: &Connection) -> Self {
        let within = posted.accepted.iter().filter(|(at, _)| (from..to).contains(at));
        let committed = connection.query_one(COMMITTED, &[&from, &to]).await.unwrap().get(0);
        Self { accepted: within.map(|(_, took)| *took).max().unwrap(), committed: Duration::from_secs_f64(committed) }
    }
}

/// A dump that has begun, and ends when it is dropped.
async fn dump(servers: &Servers) -> Client {
    let (client, connection) = tokio_postgres::connect(&servers.database_url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(DUMP).await.unwrap();
    client
}

/// Waits until the disk has come to rest: what it holds up is not held up by migrations. Returns how long that took.
async fn rest(connection: &Connection) -> Duration {
    let (start, mut busy) = (Instant::now(), Instant::now());
    while busy.elapsed() < RESTS && start.elapsed() < LONGEST {
        let began = Instant::now();
        connection.batch_execute(COMMIT).await.unwrap();
        if began.elapsed() > QUICK {
            busy = Instant::now();
        }
        sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_beside_a_dump_of_a_long_history_hold_up_no_lead() {
    let receipts = optional_setting("POSTERN_DEV_RECEIPTS").map(|count| count.parse::<u64>().unwrap());
    let servers = versions::database().await;
    let mut connection = versions::connection(&servers).await;
    let grow = GROW.replace("COUNT", &receipts.unwrap_or(FEW).to_string());
    connection.batch_execute("SET statement_timeout = 0").await.unwrap();
    for statement in [WEEKS, &grow, VACUUM, CHECKPOINT] {
        connection.batch_execute(statement).await.unwrap();
    }
    if receipts.is_some() {
        println!("the disk came to rest within {:?}", rest(&connection).await);
    }

    let old = Version::old(&servers).start_all().await;
    let (load, began) = (Load::start(old.door), SystemTime::now());
    sleep(STAGE).await;
    let (dump, migrates) = (dump(&servers).await, SystemTime::now());
    let migrating = async {
        Version::new(&servers).migrate().await;
        let later = Schema::current().with(EXPANDS).with(INDEX);
        assert_eq!(later.apply(&mut connection).await.unwrap(), Migrated::Taken(2));
    };
    let dumping = async {
        sleep(STAGE).await;
        drop(dump);
        SystemTime::now()
    };
    let ((), dumped) = tokio::join!(migrating, dumping);
    let migrated = SystemTime::now();
    assert!(migrated > dumped, "the migrations had nothing to wait for");
    sleep(Duration::from_secs(1)).await;
    let posted = load.end(&connection).await;

    let before = Longest::between(began, migrates, &posted, &connection).await;
    let beside = Longest::between(migrates, migrated, &posted, &connection).await;
    let took = migrated.duration_since(migrates).unwrap();
    println!("before the migrations: {before:?}; beside them, for {took:?}: {beside:?}");
    let most = if receipts.is_some() { PROMISED } else { NO_STALL };
    assert!(beside.accepted <= most && beside.committed <= most, "{beside:?}; before: {before:?}");
}
