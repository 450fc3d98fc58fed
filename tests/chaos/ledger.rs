//! The ledger: what was promised against what is there. An accepted lead has happened exactly once; one that was
//! refused or left without an answer may have happened, but not twice.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use postern_shared::store::run_steps;
use tokio_postgres::Client as Connection;

use crate::client::{Answer, Client, Kind, Lead, kind, shared_record};
use crate::crm::Crm;
use crate::crm_audit::{self, InVtiger};
use crate::database::Database;
use crate::outside::Outside;

/// How long everything accepted may take to end after the last fault.
const SETTLE_LIMIT: Duration = Duration::from_secs(240);

/// Longer than a worker may be at a call of vtiger with the look that follows, and vtiger at what a worker has sent.
const UNDER_WAY: Duration = Duration::from_secs(45);

/// What is wrong, each as a sentence; empty lists are what is promised.
#[derive(Default)]
pub struct Ledger {
    /// Accepted, and without all of its effects, or not ended.
    pub lost: Vec<String>,
    /// With more effects than it may have.
    pub doubled: Vec<String>,
    /// Put aside for a person, although nothing was wrong with it.
    pub dead: Vec<String>,
    pub in_vtiger: InVtiger,
    /// Runs whose steps do not count from 1 without a gap.
    pub broken: Vec<String>,
    /// From the last answer until all had ended.
    pub settled: Duration,
}

impl Ledger {
    pub fn is_clean(&self) -> bool {
        [&self.lost, &self.doubled, &self.dead, &self.broken].iter().all(|list| list.is_empty())
    }
}

/// Waits until all that was accepted has ended, or for so long that it never will, and compares.
pub async fn settle(database: &Database, (outside, crm): (&Outside, &Crm), client: &Client) -> Ledger {
    let database = database.connect().await.unwrap();
    let leads = client.leads();
    let (started, mut looked_at) = (Instant::now(), Instant::now());
    while started.elapsed() < SETTLE_LIMIT
        && !(pending(&database, &leads).await.is_empty() && is_quiet(&database).await)
    {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if looked_at.elapsed() > UNDER_WAY {
            let_time_pass(&database).await;
            looked_at = Instant::now();
        }
    }
    let mut ledger = Ledger { settled: started.elapsed(), ..Ledger::default() };
    ledger.lost = pending(&database, &leads).await;
    let waiting = number(&database, "SELECT count(*) FROM spool").await;
    if waiting > 0 {
        ledger.lost.push(format!("{waiting} messages are left in the spool"));
    }
    ledger.dead = texts(&database, "SELECT receipt || ': ' || reason FROM dead_letters").await;
    ledger.broken = broken(&database).await;
    compare(&database, &leads, &mut ledger).await;
    called(outside, &leads, &mut ledger);
    let attention = attention(&database).await;
    crm_audit::compare(crm, &leads, &attention, &mut ledger);
    let of_others = attention.iter().filter(|number| !kind(**number).is_in_vtiger());
    ledger.lost.extend(of_others.map(|number| format!("{:?} [{number}] needs attention", kind(*number))));
    ledger.lost.extend(texts(&database, FAILED_IN_VTIGER).await);
    ledger
}

/// No step of theirs is meant to fail.
const FAILED_IN_VTIGER: &str =
    "SELECT receipt || ': ' || message FROM runs WHERE workflow IN (8, 9, 10) AND state = 'failed'";

/// The numbers of the leads whose runs need attention.
async fn attention(database: &Connection) -> HashSet<u64> {
    let numbers =
        "SELECT env->>'n' FROM receipts WHERE id IN (SELECT receipt FROM runs WHERE state = 'needs_attention')";
    texts(database, numbers).await.iter().map(|number| number.parse().unwrap()).collect()
}

/// A create whose worker broke off, and that vtiger does not show, is made again when nobody can be at it any more: after ten
/// minutes. Here nobody is after less, so the calls are made older and their next tries are due.
async fn let_time_pass(database: &Connection) {
    let intents = "UPDATE outside_calls SET intent_at = intent_at - interval '1 hour'
        WHERE done_at IS NULL AND intent_at BETWEEN now() - interval '1 hour' AND now() - interval '45 s'";
    let tries = r#"UPDATE checkpoints SET document = regexp_replace(document::text, '"unclear_at_ms":\d+', '"unclear_at_ms":0')::json
        WHERE (regexp_match(document::text, '"unclear_at_ms":(\d+)'))[1]::bigint
            BETWEEN 1 AND extract(epoch FROM now() - interval '45 s') * 1000"#;
    // Not of rows that are being worked on, which are leased for ten seconds.
    let waits = "UPDATE spool SET due_at = now() WHERE due_at > now() + interval '11 s' AND target = 'connection crm'";
    for statement in [intents, tries, waits] {
        database.execute(statement, &[]).await.unwrap();
    }
}

/// The steps of all runs in their order: of each transaction the place of the first of them, and their bytes.
const STEPS: &str = "SELECT receipt || '.' || number, steps_taken, 1 AS first, steps FROM runs
UNION ALL SELECT s.receipt || '.' || run, steps_taken, first, s.steps FROM run_steps s
    JOIN runs r ON r.receipt = s.receipt AND r.number = s.run
ORDER BY 1, 3, 4 NULLS FIRST";

/// Runs whose steps are not 1, 2, … up to the run's own count.
async fn broken(database: &Connection) -> Vec<String> {
    let mut runs: BTreeMap<String, (i32, i32, bool)> = BTreeMap::new();
    for row in database.query(STEPS, &[]).await.unwrap() {
        let (count, is_broken) = match row.get::<_, Option<&[u8]>>(3).map(run_steps::decode) {
            None => (0, false),
            Some(steps) => (i32::try_from(steps.as_ref().map_or(0, Vec::len)).unwrap(), steps.is_none()),
        };
        let (taken, first): (i32, i32) = (row.get(1), row.get(2));
        let run = runs.entry(row.get(0)).or_insert((taken, 0, false));
        run.2 |= is_broken || count > 0 && first != run.1 + 1;
        run.1 += count;
    }
    let broken = runs.into_iter().filter(|(_, (taken, kept, is_broken))| *is_broken || taken != kept);
    broken.map(|(run, (taken, kept, _))| format!("{run}: {taken} steps, {kept} kept")).take(20).collect()
}

const UNFINISHED: &str = "SELECT count(*) FROM runs WHERE state NOT IN ('finished', 'failed', 'needs_attention')";

async fn is_quiet(database: &Connection) -> bool {
    number(database, UNFINISHED).await == 0 && number(database, "SELECT count(*) FROM spool").await == 0
}

/// The accepted leads that have not ended.
async fn pending(database: &Connection, leads: &[Lead]) -> Vec<String> {
    let ended = "SELECT id::text FROM receipts WHERE NOT EXISTS (SELECT FROM runs
                     WHERE receipt = id AND state NOT IN ('finished', 'failed', 'needs_attention'))
                 UNION SELECT receipt::text FROM dead_letters WHERE receipt IS NOT NULL";
    let ended: HashSet<String> = texts(database, ended).await.into_iter().collect();
    let lost = leads.iter().filter_map(|lead| match &lead.answer {
        Answer::Accepted(receipt) if !ended.contains(receipt) => {
            Some(format!("lead {} ({:?}), receipt {receipt}, has not ended", lead.number, lead.kind()))
        }
        _ => None,
    });
    lost.collect()
}

async fn compare(database: &Connection, leads: &[Lead], ledger: &mut Ledger) {
    let effects = Effects::read(database).await;
    let mut groups: HashMap<(Kind, u64), Vec<&Lead>> = HashMap::new();
    for lead in leads {
        groups.entry((lead.kind(), lead.key())).or_default().push(lead);
    }
    for ((kind, key), group) in groups.into_iter().filter(|((kind, _), _)| !kind.is_in_vtiger()) {
        let numbers: Vec<u64> = group.iter().map(|lead| lead.number).collect();
        let happened = match kind {
            Kind::Unique => effects.keys.get(&key).copied().unwrap_or(0),
            Kind::Share => effects.seen.get(&(shared_record(numbers[0]), numbers[0])).copied().unwrap_or(0),
            _ => numbers.iter().filter_map(|number| effects.made.get(number)).sum(),
        };
        let once = if kind == Kind::Trigger { 2 } else { 1 };
        let least = if group.iter().any(|lead| lead.is_accepted()) { once } else { 0 };
        let what = || format!("{kind:?} {numbers:?}: {happened} effects instead of {once}");
        if happened < least {
            ledger.lost.push(what());
        } else if happened > once || happened % once != 0 {
            ledger.doubled.push(what());
        }
    }
    ledger.doubled.extend(texts(database, MISCOUNTED).await);
}

/// The other system got each lead under one key, however often it was tried.
fn called(outside: &Outside, leads: &[Lead], ledger: &mut Ledger) {
    let mut keys: HashMap<u64, HashSet<String>> = HashMap::new();
    for got in outside.got() {
        let number = got.body.trim_start_matches("n=").parse().unwrap();
        keys.entry(number).or_default().insert(got.headers["idempotency-key"].clone());
    }
    for lead in leads.iter().filter(|lead| lead.kind() == Kind::Outside) {
        let count = keys.get(&lead.number).map_or(0, HashSet::len);
        let what = || format!("Outside [{}]: {count} keys instead of 1", lead.number);
        if count > 1 {
            ledger.doubled.push(what());
        } else if count == 0 && lead.is_accepted() {
            ledger.lost.push(what());
        }
    }
}

/// Shared records whose counter is not the number of leads that they have seen.
const MISCOUNTED: &str = "SELECT 'record ' || id || ': count ' || (fields->>'count') || ', seen ' || seen
FROM records, LATERAL (SELECT count(*) AS seen FROM regexp_matches(fields->>'seen', '[0-9]+', 'g')) s
WHERE module = 'Shared' AND (fields->>'count')::bigint <> seen";

/// What is there.
struct Effects {
    /// Records made by the lead of a number.
    made: HashMap<u64, u64>,
    /// How often a shared record has seen a lead.
    seen: HashMap<(u64, u64), u64>,
    /// Records of a unique key.
    keys: HashMap<u64, u64>,
}

impl Effects {
    async fn read(database: &Connection) -> Self {
        let mut effects = Self { made: HashMap::new(), seen: HashMap::new(), keys: HashMap::new() };
        for number in texts(database, "SELECT fields->>'n' FROM records WHERE module = 'Made'").await {
            *effects.made.entry(number.parse().unwrap()).or_default() += 1;
        }
        for key in texts(database, "SELECT fields->>'key' FROM records WHERE module = 'Keys'").await {
            *effects.keys.entry(key.parse().unwrap()).or_default() += 1;
        }
        for row in texts(database, "SELECT id || ' ' || (fields->>'seen') FROM records WHERE module = 'Shared'").await {
            let mut numbers = row.split_whitespace().map(|number| number.parse().unwrap());
            let record = numbers.next().unwrap();
            for number in numbers {
                *effects.seen.entry((record, number)).or_default() += 1;
            }
        }
        effects
    }
}

async fn texts(database: &Connection, statement: &str) -> Vec<String> {
    let rows = database.query(statement, &[]).await.unwrap();
    rows.into_iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

async fn number(database: &Connection, statement: &str) -> i64 {
    database.query_one(statement, &[]).await.unwrap().get(0)
}
