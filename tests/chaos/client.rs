//! The client: posts numbered leads at a steady rate, whatever becomes of the earlier ones, and notes each answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};

use crate::crm;
use crate::settings::{FIRST_SHARED, SHARED};

/// How long a caller waits for its answer; longer than the ingress needs to find neither broker nor spool.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may lie idle: less than the ingress allows, or a post may meet its end.
const IDLE: Duration = Duration::from_secs(10);

/// What a lead does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Create,
    /// Adds to a record that others add to.
    Share,
    /// Creates the one record of a key that three others have as well.
    Unique,
    /// Has the idempotency key of one other.
    Dedupe,
    /// Starts three workflows, of which the second fails.
    Trigger,
    /// Creates, and then fails.
    Fail,
    /// Takes many steps.
    Slow,
    /// Waits, and creates.
    Delay,
    /// Asks another system, and creates.
    Outside,
    /// Creates a lead in vtiger with a unique value, changes it and comments on it.
    Crm,
    /// Adds to a lead in vtiger that others add to.
    CrmShare,
    /// Creates a lead in vtiger without a unique value.
    CrmAsk,
}

impl Kind {
    /// Whether its effects are in vtiger.
    pub fn is_in_vtiger(self) -> bool {
        matches!(self, Self::Crm | Self::CrmShare | Self::CrmAsk)
    }
}

/// The kind of a lead is decided by its number.
const KINDS: [Kind; 15] = [
    Kind::Create,
    Kind::Share,
    Kind::Trigger,
    Kind::Share,
    Kind::Crm,
    Kind::Unique,
    Kind::Create,
    Kind::CrmShare,
    Kind::Share,
    Kind::Dedupe,
    Kind::Fail,
    Kind::Slow,
    Kind::Delay,
    Kind::CrmAsk,
    Kind::Outside,
];

/// From one lead to the next of its kind, for the kinds that come once.
const ROUND: u64 = KINDS.len() as u64;

/// A lead and what was said to it.
#[derive(Debug, Clone)]
pub struct Lead {
    pub number: u64,
    pub answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 202 with this receipt.
    Accepted(String),
    /// Another status: it may still happen, but nobody was promised that.
    Refused(u16),
    /// The connection broke, or nobody answered.
    Unknown,
}

impl Lead {
    pub fn kind(&self) -> Kind {
        kind(self.number)
    }

    pub fn is_accepted(&self) -> bool {
        matches!(self.answer, Answer::Accepted(_))
    }

    /// What leads with the same effect have in common: their unique or their dedupe key.
    pub fn key(&self) -> u64 {
        key(self.number)
    }
}

/// The kind of the lead of a number.
pub fn kind(number: u64) -> Kind {
    KINDS[usize::try_from(number % ROUND).unwrap()]
}

fn key(number: u64) -> u64 {
    match kind(number) {
        Kind::Unique => number / (4 * ROUND),
        Kind::Dedupe => number / (2 * ROUND),
        _ => number,
    }
}

/// The record that a lead adds to.
pub fn shared_record(number: u64) -> u64 {
    FIRST_SHARED + number / ROUND % SHARED
}

/// Posts; clones share the count and the notes.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    doors: Arc<Vec<SocketAddr>>,
    next: Arc<AtomicU64>,
    /// From the number of one lead to that of the next.
    step: u64,
    leads: Arc<Mutex<Vec<Lead>>>,
}

impl Client {
    /// Posts leads of all kinds in turn; `plain` = only those that create a record.
    pub fn new(doors: Vec<SocketAddr>, plain: bool) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).pool_idle_timeout(IDLE).build().unwrap();
        let step = if plain { ROUND } else { 1 };
        Self { http, doors: Arc::new(doors), next: Arc::default(), step, leads: Arc::default() }
    }

    /// All that was posted and answered so far.
    pub fn leads(&self) -> Vec<Lead> {
        self.leads.lock().unwrap().clone()
    }

    /// How many were accepted, refused, and left without an answer so far.
    pub fn counts(&self) -> [usize; 3] {
        let leads = self.leads.lock().unwrap();
        let accepted = leads.iter().filter(|lead| lead.is_accepted()).count();
        let unknown = leads.iter().filter(|lead| lead.answer == Answer::Unknown).count();
        [accepted, leads.len() - accepted - unknown, unknown]
    }

    /// Posts one lead.
    pub async fn post(&self) -> Answer {
        let number = self.next.fetch_add(self.step, Ordering::Relaxed);
        let path = match kind(number) {
            Kind::Create | Kind::Dedupe => "workflow_id=1".to_owned(),
            Kind::Share => format!("workflow_id=2&record_id={}", shared_record(number)),
            Kind::Unique => "workflow_id=3".to_owned(),
            Kind::Fail => "workflow_id=4".to_owned(),
            Kind::Slow => "workflow_id=5".to_owned(),
            Kind::Delay => "workflow_id=6".to_owned(),
            Kind::Outside => "workflow_id=7".to_owned(),
            Kind::Crm => "workflow_id=8".to_owned(),
            Kind::CrmShare => {
                format!("workflow_id=9&record_id={}", crm::FIRST_SHARED + number / ROUND % crm::SHARED)
            }
            Kind::CrmAsk => "workflow_id=10".to_owned(),
            Kind::Trigger => "workflow_trigger=many".to_owned(),
        };
        // Each kind comes to every door.
        let door = self.doors[usize::try_from(number / ROUND + number).unwrap() % self.doors.len()];
        let form = format!("n={number}&key={}", key(number));
        let mut request = self.http.post(format!("http://{door}/trigger?{path}")).body(form);
        if kind(number) == Kind::Dedupe {
            request = request.header("idempotency-key", format!("dedupe {}", key(number)));
        }
        let answer = match request.send().await {
            Err(_) => Answer::Unknown,
            Ok(response) => read(response).await,
        };
        self.leads.lock().unwrap().push(Lead { number, answer: answer.clone() });
        answer
    }

    /// Posts so many a second until told to stop.
    pub fn post_at(&self, rate: u64) -> Posting {
        let stopped = Arc::new(AtomicBool::new(false));
        let (client, stop) = (self.clone(), Arc::clone(&stopped));
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).unwrap());
            let mut open = JoinSet::new();
            while !stop.load(Ordering::Relaxed) {
                ticks.tick().await;
                let client = client.clone();
                open.spawn(async move { client.post().await });
                while open.try_join_next().is_some() {}
            }
            open.join_all().await;
        });
        Posting { stopped, task }
    }
}

async fn read(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let json: Option<serde_json::Value> = response.json().await.ok();
    match (status, json) {
        (202, Some(json)) => Answer::Accepted(json["receipt"].as_str().unwrap().to_owned()),
        // A 202 whose body was cut off is a promise all the same, but nobody can ask for it by name.
        (202, None) => Answer::Unknown,
        _ => Answer::Refused(status),
    }
}

/// Posting under way.
pub struct Posting {
    stopped: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Posting {
    /// Returns when the last answer has come.
    pub async fn stop(self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}
