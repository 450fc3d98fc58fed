//! vtiger is away: what callers of other workflows notice of it, and whether the leads that wait for it end in it once each
//! and in order when it is back. Everything is measured in one run: before, while it is away, and afterwards.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use postern_vtiger::{ACCESS_KEY, Variant, Vtiger};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Scale;
use crate::honest::{self, Answer, Post};
use crate::it::harness::{DEMO, Postern};
use crate::report::{Beside, Figure, Reach, Rounds, quantile};

/// Posts a second whose leads need vtiger.
const TO_VTIGER: u32 = 20;

/// Posts a second of others.
const ELSEWHERE: u32 = 180;

/// p99 to the commit of others may become so many times as long, or this many milliseconds.
const BESIDE: Beside = Beside { times: 1.2, least: 20.0 };

/// The longest that is measured before and afterwards.
const LONGEST_CALM: Duration = Duration::from_secs(60);

/// Not counted: connections are made, and statements prepared.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long leads may take to end when vtiger is back, beside the time for which it was away.
const PATIENCE: Duration = Duration::from_secs(300);

/// Records that leads are added to in order.
const RECORDS: u64 = 20;
const FIRST_RECORD: u64 = 852;

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
];

/// Workflow 80 creates a contact with a unique value, 81 adds to one, in order.
const DOCUMENTS: &str = r#"
permission: crm
addresses: 127.0.0.1
workflows: [80, 81]
---
connection: crm
vtiger: {url: 'CRM', user: admin, access_key: '$secret["crm_key"]'}
---
module: Contacts
connection: crm
---
workflow: 80
start: {without_record: true, next: make}
steps:
  make: {create_record: Contacts, unique: 'n$env["n"]@example.org', fields: {lastname: L, email: 'n$env["n"]@example.org'}}
---
workflow: 81
start: {module: Contacts, parallel: false, next: add}
steps:
  add: {set_value: {description: '$description $env["n"]'}}
"#;

/// In which way vtiger is away.
#[derive(Clone, Copy)]
enum Way {
    RefusesConnections,
    StandsStill,
}

const WAYS: [(&str, Way); 2] =
    [("vtiger refuses connections", Way::RefusesConnections), ("vtiger stands still", Way::StandsStill)];

/// What was seen in one round.
struct Round {
    /// p99 of others to the commit in milliseconds: before, while vtiger was away, and afterwards.
    committed: [f64; 3],
    /// Percent of the others' posts that got 202.
    accepted: f64,
    /// Percent of the leads for vtiger that are there once.
    once: f64,
    /// Percent of the records whose leads are in order.
    in_order: f64,
    /// From the return of vtiger to the end of the last lead that waited for it, in seconds.
    ended: f64,
}

/// The ways whose names contain `only`.
pub async fn away(scale: Scale, only: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, way) in WAYS.into_iter().filter(|(name, _)| name.contains(only)) {
        let mut rounds = Vec::new();
        for _ in 0..scale.rounds {
            rounds.push(round(name, way, scale.round).await);
        }
        figures.extend(figures_of(name, &rounds));
    }
    assert!(!figures.is_empty(), "there is no {only}");
    figures
}

fn figures_of(name: &str, rounds: &[Round]) -> Vec<Figure> {
    let all = |of: &dyn Fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<_>>();
    let worst = |what: &str, of: &dyn Fn(&Round) -> f64| {
        let worst = all(of).into_iter().fold(100.0, f64::min);
        Figure::value(format!("{name}: {what}"), "%", vec![worst], Reach::AtLeast(100.0))
    };
    let beside = Rounds { postern: all(&|one| one.committed[1]), floor: all(&|one| one.committed[0]) };
    let shown = |what: &str, unit, values| Figure::value(format!("{name}: {what}"), unit, values, Reach::Anything);
    vec![
        worst("others answered with 202", &|one| one.accepted),
        Figure::beside(format!("{name}: p99 of others to the commit"), "ms", beside, BESIDE),
        shown("the same afterwards", "ms", all(&|one| one.committed[2])),
        worst("leads in it once each afterwards", &|one| one.once),
        worst("records with their leads in order", &|one| one.in_order),
        shown("all done after it was back", "s", all(&|one| one.ended)),
    ]
}

/// A Postern and its vtiger.
struct Pair {
    postern: Postern,
    vtiger: Vtiger,
    /// The answers of posts for vtiger.
    posts: Vec<Post>,
    /// Those of others, in percent.
    accepted: f64,
}

async fn round(name: &str, way: Way, time: Duration) -> Round {
    let mut pair = Pair::start().await;
    let calm = time.min(LONGEST_CALM);
    pair.phase(WARM_UP).await;
    let before = pair.phase(calm).await;
    match way {
        Way::RefusesConnections => pair.vtiger.go_away(),
        Way::StandsStill => pair.vtiger.freeze(true),
    }
    let meanwhile = pair.phase(time).await;
    let waiting = pair.unfinished().await;
    match way {
        Way::RefusesConnections => pair.vtiger.come_back().await,
        Way::StandsStill => pair.vtiger.freeze(false),
    }
    let back = Instant::now();
    let afterwards = pair.phase(calm).await;
    while pair.unfinished().await > 0 && back.elapsed() < time + PATIENCE {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (once, in_order) = pair.compare();
    let ended = back.elapsed().as_secs_f64();
    println!(
        "{name}: p99 of others to the commit {meanwhile:.1} ms, before {before:.1} ms, afterwards {afterwards:.1} ms; \
         {waiting} leads waited, {} of {} once, all done within {ended:.0} s",
        once.0, once.1
    );
    let percent = |(right, of): (usize, usize)| 100.0 * right as f64 / of as f64;
    let committed = [before, meanwhile, afterwards];
    Round { committed, accepted: pair.accepted, once: percent(once), in_order: percent(in_order), ended }
}

impl Pair {
    async fn start() -> Self {
        let (mut postern, vtiger) = (Postern::with_ingress(DEMO, &ENVIRONMENT).await, Vtiger::start(Variant::B).await);
        vtiger.crm().set_last(FIRST_RECORD - 1);
        (0..RECORDS).for_each(|_| _ = vtiger.crm().add("Contacts", &[("lastname", "shared")]));
        let body = json!({"value": ACCESS_KEY}).to_string();
        assert_eq!(postern.api("PUT", "/secrets/crm_key").json(&body).send().await.status, 204);
        postern.apply(&DOCUMENTS.replace("CRM", &vtiger.url())).await;
        postern.start_worker_with(&ENVIRONMENT).await;
        Self { postern, vtiger, posts: Vec::new(), accepted: 100.0 }
    }

    /// Posts to both for a time; p99 of the others to the commit.
    async fn phase(&mut self, time: Duration) -> f64 {
        let to = self.postern.public();
        let lead = |number: u64| {
            let record = FIRST_RECORD + number / 2 % RECORDS;
            let selectors = if is_ordered(number) { format!("81&record_id={record}") } else { "80".to_owned() };
            (format!("/trigger?workflow_id={selectors}"), format!("n={number}"))
        };
        let (others, posts) =
            tokio::join!(honest::post(to, ELSEWHERE, time), honest::post_as(to, TO_VTIGER, time, lead));
        let accepted = others.iter().filter(|post| matches!(post.answer, Answer::Accepted(_))).count();
        self.accepted = self.accepted.min(100.0 * accepted as f64 / others.len() as f64);
        self.posts.extend(posts);
        let (committed, missing) = honest::commits(&self.postern.connection().await, &others).await;
        if missing > 0 {
            println!("{missing} of {} accepted leads of others were not committed", committed.len());
        }
        quantile(&committed, 0.99)
    }

    /// How many runs for vtiger have not finished.
    async fn unfinished(&self) -> i64 {
        self.postern.count("SELECT count(*) FROM runs WHERE workflow IN (80, 81) AND state <> 'finished'").await
    }

    /// How many of the accepted leads are in vtiger once, and of how many records the leads are in the order of their
    /// receipts, each beside how many there are.
    fn compare(&self) -> ((usize, usize), (usize, usize)) {
        let contacts = self.vtiger.records("Contacts");
        let mut there: HashMap<u64, usize> = HashMap::new();
        let mut seen: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for contact in &contacts {
            let text = |field: &str| contact[field].as_str().unwrap_or_default().to_owned();
            let email = text("email").trim_start_matches('n').split('@').next().and_then(|number| number.parse().ok());
            let numbers: Vec<u64> = text("description").split_whitespace().map(|one| one.parse().unwrap()).collect();
            email.iter().chain(&numbers).for_each(|number| *there.entry(*number).or_default() += 1);
            seen.insert(number_of(contact), numbers);
        }
        let mut accepted: Vec<(Uuid, u64)> = Vec::new();
        accepted.extend(self.posts.iter().filter_map(|post| match &post.answer {
            Answer::Accepted(receipt) => Some((*receipt, post.number)),
            _ => None,
        }));
        accepted.sort_unstable();
        let once = accepted.iter().filter(|(_, number)| there.get(number) == Some(&1)).count();
        let ordered = || accepted.iter().map(|(_, number)| *number).filter(|number| is_ordered(*number));
        let of_record = |record: u64| ordered().filter(move |number| FIRST_RECORD + number / 2 % RECORDS == record);
        let records = FIRST_RECORD..FIRST_RECORD + RECORDS;
        let in_order = records.filter(|record| of_record(*record).eq(seen[record].iter().copied())).count();
        ((once, accepted.len()), (in_order, usize::try_from(RECORDS).unwrap()))
    }
}

/// Whether the lead of a number is added to a record.
fn is_ordered(number: u64) -> bool {
    number % 2 == 1
}

/// The number in the id of a contact.
fn number_of(contact: &Value) -> u64 {
    let id = contact["id"].as_str().unwrap_or_default();
    id.split_once('x').unwrap().1.parse().unwrap()
}
