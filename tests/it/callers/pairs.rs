//! Two calls at the same moment, and what the panel shows of a call: C29 and C6.

use serde_json::json;

use super::SETTINGS;
use crate::harness::Postern;
use crate::panel::visitor::{PASSWORD, Visitor};

/// A workflow that searches a lead and creates it, with this setting of the create.
fn find_or_create(unique: &str) -> String {
    format!(
        "
workflow: 900
start: {{without_record: true, next: find}}
steps:
  find: {{find_record: Leads, where: {{email: '$env[\"email\"]'}}, not_found: make}}
  make: {{create_record: Leads, {unique}fields: {{email: '$env[\"email\"]'}}}}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn c29_a_create_behind_a_search_needs_a_key_and_then_makes_one_record() {
    let postern = Postern::start(SETTINGS).await;
    let apply = async |document: String| {
        let call = postern.api("POST", "/apply").header("content-type", "application/yaml");
        call.body(document).send().await
    };
    let refused = apply(find_or_create("")).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("`unique`") && refused.text.contains("steps.make"), "{}", refused.text);
    let applied = apply(find_or_create("unique: '$env[\"email\"]', ")).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    postern.settings_are_in_force().await;
    let post = || postern.post("/trigger?workflow_id=900").json(r#"{"email":"ada@example.org"}"#).send();
    let (one, two, three) = tokio::join!(post(), post(), post());
    for answer in [one, two, three] {
        assert_eq!(postern.ended(&answer).await["status"], "finished");
    }
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_the_panel_shows_which_values_were_altered() {
    let mut postern = Postern::with_ingress(SETTINGS, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let answer = postern.post("/trigger?workflow_id=900&utm_term=%D0%BC%D0").json(r#"{"lastname":"Ada"}"#).send().await;
    assert_eq!(postern.ended(&answer).await["altered"], json!(["utm_term"]));
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get(&answer.header("location")).await;
    assert!(page.text.contains("U+FFFD") && page.text.contains("utm_term</dd>"), "{}", page.text);
}
