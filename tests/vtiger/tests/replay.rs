//! The recorded exchanges against the stand-in: what it answers has the same status, type, success, code, names and values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashMap;

use md5::{Digest, Md5};
use postern_vtiger::{ACCESS_KEY, Variant, Vtiger};
use reqwest::{Client, Response};
use serde_json::{Map, Value};

const A: &str = include_str!("../data/recorded_a.jsonl");
const B: &str = include_str!("../data/recorded_b.jsonl");

/// What is another value each time.
const TIMES: [&str; 4] = ["createdtime", "modifiedtime", "lead_no", "contact_no"];

/// Replays exchanges, with the sessions and the challenges of the stand-in in the place of the recorded ones.
struct Replay {
    vtiger: Vtiger,
    client: Client,
    /// The access key of the recorded instance.
    key: String,
    sessions: HashMap<String, String>,
    /// Recorded and own, the newest last.
    tokens: Vec<(String, String)>,
}

fn recorded(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(exchange: &'v Value, name: &str) -> &'v str {
    exchange[name].as_str().unwrap_or_default()
}

fn parameter(exchange: &Value, name: &str) -> Option<String> {
    let query = text(exchange, "path").split_once('?').map_or("", |(_, query)| query).to_owned();
    let found = [query.as_bytes(), text(exchange, "body").as_bytes()].into_iter().find_map(|part| {
        form_urlencoded::parse(part).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    });
    found.or_else(|| {
        // Of a body in parts.
        let (_, rest) = text(exchange, "body").split_once(&format!("name=\"{name}\"\r\n\r\n"))?;
        rest.split('\r').next().map(str::to_owned)
    })
}

fn md5(text: &str) -> String {
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Replay {
    async fn new(variant: Variant, exchanges: &[Value]) -> Self {
        let unhashed = exchanges.iter().find(|one| one["label"] == "login with unhashed access key").unwrap();
        let key = parameter(unhashed, "accessKey").unwrap();
        let vtiger = Vtiger::start(variant).await;
        Self { vtiger, client: Client::new(), key, sessions: HashMap::new(), tokens: Vec::new() }
    }

    async fn send(&self, exchange: &Value) -> Response {
        let own = |part: &str| {
            let mut part = part.to_owned();
            for (recorded, own) in &self.sessions {
                part = part.replace(recorded, own);
            }
            for (recorded, own) in &self.tokens {
                let (recorded, own) = (md5(&format!("{recorded}{}", self.key)), md5(&format!("{own}{ACCESS_KEY}")));
                part = part.replace(&recorded, &own).replace(&recorded.to_uppercase(), &own.to_uppercase());
            }
            part
        };
        let url = format!("{}{}", self.vtiger.url(), own(text(exchange, "path")).trim_start_matches('/'));
        let request = match text(exchange, "method") {
            "POST" => {
                self.client.post(url).header("content-type", text(exchange, "type")).body(own(text(exchange, "body")))
            }
            _ => self.client.get(url),
        };
        request.send().await.unwrap()
    }

    /// A session that was opened before the recording began.
    async fn open_session(&mut self, exchange: &Value, expected: &Value) {
        let Some(session) = parameter(exchange, "sessionName").filter(|name| !name.is_empty()) else { return };
        let is_session_error = text(&expected["error"], "code").contains("SESSION");
        if self.sessions.contains_key(&session) || is_session_error {
            return;
        }
        let ask = format!("{}webservice.php?operation=getchallenge&username=admin", self.vtiger.url());
        let challenge: Value = self.client.get(ask).send().await.unwrap().json().await.unwrap();
        let key = md5(&format!("{}{ACCESS_KEY}", text(&challenge["result"], "token")));
        let form = [("operation", "login"), ("username", "admin"), ("accessKey", &key)];
        let url = format!("{}webservice.php", self.vtiger.url());
        let welcome: Value = self.client.post(url).form(&form).send().await.unwrap().json().await.unwrap();
        self.sessions.insert(session, text(&welcome["result"], "sessionName").to_owned());
    }

    /// What is not as it was recorded.
    async fn replay(&mut self, exchange: &Value) -> Vec<String> {
        let label = text(exchange, "label");
        let expected: Value = serde_json::from_str(text(exchange, "answer")).unwrap_or_default();
        self.open_session(exchange, &expected).await;
        let is_new = label.contains("create") || label.contains("twice");
        if let Some(id) = expected["result"]["id"].as_str().filter(|_| is_new) {
            self.vtiger.crm().set_last(id.split_once('x').unwrap().1.parse::<u64>().unwrap() - 1);
        }
        let response = self.send(exchange).await;
        let kind = |text: &str| text.split(';').next().unwrap_or_default().to_owned();
        let found_type = kind(response.headers()["content-type"].to_str().unwrap());
        let head = (u64::from(response.status().as_u16()), found_type);
        let recorded = (exchange["status"].as_u64().unwrap(), kind(text(exchange, "answer_type")));
        let body = response.text().await.unwrap();
        let found: Value = serde_json::from_str(&body).unwrap_or_default();
        let of = |answer: &Value, name| text(&answer["result"], name).to_owned();
        if !of(&expected, "token").is_empty() {
            self.tokens.push((of(&expected, "token"), of(&found, "token")));
        }
        if !of(&expected, "sessionName").is_empty() {
            self.sessions.insert(of(&expected, "sessionName"), of(&found, "sessionName"));
        }
        let mut wrong = differences(&expected, &found);
        if head != recorded {
            wrong.push(format!("{head:?} instead of {recorded:?}"));
        }
        wrong.into_iter().map(|wrong| format!("{label}: {wrong}")).collect()
    }
}

fn names(value: &Value) -> Vec<&String> {
    value.as_object().into_iter().flat_map(Map::keys).collect()
}

fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |what: &str, found: String, expected: String| {
        if found != expected {
            wrong.push(format!("{what} {found} instead of {expected}"));
        }
    };
    same("success", found["success"].to_string(), expected["success"].to_string());
    same("code", found["error"]["code"].to_string(), expected["error"]["code"].to_string());
    match (&expected["result"], &found["result"]) {
        (Value::Array(expected), Value::Array(found)) => {
            same("rows", found.len().to_string(), expected.len().to_string());
            same("columns", format!("{:?}", found.first().map(names)), format!("{:?}", expected.first().map(names)));
        }
        (Value::Object(expected), found) if expected.contains_key("id") => {
            same("fields", format!("{:?}", names(found)), format!("{:?}", expected.keys().collect::<Vec<_>>()));
            for (name, value) in expected.iter().filter(|(name, _)| !TIMES.contains(&name.as_str())) {
                same(name, found[name].to_string(), value.to_string());
            }
        }
        (expected, found) => same("names", format!("{:?}", names(found)), format!("{:?}", names(expected))),
    }
    wrong
}

async fn replay(variant: Variant, text: &str) {
    let exchanges = recorded(text);
    let (mut replay, mut wrong) = (Replay::new(variant, &exchanges).await, Vec::new());
    for exchange in &exchanges {
        wrong.extend(replay.replay(exchange).await);
    }
    assert!(exchanges.len() > 100, "{} exchanges", exchanges.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_stand_in_answers_as_the_recorded_f_revocrm_did() {
    replay(Variant::A, A).await;
}

#[tokio::test]
async fn the_stand_in_answers_as_the_recorded_vtiger_did() {
    replay(Variant::B, B).await;
}
