//! A Postern in which something of every kind can be looked at. Whatever a caller may post and whatever opens something
//! holds [`MARKER`].

use postern_shared::message::Message;
use postern_shared::store::{self, dead_letters};
use serde_json::{Value, json};

use crate::harness::call::Answer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::PASSWORD;

/// The value that a viewer must not see.
pub const MARKER: &str = "quagga7marker";

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
];

const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 4, 6, 7, 8]
triggers: [web_lead]
ping: probe=quagga7marker
---
permission: hidden
addresses: 127.0.0.1
short_url: quagga7marker0123456789abcdefgh
workflows: [1]
---
trigger: web_lead
---
module: Leads
fields: {n: text}
---
connection: api
http: {base: 'http://127.0.0.1:1/', headers: {X-Key: quagga7marker}}
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}, store_id: lead, created: note}
  note: {comment: 'about $env[\"n\"]', record: '$env[\"lead\"]', next: end}
  end: {stop: failed, message: 'nothing is done with $env[\"n\"]'}
---
workflow: 2
start: {without_record: true, next: call}
steps:
  call: {http_request: '$env[\"url\"]', any_host: true, at_most_once: true, next: make}
  make: {create_record: Leads, fields: {n: '$env[\"n\"]'}}
---
workflow: 4
active: false
start: {without_record: true, next: token}
steps:
  token: {set_env: {api_token: quagga7marker}, next: call}
  call:
    http_request: https://crm.example.org/hooks/quagga7marker?key=quagga7marker
    headers: {Authorization: Bearer quagga7marker, X-Key: quagga7marker}
    json: {n: '$env[\"n\"]', key: quagga7marker}
    next: mail
  mail: {send_mail: quagga7marker@example.org, subject: quagga7marker, text: quagga7marker}
---
workflow: 6
start: {without_record: true, next: end}
steps:
  end: {stop: finished}
---
workflow: 7
start: {without_record: true, next: pause}
steps:
  pause: {delay: {for: 1d}}
---
workflow: 8
start: {without_record: true, next: end}
steps:
  end: {stop: failed}
";

/// What there is to look at.
pub struct World {
    pub postern: Postern,
    /// A receipt with a run that failed.
    pub receipt: String,
    /// The run that failed.
    pub failed: String,
    /// A run that needs attention.
    pub undecided: String,
    /// A receipt whose run has finished.
    pub finished: String,
    /// Two receipts whose runs wait.
    pub waiting: [String; 2],
    /// A receipt that started nothing.
    pub unmatched: String,
    /// A record with a comment.
    pub record: i64,
    /// A dead letter that can be read, and the group of it.
    pub letter: i64,
    pub group: String,
    /// A dead letter that cannot be read.
    pub unreadable: i64,
}

impl World {
    pub async fn new() -> Self {
        let mut postern = Postern::with_ingress(SETTINGS, &ENVIRONMENT).await;
        let secret = json!({"value": MARKER}).to_string();
        assert_eq!(postern.api("PUT", "/secrets/crm").json(&secret).send().await.status, 204);
        let undecided = undecided(&mut postern).await;
        let finished = postern.outcome("/trigger?workflow_id=6", "").await;
        postern.outcome("/trigger?workflow_id=8", "").await;
        let wait = async || postern.post("/trigger?workflow_id=7").form("").send().await;
        let waiting = [wait().await, wait().await];
        eventually("they wait", async || {
            (postern.count("SELECT count(*) FROM runs WHERE state = 'waiting'").await == 2).then_some(())
        })
        .await;
        let form = format!("n={MARKER}");
        let failed = postern.outcome(&format!("/trigger?workflow_id=1&utm={MARKER}"), &form).await;
        assert_eq!(failed["status"], "failed", "{failed}");
        let receipt = text(&failed["receipt"]);
        let unmatched = postern.outcome("/trigger?workflow_trigger=web_lead", &form).await;
        assert_eq!(unmatched["status"], "unmatched", "{unmatched}");
        let refused = format!("n={MARKER}&x=%FF");
        let refused = postern.post(&format!("/trigger?workflow_id=1&utm={MARKER}")).form(refused).send().await;
        assert_eq!(refused.status, 400, "{}", refused.json);
        let stranger = postern.post("/trigger?workflow_id=1").from("127.0.0.2").form(form).send().await;
        assert_eq!(stranger.status, 403, "{}", stranger.json);
        for table in ["refused_bodies", "rejected_callers"] {
            let count = format!("SELECT count(*) FROM {table}");
            eventually(table, async || (postern.count(&count).await == 1).then_some(())).await;
        }
        discard_one(&postern).await;
        let submission = json!({
            "receipt": "019a8f00-0000-7000-8000-000000000001", "permission": "test", "target": {"workflow": 1},
            "record": null, "env": {"n": MARKER}, "query": {"utm": MARKER}, "request": {}, "accepted_at_ms": 1,
            "dedupe": {"key": MARKER, "days": 1}, "settings_version": 1,
        });
        put(&postern, &json!({"submissions": [submission]}).to_string()).await;
        put(&postern, MARKER).await;
        let noted =
            format!("workflow: 5\nactive: false\nstart: {{next: a}}\nsteps: {{a: {{set_env: {{token: {MARKER}}}}}}}\n");
        for text in [&noted, &noted.replace("token", "my_secret")] {
            let call = postern.api("POST", "/apply").header("content-type", "application/yaml").body(text.as_str());
            let applied = call.send().await;
            assert_eq!(applied.status, 200, "{}", applied.json);
        }
        let letters = postern.api("GET", "/dead_letters").send().await.json;
        let letter = |at: usize| letters["dead_letters"][at]["id"].as_i64().unwrap();
        let record = postern.api("GET", "/records/Leads").send().await.json["records"][0]["id"].as_i64().unwrap();
        Self {
            failed: format!("{receipt}.1"),
            receipt,
            undecided,
            unmatched: text(&unmatched["receipt"]),
            finished: text(&finished["receipt"]),
            waiting: waiting.map(|answer| text(&answer.json["receipt"])),
            record,
            unreadable: letter(0),
            letter: letter(1),
            group: text(&letters["dead_letters"][1]["group"]),
            postern,
        }
    }

    /// The text of a token with a role.
    pub async fn token(&self, role: &str) -> String {
        let body = json!({"name": format!("of {role}"), "role": role}).to_string();
        let made = self.postern.api("POST", "/tokens").json(&body).send().await;
        assert_eq!(made.status, 201, "{}", made.json);
        text(&made.json["token"])
    }
}

/// A run that broke off while a step that is done at most once was under way.
async fn undecided(postern: &mut Postern) -> String {
    let settings = [("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"), ("POSTERN_SEARCH_NAMES", "n")];
    postern.start_worker_with(&settings).await;
    let outside = Outside::start().await;
    let form = format!("n={MARKER}&url={}", outside.url("/silent"));
    let accepted: Answer = postern.post("/trigger?workflow_id=2").form(form).send().await;
    eventually("it is being called", async || (outside.got().len() == 1).then_some(())).await;
    postern.workers.pop().unwrap().kill();
    postern.sql("UPDATE outside_calls SET intent_at = intent_at - interval '1 hour' WHERE done_at IS NULL").await;
    postern.start_worker_with(&settings).await;
    let receipt = postern.ended(&accepted).await;
    assert_eq!(receipt["status"], "needs_attention", "{receipt}");
    format!("{}.1", text(&receipt["receipt"]))
}

/// What the audit log keeps of a dead letter.
async fn discard_one(postern: &Postern) {
    put(postern, MARKER).await;
    let all = json!({"all": true, "reason": MARKER}).to_string();
    let discarded = postern.api("POST", "/dead_letter_discards").json(&all).send().await;
    assert_eq!(discarded.json["discarded"], 1, "{}", discarded.json);
}

async fn put(postern: &Postern, body: &str) {
    let mut connection = postern.connection().await;
    let transaction = store::begin(&mut connection).await.unwrap();
    let reason = &Message::StoreRefuses { reason: MARKER.to_string() };
    let (kind, body) = ("submissions.v1", body.as_bytes());
    let letter = dead_letters::DeadLetter { receipt: None, kind, body, reason, attempt: 5 };
    dead_letters::put(&transaction, &letter).await.unwrap();
    store::commit(transaction).await.unwrap();
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
