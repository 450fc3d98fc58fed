//! Secrets: encrypted at rest, put into a request at the moment of its call, and found nowhere else.

use data_encoding::BASE64;
use serde_json::json;

use crate::cli::Cli;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually, private};
use crate::panel::visitor::{PASSWORD, Visitor};

/// A value with characters that URLs, forms and JSON write otherwise.
const PLANTED: &str = "planted/\"Secret+Value\" 42";

const OLD: &str = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";
const KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

const ENVIRONMENT: [(&str, &str); 4] = [
    ("POSTERN_SECRETS_KEY", KEY),
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
    ("POSTERN_LOG", "trace"),
];

/// A workflow whose step sends the secret in every place that may hold one, with this body.
fn settings(url: &str, body: &str) -> String {
    format!(
        "
permission: p
addresses: 127.0.0.1
workflows: [1]
verify: {{token: '$secret[\"crm\"]'}}
---
workflow: 1
start: {{without_record: true, next: call}}
steps:
  call:
    http_request: '{url}?key=$secret[\"crm\"]'
    headers: {{Authorization: 'Bearer $secret[\"crm\"]', X-Name: '$env[\"n\"]'}}
    {body}
    retries: 1
    store: answer
    next: keep
    failed: keep
  keep: {{create_record: Leads, fields: {{answer: '{{{{ $env[\"answer\"]|to_json }}}}'}}}}
"
    )
}

async fn start(environment: &[(&str, &str)]) -> (Postern, Outside) {
    let mut postern = Postern::with_ingress("", environment).await;
    postern.start_worker_with(environment).await;
    (postern, Outside::start().await)
}

async fn set(postern: &Postern, name: &str, value: &str) {
    let body = json!({"value": value}).to_string();
    let answer = postern.api("PUT", &format!("/secrets/{name}")).json(&body).send().await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

/// The ways in which a text holds the secret.
fn holds(text: &str) -> bool {
    ["planted/", "planted%2F", "planted%2f", "Secret+Value", "Secret%2BValue"].iter().any(|one| text.contains(one))
}

/// The columns of the database that hold the secret, in any table.
async fn columns_with_it(postern: &Postern) -> Vec<String> {
    let connection = postern.connection().await;
    let columns = "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
        WHERE table_schema = current_schema()";
    let (mut found, mut looked) = (Vec::new(), 0);
    for row in connection.query(columns, &[]).await.unwrap() {
        let (table, column, kind): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let text = if kind == "bytea" { format!("encode({column}, 'escape')") } else { format!("{column}::text") };
        let rows =
            connection.query(&format!("SELECT {text} FROM {table} WHERE {column} IS NOT NULL"), &[]).await.unwrap();
        looked += rows.len();
        if rows.iter().any(|row| holds(row.get(0))) {
            found.push(format!("{table}.{column}"));
        }
    }
    assert!(looked > 50, "only {looked} values were looked at");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_its_target_and_stays_nowhere_else() {
    let (mut postern, outside) = start(&ENVIRONMENT).await;
    set(&postern, "crm", PLANTED).await;
    let encoded = "key=planted%2F%22Secret%2BValue%22%2042";
    for (path, body, sent) in [
        ("/echo/200", "json: {deep: ['$secret[\"crm\"]', '$env[\"n\"]']}", json!({"deep": [PLANTED, "x"]}).to_string()),
        ("/echo/422", "form: {key: '$secret[\"crm\"]', n: '$env[\"n\"]'}", format!("{encoded}&n=x")),
        ("/echo/503", "text: 'it is $secret[\"crm\"]'", format!("it is {PLANTED}")),
    ] {
        postern.apply(&settings(&outside.url(path), body)).await;
        let before = outside.got().len();
        let receipt = postern.outcome("/trigger?workflow_id=1", "n=x").await;
        let got = outside.got();
        assert_eq!(got.len() - before, if path == "/echo/503" { 2 } else { 1 }, "{receipt}");
        for one in &got[before..] {
            assert_eq!((one.body.as_str(), one.line.contains(encoded)), (sent.as_str(), true), "{one:?}");
            assert_eq!(one.headers["authorization"], format!("Bearer {PLANTED}"));
        }
        let answer = postern.records("Leads").await.last().unwrap().0["answer"].to_string();
        assert!(answer.contains("***") && answer.contains("authorization"), "{answer}");
    }
    let port = outside.address.port();
    postern.apply(&settings(&outside.url(&format!("/303/to/{port}/echo/200")), "text: a")).await;
    postern.outcome("/trigger?workflow_id=1", "n=x").await;
    let hub = "/trigger?hub.challenge=7&hub.verify_token=planted/%22Secret%2BValue%22%2042";
    assert_eq!(postern.call("GET", hub).send().await.text, "7");
    // Leads and refused calls with the token of the challenge beside them.
    for (method, path) in [
        ("POST", "trigger?workflow_id=1"),
        ("POST", "trigger?workflow_id=2"),
        ("POST", "triger"),
        ("GET", "triger"),
        ("PUT", "trigger"),
    ] {
        let path =
            format!("/{path}{}", hub.replace("/trigger?hub.challenge=7", if path.contains('?') { "" } else { "?n=x" }));
        postern.call(method, &path).form(if method == "GET" { "" } else { "n=x" }).send().await;
    }
    let kept = "SELECT count(*) FROM refused_bodies";
    eventually("the refused calls are kept", async || (postern.count(kept).await == 4).then_some(())).await;

    assert_eq!(columns_with_it(&postern).await, [""; 0]);
    for path in ["/secrets", "/workflows/1", "/permissions/p", "/export", "/audit_log", "/runs", "/refused_bodies"] {
        let answer = postern.api("GET", path).send().await;
        assert!(!holds(&answer.text), "{path}: {}", answer.text);
    }
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for path in ["/secrets", "/workflows/1", "/http-handler/p", "/audit", "/runs", "/records"] {
        let page = visitor.get(path).await;
        assert!(page.status == 200 && !holds(&page.text), "{path}");
    }
    for process in [&postern.ingress, &postern.control, &postern.workers[0]] {
        assert!(!holds(&process.log()), "a log holds the secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_a_connection_reaches_its_target_and_stays_nowhere_else() {
    let (mut postern, outside) = start(&ENVIRONMENT).await;
    set(&postern, "crm", PLANTED).await;
    let base = outside.url("/echo");
    let token = outside.url("/token");
    for (opens, sent) in [
        ("headers: {X-Key: 'k $secret[\"crm\"]'}", format!("k {PLANTED}")),
        ("auth: {bearer: '$secret[\"crm\"]'}", format!("Bearer {PLANTED}")),
        (
            "auth: {basic: {user: u, password: '$secret[\"crm\"]'}}",
            format!("Basic {}", BASE64.encode(format!("u:{PLANTED}").as_bytes())),
        ),
        (
            &format!(
                "auth: {{oauth2_client_credentials: {{token_url: '{token}', client_id: c, client_secret: '$secret[\"crm\"]'}}}}"
            ),
            "Bearer token-1".to_owned(),
        ),
    ] {
        let connection = format!("connection: api\nhttp: {{base: '{base}', {opens}}}\n---\n");
        let step = settings("", "text: a").replace("'?key=$secret[\"crm\"]'", "{connection: api, path: '200'}");
        let step = step.replace("Authorization: 'Bearer $secret[\"crm\"]', ", "");
        postern.apply(&(connection + &step)).await;
        postern.outcome("/trigger?workflow_id=1", "n=x").await;
        let got = outside.got().pop().unwrap();
        let is_sent = got.headers.get("authorization").or(got.headers.get("x-key")) == Some(&sent);
        assert!(is_sent, "{got:?}");
        let answer = postern.records("Leads").await.last().unwrap().0["answer"].to_string();
        assert!(answer.contains("***") && !answer.contains("token-1"), "{answer}");
        postern.api("POST", "/connections/api/check").json("{}").send().await;
    }
    assert_eq!(columns_with_it(&postern).await, [""; 0]);
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for path in ["/connections", "/connections/api", "/runs", "/records"] {
        let page = visitor.get(path).await;
        assert!(page.status == 200 && !holds(&page.text), "{path}");
    }
    for process in [&postern.ingress, &postern.control, &postern.workers[0]] {
        assert!(!holds(&process.log()), "a log holds the secret");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_for_its_retry_is_stored_with_a_mark() {
    let (postern, outside) = start(&ENVIRONMENT).await;
    set(&postern, "crm", PLANTED).await;
    postern
        .apply(
            &settings(&outside.url("/silent"), "text: '$secret[\"crm\"]', timeout: 120s")
                .replace(", timeout", "\n    timeout"),
        )
        .await;
    let answer = postern.post("/trigger?workflow_id=1").form("n=x").send().await;
    eventually("the call is under way", async || (!outside.got().is_empty()).then_some(())).await;
    assert_eq!(columns_with_it(&postern).await, [""; 0]);
    assert_eq!(postern.count("SELECT count(*) FROM checkpoints WHERE document::text LIKE '%marks%'").await, 1);
    outside.speak();
    postern.ended(&answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_with_a_secret_that_cannot_be_used_fails_and_names_it() {
    let (mut postern, outside) = start(&[ENVIRONMENT[0], ENVIRONMENT[2]]).await;
    postern.apply(&settings(&outside.url("/leads"), "text: a")).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "n=x").await;
    assert_eq!(receipt["runs"][0]["path"][0]["message"], "there is no secret crm", "{receipt}");
    assert_eq!(receipt["runs"][0]["path"][0]["output"], "failed");
    set(&postern, "crm", PLANTED).await;
    postern.workers[0].terminate();
    assert!(postern.workers[0].ended().await);
    postern.start_worker_with(&[("POSTERN_SECRETS_KEY", OLD), ENVIRONMENT[2]]).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "n=x").await;
    let message = receipt["runs"][0]["path"][0]["message"].as_str().unwrap();
    assert!(message.contains("cannot decrypt the secret crm") && message.contains("POSTERN_SECRETS_KEY"), "{receipt}");
    assert!(postern.workers[1].log().contains("under a key that POSTERN_SECRETS_KEY"), "{}", postern.workers[1].log());
    assert!(outside.got().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_missing_or_misplaced_is_a_finding_when_saved() {
    let (postern, _) = start(&ENVIRONMENT).await;
    set(&postern, "crm-token", PLANTED).await;
    let workflow = |step: &str| format!("workflow: 1\nstart: {{next: s}}\nsteps:\n  s:\n    {step}\n");
    for (document, finding) in [
        (
            workflow("http_request: https://a.example/?k=$secret[\"crm-tokn\"]"),
            "there is no secret crm-tokn: did you mean `crm-token`?",
        ),
        (workflow("set_env: {a: '$secret[\"crm-token\"]'}"), "can be read only in the URL"),
        (
            "permission: p\naddresses: 127.0.0.1\nworkflows: [1]\nverify: {token: '$secret[\"other\"]'}".to_owned(),
            "there is no secret other",
        ),
    ] {
        let call = postern.api("POST", "/apply").header("content-type", "application/yaml");
        let answer = call.body(document).send().await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let message = answer.json["error"]["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(finding), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_use_is_not_deleted_and_a_new_value_is_in_force() {
    let (postern, outside) = start(&ENVIRONMENT).await;
    set(&postern, "crm", PLANTED).await;
    postern.apply(&settings(&outside.url("/leads"), "text: a")).await;
    let refused = postern.api("DELETE", "/secrets/crm").send().await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    for place in ["workflow 1 (call)", "permission p (verify.token)"] {
        assert!(refused.message().contains(place), "{}", refused.text);
    }
    let removed = Cli::of(&postern).run("secret rm crm --yes");
    let hint = "hint: take it out of workflow 1 (call) and permission p (verify.token) first";
    assert!(removed.code == 1 && removed.stderr.contains(hint), "{removed:?}");
    set(&postern, "crm", "another-value").await;
    postern.settings_are_in_force().await;
    let hub = |token: &str| format!("/trigger?hub.challenge=7&hub.verify_token={token}");
    assert_eq!(postern.call("GET", &hub("another-value")).send().await.status, 200);
    assert_eq!(postern.call("GET", &hub("planted/%22Secret%2BValue%22%2042")).send().await.status, 403);
    eventually("the worker sends the new value", async || {
        postern.outcome("/trigger?workflow_id=1", "n=x").await;
        let sent = outside.got().last()?.headers["authorization"].clone();
        (sent == "Bearer another-value").then_some(())
    })
    .await;
    for path in ["/workflows/1", "/permissions/p", "/secrets/crm"] {
        assert_eq!(postern.api("DELETE", path).send().await.status, 204, "{path}");
    }
    assert_eq!(postern.api("DELETE", "/secrets/crm").send().await.status, 404);
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE kind = 'secret' AND document IS NULL").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_takes_over_all_secrets_when_they_are_rotated() {
    let both = format!("{KEY},{OLD}");
    let (postern, _) = start(&[("POSTERN_SECRETS_KEY", OLD)]).await;
    set(&postern, "crm", PLANTED).await;
    let mut control = crate::harness::process::Process::start(
        "postern-control",
        postern.servers(),
        &[("POSTERN_SECRETS_KEY", &both)],
    );
    let address = control.address("the control listener is open").await;
    let rotate = || async {
        let call = crate::harness::call::Call::new("POST".parse().unwrap(), address, "/api/v1/secret-rotations");
        let call = call.header("authorization", &format!("Bearer {}", crate::harness::TOKEN)).json("{}");
        call.send().await
    };
    eventually("control answers", async || (rotate().await.status == 200).then_some(())).await;
    assert_eq!(rotate().await.json, json!({"rotated": 0, "left": []}));
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE action = 'rotate'").await, 1);
    let left = postern.api("POST", "/secret-rotations").json("{}").send().await;
    assert_eq!(left.json, json!({"rotated": 0, "left": ["crm"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_secret_is_refused_and_the_setting_named() {
    let (mut postern, _) = start(&[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let answer = postern.api("PUT", "/secrets/crm").json(r#"{"value": "long-enough"}"#).send().await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.message().contains("POSTERN_SECRETS_KEY"), "{}", answer.text);
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/secrets", &[("name", "crm"), ("value", "long-enough")]).await;
    assert!(page.text.contains("POSTERN_SECRETS_KEY") && !page.text.contains("long-enough"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_sets_and_deletes_a_secret_and_never_shows_it() {
    let (mut postern, _) = start(&ENVIRONMENT).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/secrets", &[("name", "crm"), ("value", PLANTED)]).await;
    assert_eq!((page.status, page.location.as_str()), (303, "/secrets?done=saved"), "{}", page.text);
    let page = visitor.get("/secrets").await;
    assert!(page.text.contains(">crm<") && !holds(&page.text), "{}", page.text);
    for (name, value) in [("a b", PLANTED), ("crm2", "short")] {
        let page = visitor.post("/secrets", &[("name", name), ("value", value)]).await;
        assert!(page.status == 422 && !holds(&page.text), "{} {}", page.status, page.text);
    }
    visitor.get("/secrets/crm/delete").await;
    let page = visitor.post("/secrets/crm/delete", &[("key", "crm")]).await;
    assert_eq!(page.location, "/secrets?done=deleted", "{}", page.text);
    assert_eq!(postern.count("SELECT count(*) FROM secrets").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_with_a_wrong_or_no_key_is_named() {
    let (mut postern, _outside) = start(&ENVIRONMENT).await;
    set(&postern, "crm", PLANTED).await;
    set(&postern, "erp", PLANTED).await;
    let cli = Cli::of(&postern);
    assert!(cli.run("status").stdout.starts_with("all is well"));
    for (keys, named) in [(&[("POSTERN_SECRETS_KEY", OLD)][..], "1 process cannot"), (&[], "2 processes cannot")] {
        postern.start_worker_with(keys).await;
        let worker = postern.workers.last_mut().unwrap();
        let address = worker.address("the private listener is open").await.to_string();
        eventually("the metric counts the secrets", async || {
            let (_, metrics) = private(worker, "/metrics").await;
            metrics.contains("postern_secrets_unopened{component=\"worker\"} 2").then_some(())
        })
        .await;
        let status = eventually("the status names the worker", async || {
            let status = cli.run("status");
            status.stdout.contains(&address).then_some(status)
        })
        .await;
        let text = format!("{named} decrypt secrets: worker ");
        assert!(status.code == 1 && status.stdout.contains(&text), "{status:?}");
    }
    let (_, metrics) = private(&mut postern.ingress, "/metrics").await;
    assert!(metrics.contains("postern_secrets_unopened{component=\"ingress\"} 0"), "{metrics}");
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.get("/").await.text;
    assert_eq!(
        page.matches("2 secrets cannot be decrypted: POSTERN_SECRETS_KEY is missing there").count(),
        2,
        "{page}"
    );
}
