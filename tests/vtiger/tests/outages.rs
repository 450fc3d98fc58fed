//! Outages of the stand-in: what was sent while it was frozen is done afterwards, what was under way when it was killed is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use md5::{Digest, Md5};
use postern_vtiger::{ACCESS_KEY, Fault, Variant, Vtiger};
use reqwest::Client;
use serde_json::Value;

/// Longer than any of these tests.
const LONG: Duration = Duration::from_secs(600);

async fn log_in(vtiger: &Vtiger, client: &Client) -> String {
    let url = format!("{}webservice.php", vtiger.url());
    let challenge = client.get(format!("{url}?operation=getchallenge&username=admin")).send().await.unwrap();
    let challenge: Value = challenge.json().await.unwrap();
    let token = challenge["result"]["token"].as_str().unwrap();
    let key: String = Md5::digest(format!("{token}{ACCESS_KEY}")).iter().map(|byte| format!("{byte:02x}")).collect();
    let form = [("operation", "login"), ("username", "admin"), ("accessKey", &key)];
    let welcome: Value = client.post(url).form(&form).send().await.unwrap().json().await.unwrap();
    welcome["result"]["sessionName"].as_str().unwrap().to_owned()
}

/// Creates a lead; whether it was answered within a moment, and with what.
async fn create(vtiger: &Vtiger, client: &Client, session: &str) -> Option<Value> {
    let element = r#"{"lastname": "L", "assigned_user_id": "19x1"}"#;
    let form = [("operation", "create"), ("sessionName", session), ("elementType", "Leads"), ("element", element)];
    let sent = client.post(format!("{}webservice.php", vtiger.url())).form(&form);
    let answer = sent.timeout(Duration::from_millis(300)).send().await.ok()?;
    answer.json().await.ok()
}

#[tokio::test]
async fn what_was_sent_while_it_was_frozen_is_done_afterwards() {
    let (vtiger, client) = (Vtiger::start(Variant::A).await, Client::new());
    let session = log_in(&vtiger, &client).await;
    vtiger.freeze(true);
    assert_eq!(create(&vtiger, &client, &session).await, None);
    assert!(vtiger.records("Leads").is_empty());
    vtiger.freeze(false);
    // It has the number after that of the call that nobody waits for, unless it overtakes that.
    assert_eq!(create(&vtiger, &client, &session).await.unwrap()["success"], true);
    while vtiger.records("Leads").len() < 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_under_way_when_it_is_killed_breaks_off_and_sessions_are_gone() {
    for (fault, count) in [(Fault::Slow(LONG), 0), (Fault::SilentAfter(LONG), 1)] {
        let (vtiger, client) = (Vtiger::start(Variant::B).await, Client::new());
        let session = log_in(&vtiger, &client).await;
        vtiger.fault("create", fault, 1, 1);
        assert_eq!(create(&vtiger, &client, &session).await, None);
        assert_eq!((vtiger.calls("create"), vtiger.harmed()), (1, 1));
        vtiger.kill();
        assert_eq!(create(&vtiger, &client, &session).await, None, "it refuses connections");
        vtiger.come_back().await;
        assert_eq!(create(&vtiger, &client, &session).await.unwrap()["error"]["code"], "INVALID_SESSIONID");
        assert_eq!(vtiger.records("Leads").len(), count, "{fault:?}");
    }
}
