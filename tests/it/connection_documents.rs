//! Connections as documents: who names them, what is refused, and the panel's form.

use serde_json::json;

use crate::cli::Cli;
use crate::harness::Postern;
use crate::harness::call::Answer;
use crate::panel::visitor::{PASSWORD, Visitor};

const MAIL: &str = "connection: mail\nsmtp: {host: mail.example.org}\n";
const LEADS: &str = "module: Leads\nconnection: crm\n";
const CRM: &str =
    "connection: crm\nvtiger: {url: 'https://crm.example.org', user: postern, access_key: '$secret[\"crm\"]'}\n";

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
];

async fn start(settings: &str) -> Postern {
    let postern = Postern::with_ingress(settings, &ENVIRONMENT).await;
    let secret = json!({"value": "an-access-key"}).to_string();
    assert_eq!(postern.api("PUT", "/secrets/crm").json(&secret).send().await.status, 204);
    postern
}

async fn apply(postern: &Postern, text: &str) -> Answer {
    postern.api("POST", "/apply").header("content-type", "application/yaml").body(text.to_owned()).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_to_no_fitting_connection_is_a_finding() {
    let postern = start(MAIL).await;
    let step = |lines: &str| {
        format!(
            "workflow: 1\nstart: {{without_record: true, next: s}}\nsteps:\n  s:\n    {}\n",
            lines.replace('\n', "\n    ")
        )
    };
    for (text, finding) in [
        (LEADS.to_owned(), "connection: there is no connection crm"),
        (LEADS.replace("crm", "mail"), "connection: the connection mail leads to smtp, and here vtiger is needed"),
        (CRM.replace("crm\"]", "crn\"]"), "vtiger.access_key: there is no secret crn: did you mean `crm`?"),
        (
            step("http_request: {connection: mail, path: a}"),
            "steps.s.http_request.connection: the connection mail leads to smtp, and here http is needed",
        ),
        (
            step("http_request: {connection: api, path: a}"),
            "steps.s.http_request.connection: there is no connection api",
        ),
        (
            step("send_mail: a@example.org\nsubject: a\ntext: a\nconnection: mial"),
            "steps.s.connection: there is no connection mial: did you mean `mail`?",
        ),
    ] {
        let answer = apply(&postern, &text).await;
        let found = &answer.json["error"]["findings"][0];
        let said = format!("{}: {}", found["path"].as_str().unwrap(), found["message"].as_str().unwrap());
        assert!(answer.status == 422 && said.starts_with(finding), "{said}");
    }
    assert_eq!(apply(&postern, &format!("{LEADS}---\n{CRM}")).await.status, 200, "in any order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_in_use_is_neither_deleted_nor_led_elsewhere() {
    let postern = start("").await;
    assert_eq!(apply(&postern, &format!("{CRM}---\n{LEADS}")).await.status, 200);
    let refused = postern.api("DELETE", "/connections/crm").send().await;
    assert_eq!((refused.status, refused.message()), (409, "the connection is used by module Leads"));
    let elsewhere = apply(&postern, "connection: crm\nsmtp: {host: a}\n").await;
    let message = elsewhere.json["error"]["findings"][0]["message"].as_str().unwrap();
    assert_eq!(message, "module Leads needs this connection to lead to vtiger");
    let used = postern.api("GET", "/secrets").send().await.json["secrets"][0]["used_by"].clone();
    assert_eq!(used, json!([{"kind": "connection", "key": "crm", "place": "vtiger.access_key"}]));
    for path in ["/modules/Leads", "/connections/crm"] {
        assert_eq!(postern.api("DELETE", path).send().await.status, 204, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_comes_and_goes_by_the_commands_of_all_documents() {
    let postern = start("").await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.run_with("apply -", CRM).text(), "connection crm: applied\n");
    assert!(cli.run("get connections").text().starts_with("crm\tvtiger\thttps://crm.example.org"));
    assert_eq!(cli.run("export").text(), CRM);
    assert_eq!(cli.run_with("diff -", CRM).code, 0);
    let explained = cli.run("explain connection").text();
    assert!(explained.contains("http.auth.oauth2_client_credentials"), "{explained}");
    cli.run_with("apply -", LEADS).text();
    let refused = cli.run("delete connection crm --yes");
    assert!(refused.code == 1 && refused.stderr.contains("used by module Leads"), "{refused:?}");
    cli.run("delete module Leads --yes").text();
    assert_eq!(cli.run("delete connection crm --yes").text(), "connection crm: deleted\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_makes_changes_and_deletes_a_connection_by_a_form() {
    let mut postern = start("").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/connections").await.text.contains("There are no connections yet"));
    assert!(visitor.get("/connections/new").await.text.contains("/connections/new?system=vtiger"));
    let form = |base: &'static str| {
        let shown = ["connection", "title", "http.base", "http.auth.bearer"].map(|name| ("shown", name));
        let values = [("connection", "api"), ("http.base", base), ("http.auth.bearer", "$secret[\"crm\"]")];
        [&shown[..], &values[..]].concat()
    };
    visitor.get("/connections/new?system=http").await;
    let page = visitor.post("/connections/new?system=http", &form("api.example")).await;
    assert!(page.status == 422 && page.text.contains("must be an address such as"), "{}", page.text);
    let page = visitor.post("/connections/new?system=http", &form("https://api.example/v2")).await;
    assert_eq!(page.location, "/connections/api?done=saved", "{}", page.text);
    let stored = postern.api("GET", "/connections/api").send().await.json;
    let auth = json!({"bearer": "$secret[\"crm\"]"});
    assert_eq!(stored, json!({"connection": "api", "http": {"base": "https://api.example/v2", "auth": auth}}));
    let page = visitor.get("/connections/api").await.text;
    assert!(page.contains("https://api.example/v2") && page.contains("OAuth 2.0 client"), "{page}");
    assert!(visitor.get("/connections").await.text.contains("HTTP API"));
    let step = "workflow: 1\nstart: {next: s}\nsteps: {s: {http_request: {connection: api}}}\n";
    assert_eq!(apply(&postern, step).await.status, 200);
    let page = visitor.post("/connections/api/delete", &[("key", "api")]).await;
    assert!(page.status == 422 && page.text.contains("workflow 1"), "{}", page.text);
    assert_eq!(postern.api("DELETE", "/workflows/1").send().await.status, 204);
    assert_eq!(visitor.post("/connections/api/delete", &[("key", "api")]).await.status, 303);
}
