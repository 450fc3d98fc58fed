//! Records that live in a vtiger: the same steps work on them as on own records, each once, whatever vtiger does.

mod check;
mod describe;
mod faults;
mod gone;
mod kills;
mod records;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use postern_vtiger::{ACCESS_KEY, Variant, Vtiger};
use serde_json::{Value, json};

use crate::harness::Postern;
use crate::harness::call::Answer;
use crate::panel::visitor::PASSWORD;

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
];

/// A workflow that creates a lead with its e-mail as the unique key.
const WITH_KEY: &str = "
workflow: 77
start: {module: Leads, without_record: true, next: lead}
steps:
  lead:
    create_record: Leads
    unique: '{{ $env[\"email\"]|lower }}'
    fields: {lastname: '$env[\"lastname\"]', email: '$env[\"email\"]', city: '$env[\"city\"]'}
    store_id: lead_id
    created: done
    existing: met
  done: {create_record: Notes, fields: {lead: '$env[\"lead_id\"]'}}
  met: {set_env: {met: 1}}
";

/// A Postern and a vtiger that keeps its leads.
struct Crm {
    postern: Postern,
    vtiger: Vtiger,
}

impl Crm {
    /// With this workflow.
    async fn start(variant: Variant, workflow: &str) -> Self {
        let environment = [&ENVIRONMENT[..], &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]].concat();
        let (mut postern, vtiger) = (Postern::with_ingress("", &environment).await, Vtiger::start(variant).await);
        let body = json!({"value": ACCESS_KEY}).to_string();
        assert_eq!(postern.api("PUT", "/secrets/crm_key").json(&body).send().await.status, 204);
        let url = vtiger.url();
        let documents = format!(
            "
permission: test
addresses: 127.0.0.1
workflows: [77]
---
connection: crm
vtiger: {{url: '{url}', user: admin, access_key: '$secret[\"crm_key\"]'}}
---
module: Leads
connection: crm
---
module: Contacts
connection: crm
---
module: Accounts
connection: crm
---
{workflow}"
        );
        postern.apply(&documents).await;
        postern.start_worker_with(&ENVIRONMENT).await;
        Self { postern, vtiger }
    }

    /// Posts these values, on this record.
    async fn post(&self, record: u64, values: &[(&str, &str)]) -> Answer {
        let form = reqwest::Url::parse_with_params("http://x/", values).unwrap();
        let path = format!("/trigger?workflow_id=77&record_id={record}");
        let answer = self.postern.post(&path).form(form.query().unwrap_or_default()).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
        answer
    }

    /// Posts leads with their numbers as e-mails, all at once.
    async fn post_leads(&self, numbers: std::ops::Range<usize>) -> Vec<Answer> {
        let emails: Vec<String> = numbers.map(|n| format!("{n}@example.org")).collect();
        let post = |email| async move { self.post(0, &[("lastname", "Иванов & Co"), ("email", email)]).await };
        join_all(emails.iter().map(String::as_str).map(post)).await
    }

    /// The first run of a receipt that has ended.
    async fn run(&self, answer: &Answer) -> Value {
        self.postern.ended(answer).await["runs"][0].clone()
    }

    /// How often each value of a field stands in the leads of vtiger.
    fn values(&self, field: &str) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        for record in self.vtiger.records("Leads") {
            *count.entry(record[field].as_str().unwrap().to_owned()).or_default() += 1;
        }
        count
    }

    /// Kills the worker and starts another.
    async fn replace_worker(&mut self) {
        self.kill_worker().await;
        self.postern.start_worker_with(&ENVIRONMENT).await;
    }

    /// Kills the worker, and lets the time pass for which its last call may still be at work in vtiger.
    async fn kill_worker(&mut self) {
        self.postern.workers.pop().unwrap().kill();
        let pass = "UPDATE outside_calls SET intent_at = intent_at - interval '1 hour' WHERE done_at IS NULL";
        self.postern.connection().await.batch_execute(pass).await.unwrap();
    }
}

/// The steps of a run with their outputs.
fn path(run: &Value) -> Vec<String> {
    let step = |step: &Value| format!("{} {}", step["step"].as_str().unwrap(), step["output"].as_str().unwrap_or("-"));
    run["path"].as_array().unwrap().iter().map(step).collect()
}
