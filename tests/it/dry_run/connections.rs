//! A dry run of steps that name a connection: they are shown as a call would send them, and reach nothing.

use serde_json::json;

use crate::harness::Postern;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
];

const WORKFLOW: &str = "
workflow: 1
start: {without_record: true, next: ask}
steps:
  ask: {http_request: {connection: api, path: 'leads/$env[\"id\"]'}, next: tell}
  tell: {send_mail: a@example.org, subject: a, text: a, connection: mail}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_knows_the_connections_and_calls_none_of_them() {
    let (outside, mail) = (Outside::start().await, MailServer::start().await);
    let mut postern = Postern::with_ingress("", &ENVIRONMENT).await;
    postern.start_worker_with(&ENVIRONMENT).await;
    let (url, port) = (outside.url("/v2"), mail.address.port());
    let connections = format!(
        "connection: api\nhttp: {{base: '{url}', auth: {{bearer: '$secret[\"api\"]'}}}}\n---\n\
         connection: mail\nsmtp: {{host: 127.0.0.1, port: {port}, security: none, from: 'Sales <sales@example.org>'}}\n---\n"
    );
    let secret = r#"{"value": "client-secret"}"#;
    assert_eq!(postern.api("PUT", "/secrets/api").json(secret).send().await.status, 204);
    postern.apply(&(connections + WORKFLOW)).await;
    let tried = postern.api("POST", "/workflows/1/try").json(r#"{"env": {"id": 5}}"#).send().await;
    assert_eq!((tried.status, &tried.json["status"]), (200, &json!("finished")), "{}", tried.text);
    let path = &tried.json["path"];
    assert_eq!(path[0]["sends"]["request"]["url"], json!(outside.url("/v2/leads/5")), "{path}");
    assert_eq!(path[1]["sends"]["mail"]["from"], "sales@example.org", "{path}");
    assert!(!tried.text.contains("client-secret"), "{}", tried.text);
    assert_eq!((outside.got().len(), mail.got().len()), (0, 0));
}
