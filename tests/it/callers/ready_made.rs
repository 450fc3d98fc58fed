//! Ready-made calls, as the page of a permission shows them: each that a program can execute is executed, and each platform
//! posts what it documents to a permission with the settings that the page names.

use std::process::Command;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;

use crate::harness::call::{Answer, Call};
use crate::harness::{Postern, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};

const ENVIRONMENT: [(&str, &str); 2] = [
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
];

const WORKFLOW: &str = "
workflow: 900
start: {without_record: true, next: keep}
steps:
  keep: {create_record: Leads, fields: {lead: '{{ $env[\"lastname\"] }} {{ $env[\"email\"] }}'}}
---
permission: p
addresses: 127.0.0.1
workflows: [900]
";

const SECRET: &str = "a-secret-of-the-caller";

async fn start() -> (Postern, Visitor) {
    let mut postern = Postern::with_ingress(WORKFLOW, &ENVIRONMENT).await;
    postern.start_worker().await;
    for name in ["caller", "wpforms", "meta_verify", "meta_app", "github"] {
        let body = json!({"value": SECRET}).to_string();
        assert_eq!(postern.api("PUT", &format!("/secrets/{name}")).json(&body).send().await.status, 204);
    }
    let visitor = Visitor::logged_in(&mut postern).await;
    (postern, visitor)
}

/// The text under a head on the page of the permission, as the button copies it.
pub fn copied(page: &str, head: &str) -> String {
    let figure = page.split(&format!("<figcaption>{head}<")).nth(1).unwrap_or_else(|| panic!("no {head}: {page}"));
    let code = figure.split("<pre>").nth(1).unwrap().split("</pre>").next().unwrap();
    let mut text = code.to_owned();
    for (entity, letter) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        text = text.replace(entity, letter);
    }
    text
}

/// Executes a call as it is copied, with the token put in.
async fn executed(postern: &Postern, visitor: &mut Visitor, head: &str, (program, extension): (&str, &str)) {
    let before = postern.records("Leads").await.len();
    let page = visitor.get("/http-handler/p").await.text;
    // The listener of the tests has a port of its own choice.
    let code = copied(&page, head).replace(":0/", &format!(":{}/", postern.public().port())).replace("TOKEN", SECRET);
    let file = tempfile::Builder::new().suffix(extension).tempfile().unwrap();
    std::fs::write(file.path(), &code).unwrap();
    let mut command = Command::new(program);
    command.arg(file.path());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("\"receipt\""), "{code}\n{ran:?}");
    let leads = eventually("the lead is stored", async || {
        Some(postern.records("Leads").await).filter(|leads| leads.len() > before)
    });
    assert_eq!(leads.await.last().unwrap().0["lead"], "Lovelace ada@example.org");
}

/// A call without a token, with one in a header, and with one in the query.
async fn in_all_forms(head: &str, program: (&str, &str)) {
    let (postern, mut visitor) = start().await;
    for token in [
        "",
        "$secret[\"caller\"]",
        "{header: X-Key, value: '$secret[\"caller\"]'}",
        "{query: key, value: '$secret[\"caller\"]'}",
    ] {
        let setting = if token.is_empty() { String::new() } else { format!("token: {token}\n") };
        postern.apply(&format!("{WORKFLOW}{setting}")).await;
        executed(&postern, &mut visitor, head, program).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_in_python_is_accepted() {
    in_all_forms("Python", ("python3", ".py")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_in_javascript_is_accepted() {
    in_all_forms("JavaScript", ("node", ".mjs")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_by_curl_is_accepted() {
    in_all_forms("curl", ("bash", ".sh")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn php_executes_its_call_and_it_is_accepted() {
    in_all_forms("PHP", ("php", ".php")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_names_the_sites_beside_the_form() {
    let (postern, mut visitor) = start().await;
    let page = visitor.get("/http-handler/p").await.text;
    assert!(copied(&page, "HTML").contains("<form method=\"post\""), "{page}");
    assert!(page.contains("This permission lists no site") && page.contains("class=\"quiet copy\""), "{page}");
    postern.apply(&format!("{WORKFLOW}origins: https://www.example.com\ntoken: $secret[\"caller\"]\n")).await;
    let page = visitor.get("/http-handler/p").await.text;
    assert!(page.contains("<code>https://www.example.com</code>") && page.contains("in the place of TOKEN"), "{page}");
    assert!(!page.contains("<figcaption>HTML<"), "a form sends no header");
    assert!(!page.contains(SECRET));
}

fn signed(call: Call, body: &str) -> Call {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    call.header("x-hub-signature-256", &format!("sha256={hex}")).json(body)
}

const PATH: &str = "/trigger?workflow_id=900";

type Post = fn(&Postern) -> Call;

/// What each platform posts, by its name on the page, and how it is answered.
const PLATFORMS: [(&str, Post, u16); 7] = [
    ("Tilda", |postern| postern.post(PATH).form("Name=Ada&Email=ada%40example.org&tranid=123%3A456&formid=form1"), 200),
    (
        "Bitrix24",
        |postern| {
            let fields = "event=ONCRMLEADADD&data[FIELDS][ID]=77&ts=1466439714&auth[domain]=b24.example&auth[application_token]=x";
            postern.post(PATH).form(fields)
        },
        202,
    ),
    ("Contact Form 7", |postern| postern.post(PATH).json(r#"{"your-name":"Ada","your-email":"ada@example.org"}"#), 202),
    (
        "WPForms",
        |postern| {
            let call = postern.post(PATH).header("authorization", &format!("Bearer {SECRET}"));
            call.json(r#"{"lastname":"Lovelace","email":"ada@example.org"}"#)
        },
        202,
    ),
    (
        "Meta",
        |postern| {
            let body = r#"{"object":"page","entry":[{"id":"1","time":1447342027,"changes":[{"field":"leadgen",
                "value":{"leadgen_id":"55459717045641545","page_id":"516540199134611","form_id":"551111744595541"}}]}]}"#;
            signed(postern.post(PATH), body)
        },
        202,
    ),
    (
        "Google Ads",
        |postern| {
            let lead = r#"{"lead_id":"TeSter-123","api_version":"1.0","form_id":1,"campaign_id":2,"google_key":"k",
                "is_test":true,"user_column_data":[{"column_id":"FULL_NAME","string_value":"Ada","column_name":"Full Name"}]}"#;
            postern.post(PATH).json(lead)
        },
        200,
    ),
    (
        "GitHub",
        |postern| {
            let call = postern.post(PATH).header("x-github-event", "issues").header("x-github-delivery", "72d3162e");
            signed(call, r#"{"action":"opened","issue":{"number":7}}"#)
        },
        202,
    ),
];

/// The settings that the page names for a platform.
async fn settings(visitor: &mut Visitor, platform: &str) -> String {
    let page = visitor.get("/http-handler/p").await.text;
    let about = page.split(&format!("<summary>{platform}")).nth(1).unwrap_or_else(|| panic!("no {platform}: {page}"));
    let about = about.split("</details>").next().unwrap();
    if about.contains("<figcaption>") { copied(about, "In this permission") } else { String::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_posts_what_it_documents() {
    let (postern, mut visitor) = start().await;
    let repeated = async || postern.count("SELECT count(*) FROM receipts WHERE duplicate_of IS NOT NULL").await;
    for (number, (platform, post, status)) in (1..).zip(PLATFORMS) {
        let settings = settings(&mut visitor, platform).await;
        // Keys of one platform are not those of another.
        postern.apply(&format!("{WORKFLOW}{settings}\n")).await;
        let before = repeated().await;
        for _ in 0..2 {
            let answer: Answer = post(&postern).send().await;
            assert_eq!(answer.status, status, "{platform}: {}", answer.text);
            assert!(platform != "Google Ads" || answer.text == "{}", "{}", answer.text);
        }
        let is_keyed = !["Contact Form 7", "WPForms"].contains(&platform);
        eventually("both are taken", async || {
            (postern.count("SELECT count(*) FROM receipts").await == 2 * number).then_some(())
        })
        .await;
        assert_eq!(repeated().await - before, i64::from(is_keyed), "{platform}");
        match platform {
            "Tilda" => {
                let test = postern.post(PATH).form("test=test").send().await;
                assert_eq!((test.status, test.text.as_str()), (200, "ok"));
            }
            "WPForms" => assert_eq!(postern.post(PATH).json("{}").send().await.code(), "token_denied"),
            "Meta" => {
                let hub = format!("/trigger?hub.mode=subscribe&hub.challenge=115&hub.verify_token={SECRET}");
                assert_eq!(postern.call("GET", &hub).send().await.text, "115");
            }
            "GitHub" => assert_eq!(postern.post(PATH).json("{}").send().await.code(), "signature_denied"),
            _ => {}
        }
    }
}
