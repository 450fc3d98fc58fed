//! Steps that reach other systems by a connection: where they go, how they log in, and what a check of it finds.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::tls::{certify, serve};
use crate::harness::{Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};

const ENVIRONMENT: [(&str, &str); 3] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
];

/// A workflow with one step.
fn workflow(step: &str) -> String {
    format!(
        "permission: p\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\nstart: {{without_record: true, next: call}}\n\
         steps:\n  call:\n    {}\n    store: answer\n    next: keep\n    failed: keep\n  \
         keep: {{create_record: Leads, fields: {{answer: '{{{{ $env[\"answer\"]|to_json }}}}'}}}}\n",
        step.replace('\n', "\n    ")
    )
}

/// A workflow that fails.
const FAILS: &str = "permission: p\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\n\
    start: {without_record: true, next: a}\nsteps: {a: {stop: failed}}\n";

/// A connection to an API with this login.
fn api(outside: &Outside, path: &str, auth: &str) -> String {
    format!("connection: api\nhttp: {{base: '{}', headers: {{X-Source: postern}}{auth}}}\n---\n", outside.url(path))
}

/// A client of OAuth 2.0.
fn client(outside: &Outside) -> String {
    let url = outside.url("/token");
    format!(
        ", auth: {{oauth2_client_credentials: {{token_url: '{url}', client_id: c, client_secret: '$secret[\"api\"]', scope: leads}}}}"
    )
}

async fn start(environment: &[(&str, &str)]) -> (Postern, Outside) {
    let environment = [&ENVIRONMENT[..], environment].concat();
    let mut postern = Postern::with_ingress("", &environment).await;
    set(&postern, "client-secret").await;
    postern.start_worker_with(&environment).await;
    (postern, Outside::start().await)
}

async fn set(postern: &Postern, value: &str) {
    let value = json!({"value": value}).to_string();
    assert_eq!(postern.api("PUT", "/secrets/api").json(&value).send().await.status, 204);
}

/// The message at the step of a post.
async fn message(postern: &Postern, form: &str) -> String {
    let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
    receipt["runs"][0]["path"][0]["message"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_adds_its_path_and_query_to_the_address_of_its_connection() {
    let (postern, outside) = start(&[]).await;
    let step = "http_request: {connection: api, path: 'leads/$env[\"id\"]', query: {tag: [a, b]}}\nheaders: {X-Own: '1'}\njson: {n: 5}";
    postern.apply(&(api(&outside, "/v2", ", auth: {bearer: '$secret[\"api\"]'}") + &workflow(step))).await;
    postern.outcome("/trigger?workflow_id=1", "id=a/b%20%26").await;
    let got = outside.got().pop().unwrap();
    assert_eq!(got.line, "POST /v2/leads/a%2Fb%20%26?tag=a&tag=b HTTP/1.1");
    let headers = ["authorization", "x-source", "x-own"].map(|name| got.headers[name].as_str());
    assert_eq!((headers, got.body.as_str()), (["Bearer client-secret", "postern", "1"], r#"{"n":5}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_leaves_the_address_of_its_connection_is_not_called() {
    let (postern, outside) = start(&[]).await;
    postern
        .apply(
            &(api(&outside, "/v2", "") + &workflow("http_request: {connection: api, path: '{{ $env[\"p\"]|safe }}'}")),
        )
        .await;
    for path in ["..%2Fadmin", "a%2F..%2F..%2Fadmin", "%252e%252e%2Fadmin", "..%5Cadmin"] {
        assert_eq!(
            message(&postern, &format!("p={path}")).await,
            "path: it leads out of the base address of the connection"
        );
    }
    assert_eq!(message(&postern, "p=%2F%2Fevil.example%2F").await, "the target answered 201");
    assert_eq!(
        outside.got().iter().map(|one| one.line.as_str()).collect::<Vec<_>>(),
        ["GET /v2/evil.example/ HTTP/1.1"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_once_for_many_calls_and_again_when_refused() {
    let (postern, outside) = start(&[]).await;
    let tokens = || outside.got().iter().filter(|one| one.line.starts_with("POST /token")).count();
    let settings = |token: &str| {
        api(&outside, "/only", &client(&outside))
            + &workflow(&format!("http_request: {{connection: api, path: {token}}}"))
    };
    postern.apply(&settings("token-1")).await;
    let posts = (0..20).map(|n| postern.post("/trigger?workflow_id=1").form(format!("n={n}")).send());
    let accepted = futures_util::future::join_all(posts).await;
    for one in &accepted {
        assert_eq!(postern.ended(one).await["status"], "finished");
    }
    assert_eq!((tokens(), postern.records("Leads").await.len()), (1, 20));
    let got = outside.got();
    let asked = got.iter().find(|one| one.line.starts_with("POST /token")).unwrap();
    assert_eq!(asked.body, "grant_type=client_credentials&scope=leads&client_id=c&client_secret=client-secret");
    postern.apply(&settings("token-2")).await;
    assert_eq!(message(&postern, "n=1").await, "the target answered 200");
    assert_eq!(tokens(), 2, "the second one is fetched after the refusal of the first");
    postern.apply(&settings("token-9")).await;
    assert_eq!(message(&postern, "n=1").await, "the target answered 401");
    assert_eq!(tokens(), 3, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_asks_for_a_wait_gets_no_call_of_another_workflow() {
    let (postern, outside) = start(&[]).await;
    let other = "---\nworkflow: 2\nstart: {without_record: true, next: call}\nsteps: {call: {http_request: {connection: api, path: other}}}\n";
    let settings =
        api(&outside, "", "") + &workflow("http_request: {connection: api, path: wait/3}\nretries: 1") + other;
    postern.apply(&settings.replace("workflows: [1]", "workflows: [1, 2]")).await;
    let first = postern.post("/trigger?workflow_id=1").form("").send().await;
    eventually("the target has asked for a wait", async || (outside.got().len() == 1).then_some(())).await;
    let began = std::time::Instant::now();
    let second = postern.outcome("/trigger?workflow_id=2", "").await;
    assert!(second["status"] == "finished" && began.elapsed().as_millis() > 2_000, "{:?} {second}", began.elapsed());
    assert_eq!(postern.ended(&first).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_by_its_connection_with_its_attachments() {
    let (postern, _) = start(&[]).await;
    set(&postern, "mail-secret").await;
    let server = MailServer::start_with_password("mail-secret").await;
    let connection = format!(
        "connection: mail\nsmtp: {{host: 127.0.0.1, port: {}, security: none, user: postern, password: '$secret[\"api\"]', from: 'Sales <sales@example.org>'}}\n---\n",
        server.address.port()
    );
    let step = "send_mail: a@example.org\nsubject: a\ntext: see below\nconnection: mail\n\
        attachments: [{name: 'lead-$env[\"n\"].csv', text: '$env[\"csv\"]', type: text/csv; charset=utf-8}]";
    postern.apply(&(connection + &workflow(step))).await;
    assert_eq!(message(&postern, "n=5&csv=name;%C3%9Cml%0Aa;b").await, "the mail server answered 250");
    let got = server.got().pop().unwrap();
    assert_eq!(got.header("From"), Some("Sales <sales@example.org>"));
    let file = BASE64.encode("name;Üml\na;b".as_bytes());
    let kind = "Content-Type: text/csv; charset=utf-8";
    for part in ["Content-Type: multipart/mixed", "filename=\"lead-5.csv\"", kind, "see below", &file] {
        assert!(got.text.contains(part), "{part}: {}", got.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_over_starttls_if_the_certificate_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let certificate = folder.path().join("cert.pem");
    let (postern, _) = start(&[("SSL_CERT_FILE", certificate.to_str().unwrap()), ("SSL_CERT_DIR", "/nowhere")]).await;
    set(&postern, "mail-secret").await;
    let step = "send_mail: a@example.org\nsubject: a\ntext: a\nconnection: mail\nfrom: b@example.org\nretries: 0";
    for (host, expected, is_sent) in [
        ("localhost", "the mail server answered 250", true),
        ("127.0.0.1", "the certificate is for another name than that in the address", false),
    ] {
        let server = MailServer::upgrading(folder.path(), "mail-secret").await;
        let connection = format!(
            "connection: mail\nsmtp: {{host: {host}, port: {}, user: postern, password: '$secret[\"api\"]'}}\n---\n",
            server.address.port()
        );
        postern.apply(&(connection + &workflow(step))).await;
        assert_eq!(message(&postern, "").await, expected);
        assert_eq!(server.got().len(), usize::from(is_sent));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_go_by_a_connection_if_one_is_chosen() {
    let (mut postern, _) = start(&[]).await;
    set(&postern, "mail-secret").await;
    let server = MailServer::start_with_password("mail-secret").await;
    let port = server.address.port();
    let office = format!(
        "connection: office\nsmtp: {{host: 127.0.0.1, port: {port}, security: none, user: postern, password: '$secret[\"api\"]', from: 'Office <office@example.org>'}}\n---\n"
    );
    postern.apply(&(office + FAILS)).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/notices").await.text.contains(r#"<option value="office">"#));
    let form = [("mail", "olga@example.org"), ("connection", "office"), ("causes", "failed"), ("silent_hours", "24")];
    let page = visitor.post("/notices", &[&form[..], &[("language", "en")]].concat()).await;
    assert_eq!(page.location, "/notices?done=saved", "{}", page.text);
    postern.outcome("/trigger?workflow_id=1", "").await;
    let mail = eventually("a notice came", async || server.got().pop()).await;
    assert_eq!(mail.header("From"), Some("Office <office@example.org>"));
}

/// What the check of a connection says.
async fn checked(postern: &Postern, document: &str) -> (bool, String) {
    postern.apply(&format!("connection: one\n{document}\n")).await;
    let answer = postern.api("POST", "/connections/one/check").json("{}").send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    (answer.json["works"] == Value::Bool(true), answer.json["message"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_is_wrong_with_an_api() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let certificate = folder.path().join("cert.pem");
    let (postern, outside) =
        start(&[("SSL_CERT_FILE", certificate.to_str().unwrap()), ("SSL_CERT_DIR", "/nowhere")]).await;
    let strange = tempfile::tempdir().unwrap();
    certify(strange.path());
    let (trusted, unknown) = (serve(folder.path()), serve(strange.path()));
    let port = outside.address.port();
    let wrong = client(&outside).replace("client_id: c", "client_id: wrong");
    for (base, auth, works, said) in [
        (outside.url("/leads"), String::new(), true, "it works: the system answered 201"),
        (outside.url("/only/token-1"), client(&outside), true, "it works: the system answered 200"),
        (outside.url("/leads"), wrong, false, "the token address answered 401: it does not know this client id"),
        (
            outside.url("/status/401"),
            ", auth: {bearer: '$secret[\"api\"]'}".to_owned(),
            false,
            "the system answered 401: it does not accept",
        ),
        (outside.url("/status/401"), String::new(), false, "the system answered 401: it asks for a login"),
        (outside.url("/status/403"), String::new(), false, "the system answered 403: the login is known"),
        (outside.url("/status/500"), String::new(), false, "the target answered 500"),
        (
            outside.url(&format!("/301/to/{port}/there")),
            String::new(),
            false,
            "the address leads on to http://127.0.0.1",
        ),
        (outside.url("/silent"), String::new(), false, "there was no answer within 8000 ms"),
        ("http://no-such-host.invalid".to_owned(), String::new(), false, "the name of the target cannot be resolved"),
        ("http://127.0.0.1:1".to_owned(), String::new(), false, "the target refuses connections"),
        ("http://10.0.0.1".to_owned(), String::new(), false, "the target has a private address"),
        (format!("https://localhost:{}", trusted.port), String::new(), true, "it works"),
        (format!("https://127.0.0.1:{}", trusted.port), String::new(), false, "the certificate is for another name"),
        (format!("https://localhost:{}", unknown.port), String::new(), false, "nobody whom the worker trusts"),
    ] {
        let found = checked(&postern, &format!("http: {{base: '{base}'{auth}}}")).await;
        assert!(found.0 == works && found.1.starts_with(said), "{base}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_is_wrong_with_a_mail_server() {
    let (mut postern, _) = start(&[]).await;
    let server = MailServer::start_with_password("client-secret").await;
    let port = server.address.port();
    let login = "user: postern, password: '$secret[\"api\"]'";
    for (document, works, said) in [
        (
            format!("host: 127.0.0.1, port: {port}, security: none, {login}"),
            true,
            "it works: the mail server lets Postern in",
        ),
        (
            format!("host: 127.0.0.1, port: {port}, security: none, {}", login.replace("postern", "other")),
            false,
            "the system answered 535: it does not accept the login",
        ),
        (format!("host: 127.0.0.1, port: {port}, {login}"), false, "the mail server offers no STARTTLS"),
        (format!("host: 127.0.0.1, port: {port}, security: tls"), false, "the port does not speak TLS"),
        ("host: 127.0.0.1, port: 1".to_owned(), false, "the target refuses connections"),
        ("host: 10.0.0.1, port: 25".to_owned(), false, "the target has a private address"),
        ("host: no-such-host.invalid".to_owned(), false, "the name of the target cannot be resolved"),
    ] {
        let found = checked(&postern, &format!("smtp: {{{document}}}")).await;
        assert!(found.0 == works && found.1.starts_with(said), "{document}: {found:?}");
    }
    assert!(server.got().is_empty());
    let said = Cli::of(&postern).run("connection check one");
    assert_eq!((said.code, said.stdout.as_str()), (1, "connection one: the name of the target cannot be resolved\n"));
    let unknown = Cli::of(&postern).run("connection check two");
    assert!(unknown.code == 1 && unknown.stderr.contains("there is no connection two"), "{unknown:?}");
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.get("/connections/one").await;
    let page = visitor.post("/connections/one/check", &[]).await;
    assert!(page.text.contains("the name of the target cannot be resolved"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_without_a_worker_says_so() {
    let postern = Postern::with_ingress("connection: one\nsmtp: {host: a}\n", &ENVIRONMENT).await;
    let found = checked(&postern, "smtp: {host: a}").await;
    assert_eq!(found, (false, "no worker made the check in time: is a worker running?".to_owned()));
    assert_eq!(postern.count("SELECT count(*) FROM connection_checks").await, 0);
}
