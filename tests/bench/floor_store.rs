//! The floors of draining: the rows that Postern writes for a lead of workflow 77, or the least of them, in bundles,
//! straight to PostgreSQL with prepared statements and arrays. Nothing is received, claimed, evaluated or asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use postern_shared::env::Env;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::run_steps::{self, Step};
use postern_shared::submission::Submission;
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::drain::BUNDLE;
use crate::it::harness::servers::Servers;
use crate::{lead, load};

/// Bundles at the same time: as many as a worker executes.
const CONNECTIONS: usize = 4;

const RECEIPTS: &str = "INSERT INTO receipts
    (id, permission, workflow, runs, env, ip, accepted_at, settings_version)
SELECT id, 'loopback', 77, 1, env::json, '127.0.0.1', at, 1
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS r (id, env, at)";

const RUNS: &str =
    "INSERT INTO runs (receipt, number, workflow, version, state, steps_taken, started_at, ended_at, steps)
SELECT receipt, 1, 77, 1, 'finished', 3, at, at, steps
FROM unnest($1::uuid[], $2::timestamptz[], $3::bytea[]) AS r (receipt, at, steps)";

const RECORDS: &str = "INSERT INTO records (id, module, unique_key, fields)
SELECT id, 'Leads', key, fields::jsonb FROM unnest($1::bigint[], $2::bytea[], $3::text[]) AS r (id, key, fields)";

const COMMENTS: &str = "INSERT INTO comments (record, receipt, run, step, text)
SELECT record, receipt, 1, 3, 'Asked about web, news' FROM unnest($1::bigint[], $2::uuid[]) AS c (record, receipt)";

/// Which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Those that Postern writes.
    All,
    /// What a lead is at the very least: a receipt with what was posted, and a record.
    Least,
}

/// The columns of a bundle.
#[derive(Default)]
struct Columns {
    receipts: Vec<Uuid>,
    times: Vec<SystemTime>,
    env: Vec<String>,
    records: Vec<i64>,
    keys: Vec<Vec<u8>>,
    fields: Vec<String>,
    steps: Vec<Vec<u8>>,
}

/// Leads a second into a database of their own.
pub async fn per_second(leads: u64, rows: Rows) -> f64 {
    let servers = Servers::new().await;
    let numbers: Vec<u64> = load::numbers(leads).collect();
    let bundles: Vec<Columns> = numbers.chunks(usize::try_from(BUNDLE).unwrap()).map(columns).collect();
    let (bundles, next) = (Arc::new(bundles), Arc::new(AtomicU64::new(0)));
    let mut writers = Vec::new();
    for _ in 0..CONNECTIONS {
        writers.push(Writer::connect(&servers.database_url).await);
    }
    writers[0].client.batch_execute("CHECKPOINT").await.unwrap();
    let begin = Instant::now();
    let tasks: Vec<_> = (writers.into_iter())
        .map(|writer| {
            let (bundles, next) = (Arc::clone(&bundles), Arc::clone(&next));
            tokio::spawn(async move {
                while let Some(bundle) = bundles.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    writer.write(bundle, rows).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    leads as f64 / begin.elapsed().as_secs_f64()
}

fn columns(numbers: &[u64]) -> Columns {
    let mut columns = Columns::default();
    for number in numbers {
        let Submission { receipt, env, .. } = lead::submission(*number);
        columns.receipts.push(receipt.uuid());
        columns.times.push(receipt.time());
        columns.records.push(i64::try_from(*number).unwrap() + 1);
        columns.keys.push(Sha256::digest(format!("lead{number}@example.org")).to_vec());
        let mut fields = Env::clone(&env);
        fields.0.shift_remove("tags");
        fields.set("description", "From 127.0.0.1, 24.11.2026".into());
        columns.fields.push(fields.to_string());
        columns.env.push(env.to_string());
        columns.steps.push(steps(*number));
    }
    columns
}

/// The steps of workflow 77 for a lead that makes a record.
fn steps(number: u64) -> Vec<u8> {
    let record: RecordRef = (number + 1).to_string().parse().unwrap();
    let path = [
        ("usable", "condition", "then", vec![]),
        ("lead", "create_record", "created", vec![record.clone()]),
        ("note", "comment", "next", vec![record]),
    ];
    let step = |(step, task, output, records): (&str, &str, &str, _)| Step {
        step: step.to_owned(),
        task: task.to_owned(),
        output: Some(output.to_owned()),
        message: None,
        after_ms: 3,
        took_us: 200,
        records,
        fields: Vec::new(),
    };
    run_steps::encode(&path.map(step)).unwrap()
}

struct Writer {
    client: Client,
    statements: [Statement; 4],
}

impl Writer {
    async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let mut statements = Vec::new();
        for text in [RECEIPTS, RUNS, RECORDS, COMMENTS] {
            statements.push(client.prepare(text).await.unwrap());
        }
        Self { client, statements: statements.try_into().ok().unwrap() }
    }

    async fn write(&self, columns: &Columns, rows: Rows) {
        let Columns { receipts, times, env, records, keys, fields, steps } = columns;
        let [to_receipts, to_runs, to_records, to_comments] = &self.statements;
        self.client.batch_execute("BEGIN").await.unwrap();
        self.client.execute(to_receipts, &[receipts, env, times]).await.unwrap();
        self.client.execute(to_records, &[records, keys, fields]).await.unwrap();
        if rows == Rows::All {
            self.client.execute(to_comments, &[records, receipts]).await.unwrap();
            self.client.execute(to_runs, &[receipts, times, steps]).await.unwrap();
        }
        self.client.batch_execute("COMMIT").await.unwrap();
    }
}
