//! Drafts by the API: changed, published, and never in the way of another version.

use serde_json::{Value, json};

use super::{Api, api};
use crate::harness::DEMO;

const PATH: &str = "/workflows/77/draft";
const JSON: &str = "application/json";

/// The text of the demo's workflow with another title.
fn titled(title: &str) -> String {
    let workflow = include_str!("../../../deploy/demo/workflow-77.yaml");
    workflow.replace("title: New lead", &format!("title: {title}"))
}

async fn set(api: &Api, body: Value) -> Value {
    let answer = api.call("PUT", PATH, Some((JSON, &body.to_string()))).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

async fn publish(api: &Api) -> (u16, Value) {
    let answer = api.call("POST", &format!("{PATH}/publication"), Some((JSON, "{}"))).await;
    (answer.status, answer.json)
}

#[tokio::test]
async fn a_draft_is_mended_and_published_by_the_api() {
    let api = api().await;
    assert_eq!(api.call("GET", PATH, None).await.status, 404);
    let text = titled("Lead").replace("then: lead", "then: laed");
    let draft = set(&api, json!({ "text": text })).await;
    assert_eq!((&draft["base_version"], &draft["in_force"], &draft["text"]), (&json!(1), &json!(1), &json!(text)));
    assert!(draft["findings"][0]["message"].as_str().unwrap().contains("laed"), "{draft}");
    let (status, refused) = publish(&api).await;
    assert_eq!((status, &refused["error"]["code"]), (422, &json!("invalid_document")), "{refused}");
    assert_eq!(set(&api, json!({ "text": titled("Lead") })).await["findings"], json!([]));
    let (status, published) = publish(&api).await;
    assert_eq!((status, &published["version"]), (200, &json!(2)), "{published}");
    assert_eq!(api.call("GET", PATH, None).await.status, 404);
    assert!(api.get("/workflows/77").await.to_string().contains("Lead"));
}

#[tokio::test]
async fn a_draft_of_an_older_version_is_not_published_unseen() {
    let api = api().await;
    set(&api, json!({ "text": titled("Mine") })).await;
    api.postern.apply(&DEMO.replace("title: New lead", "title: Theirs")).await;
    let (status, refused) = publish(&api).await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("conflict")), "{refused}");
    let draft = set(&api, json!({"text": titled("Ours"), "base_version": 2})).await;
    assert_eq!((&draft["base_version"], &draft["in_force"]), (&json!(2), &json!(2)));
    assert_eq!(publish(&api).await.0, 200);
    set(&api, json!({ "text": titled("Mine") })).await;
    assert_eq!(api.call("DELETE", PATH, None).await.status, 204);
    assert_eq!(api.call("DELETE", PATH, None).await.status, 404);
}
