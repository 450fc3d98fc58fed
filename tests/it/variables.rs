//! Variables of the installation: `$var["crm_url"]`.

use serde_json::json;

use crate::cli::Cli;
use crate::harness::Postern;
use crate::panel::visitor::{PASSWORD, Visitor};
use crate::workflows::settings;

fn workflow(message: &str) -> String {
    settings(&format!(
        "\n---\nworkflow: 1\nstart: {{without_record: true, condition: '$var[\"stage\"] != \"off\"', next: say}}\nsteps: {{say: {{stop: finished, message: '{message}'}}}}\n"
    ))
}

async fn said(postern: &Postern) -> String {
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    receipt["runs"][0]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_is_read_by_workflows_as_it_was_set_last() {
    let postern = Postern::start(&workflow("at $var[\"crm_url\"] in {{ $var[\"stage\"]|upper }}")).await;
    let cli = Cli::of(&postern);
    for (value, expected) in [("https://a.example", "at https://a.example in TEST"), ("b", "at b in TEST")] {
        assert_eq!(cli.run("var set stage test").text(), "variable stage: set\n");
        cli.run(&format!("var set crm_url {value}")).text();
        postern.settings_are_in_force().await;
        assert_eq!(said(&postern).await, expected);
    }
    let listed = postern.api("GET", "/variables").send().await.json;
    let used = json!([{"workflow": 1, "step": "say"}]);
    assert_eq!((&listed["variables"][0]["value"], &listed["variables"][0]["used_by"]), (&json!("b"), &used));
    assert!(cli.run("var rm stage --yes").stderr.contains("the variable is used by workflow 1 (start)"));
    let table = cli.run("var list").text();
    assert!(table.contains("crm_url") && table.contains("workflow 1 (say)") && table.contains("database"), "{table}");
    cli.run("var set unused x").text();
    assert_eq!(cli.run("var rm unused --yes").text(), "variable unused: removed\n");
    let exported = postern.api("GET", "/export").send().await.text;
    assert!(exported.contains("workflow: 1") && !exported.contains("variable"), "{exported}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_wins_over_a_stored_variable() {
    let environment = [("POSTERN_VAR_CRM_URL", "http://test.example"), ("POSTERN_VAR_EMPTY", "")];
    let mut postern = Postern::with_ingress(&workflow("$var[\"crm_url\"]$var[\"empty\"]"), &environment).await;
    postern.start_worker_with(&environment).await;
    let set = postern.api("PUT", "/variables/crm_url").json(r#"{"value": "https://real.example"}"#).send().await;
    assert_eq!(set.status, 204, "{}", set.text);
    postern.settings_are_in_force().await;
    assert_eq!(said(&postern).await, "http://test.example");
    let listed = postern.api("GET", "/variables").send().await.json;
    assert_eq!(listed["variables"][0]["of_environment"], true, "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_variable_is_a_finding_with_a_suggestion() {
    let postern = Postern::without_worker(&settings("")).await;
    postern.api("PUT", "/variables/crm_url").json(r#"{"value": "a"}"#).send().await;
    let text = "workflow: 5\nstart: {without_record: true, next: a}\nsteps:\n  a: {stop: finished, message: '$var[\"crm_ulr\"]'}\n";
    let answer = postern.api("POST", "/validate").header("content-type", "application/yaml").body(text).send().await;
    let message = "there is no variable crm_ulr: did you mean `crm_url`?";
    let found = &answer.json["findings"][0];
    assert_eq!((&found["line"], &found["path"], &found["message"]), (&json!(4), &json!("steps.a"), &json!(message)));
    let refused = postern.api("PUT", "/variables/CRM").json(r#"{"value": "a"}"#).send().await;
    assert!(refused.status == 400 || refused.status == 404, "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_and_sets_variables() {
    let environment = [("POSTERN_ADMIN_PASSWORD", PASSWORD)];
    let mut postern = Postern::with_ingress(&workflow("$var[\"crm_url\"]"), &environment).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/variables", &[("name", "crm_url"), ("value", "https://crm.example")]).await;
    assert!(page.status < 400, "{}", page.text);
    let page = visitor.get("/variables").await.text;
    assert!(page.contains("https://crm.example") && page.contains("href=\"/workflows/1\""), "{page}");
    let wrong = visitor.post("/variables", &[("name", "CRM"), ("value", "a")]).await.text;
    assert!(wrong.contains("small Latin letters"), "{wrong}");
}
