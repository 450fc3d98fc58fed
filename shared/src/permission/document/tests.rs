use std::time::Duration;

use serde_json::json;

use super::*;
use crate::permission::answer::Answer;

fn faults(document: &Value) -> Vec<String> {
    read(document).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_whole_document_is_read() {
    let read = read(&json!({
        "permission": "office", "title": "The office", "addresses": ["10.0.0.* 10.0.1.1", "::1"],
        "workflows": [77], "triggers": ["web_lead"], "short_url": "/office", "expires": "2026-12-31T18:00:00+01:00",
        "answer": {"status": 200, "body": "OK"}, "ping": "test=test", "dedupe_by": ["lead_id"], "dedupe_days": 7,
        "enabled": false, "charset": "cp1251", "files": "drop", "origins": "https://A.example, http://localhost:8000",
    }))
    .unwrap();
    assert_eq!(read.key.as_str(), "office");
    assert_eq!((read.addresses.len(), read.workflows.len(), read.triggers.len()), (3, 1, 1));
    assert_eq!(read.short_url.unwrap().as_str(), "office");
    assert_eq!(read.expires_at, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_736_400)));
    assert_eq!(read.charset, Some(encoding_rs::WINDOWS_1251));
    assert_eq!((read.enabled, read.files), (false, Files::Drop));
    assert_eq!(read.answer, Some(Answer::Text { status: 200, media_type: None, body: "OK".into() }));
    assert_eq!(
        (read.ping, read.dedupe_by[0].to_string().as_str(), read.dedupe_days),
        ("test=test".parse().ok(), "lead_id", 7)
    );
    assert_eq!(read.origins, ["https://a.example", "http://localhost:8000"]);
}

#[test]
fn settings_for_callers_that_cannot_be_changed_are_read() {
    let read = read(&json!({
        "permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "query_values": "env", "wait": 10,
        "headers": ["X-GitHub-Event", "user-agent"], "answer": {"type": "text/xml", "body": "<Response/>"},
    }))
    .unwrap();
    assert_eq!((read.query_is_env, read.wait), (true, Some(Duration::from_secs(10))));
    assert_eq!(read.headers, ["x-github-event", "user-agent"]);
    let answer = Answer::Text { status: 200, media_type: Some("text/xml".into()), body: "<Response/>".into() };
    assert_eq!(read.answer, Some(answer));
}

#[test]
fn an_answer_may_be_a_page_and_its_errors_another() {
    let page = |path: &str| format!("https://a.example/{path}");
    let json = Answer::Text { status: 200, media_type: None, body: String::new() };
    for (answer, accepted, error_page) in [
        (json!({"redirect": page("ok")}), Some(Answer::Page(page("ok"))), None),
        (
            json!({"redirect": page("ok"), "redirect_error": page("no")}),
            Some(Answer::Page(page("ok"))),
            Some(page("no")),
        ),
        (json!({"redirect_error": page("no")}), None, Some(page("no"))),
        (json!({"status": 200, "redirect_error": page("no")}), Some(json), Some(page("no"))),
    ] {
        let document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "answer": answer});
        let read = read(&document).unwrap();
        assert_eq!((read.answer, read.error_page), (accepted, error_page), "{answer}");
    }
}

#[test]
fn a_batch_has_neither_one_response_nor_one_text() {
    for (key, value, expected) in
        [("wait", json!(5), "batch"), ("raw", json!(true), "batch"), ("title", json!("P"), "")]
    {
        let mut document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "batch": true});
        document[key] = value;
        let found = read(&document).err().map(|faults| faults[0].path.clone());
        assert_eq!(found.unwrap_or_default(), expected, "{key}");
    }
}

#[test]
fn challenges_are_read_with_the_name_of_the_token() {
    let verify = |verify: Value| {
        let document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "verify": verify});
        read(&document).unwrap().verify.unwrap()
    };
    let meta = verify(json!({"token": "T"}));
    assert_eq!(
        meta.token.map(|(name, token)| (
            name,
            token == crate::permission::verify::Expected::Text(crate::secret::token::Token::new("T"))
        )),
        Some(("hub.verify_token".to_owned(), true))
    );
    let graph = verify(json!({"query": "validationToken"}));
    assert_eq!((graph.query.as_str(), graph.token, graph.field.as_str()), ("validationToken", None, "challenge"));
}

#[test]
fn what_is_left_out_has_a_default() {
    let read = read(&json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "title": null})).unwrap();
    assert_eq!((read.enabled, read.files, read.title.as_str()), (true, Files::Refuse, ""));
    assert_eq!((read.expires_at, read.short_url, read.charset), (None, None, None));
    assert_eq!((read.query_is_env, read.wait, read.headers.len()), (false, None, 0));
}

#[test]
fn an_answer_a_ping_and_a_dedupe_that_cannot_be_meant_are_found() {
    for (key, value) in [
        ("answer", json!("OK")),
        ("answer", json!({"type": "text xml", "body": "OK"})),
        ("query_values", json!("body")),
        ("query_values", json!(true)),
        ("wait", json!(0)),
        ("wait", json!(26)),
        ("headers", json!("a b")),
        ("headers", json!(["x-a", "Authorization"])),
        ("headers", json!(vec!["x-a"; 21])),
        ("answer", json!({"status": 500, "body": ""})),
        ("answer", json!({"status": 204, "body": "OK"})),
        ("answer", json!({"status": 200, "text": "OK"})),
        ("answer", json!({"status": 200, "body": "x".repeat(1_001)})),
        ("answer", json!({"redirect": "/thanks"})),
        ("verify", json!("hub.challenge")),
        ("verify", json!({"token": " "})),
        ("verify", json!({"field": ""})),
        ("batch", json!("yes")),
        ("limit", json!("50")),
        ("limit", json!(50)),
        ("raw", json!("yes")),
        ("answer", json!({"redirect_error": "javascript:alert(1)"})),
        ("answer", json!({"status": 200, "redirect": "https://a.example/"})),
        ("ping", json!("test")),
        ("dedupe_by", json!([""])),
        ("dedupe_by", json!(["lead_id", "items[][id]"])),
        ("dedupe_by", json!("data..ID")),
        ("dedupe_by", json!("$env[\"lead_id\"]")),
        ("dedupe_days", json!(0)),
        ("dedupe_days", json!(367)),
    ] {
        let mut document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"]});
        document[key] = value.clone();
        assert!(faults(&document).iter().all(|fault| fault.starts_with(key)), "{key}: {value}");
    }
}

#[test]
fn an_origin_that_is_none_names_the_one_that_is_meant() {
    for (origins, expected) in [
        ("https://a.example/", "is not an origin such as https://www.example.com: did you mean `https://a.example`?"),
        ("https://A.example:443/form", "did you mean `https://a.example`?"),
        ("shop.example", "did you mean `https://shop.example`?"),
        ("https://*.example", "is not an origin such as https://www.example.com"),
        ("null", "\"null\" is not an origin"),
    ] {
        let document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "origins": origins});
        assert!(faults(&document)[0].contains(expected), "{:?}", faults(&document));
    }
    let origins = "https://a.example:443 capacitor://localhost HTTP://B.example";
    let document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "origins": origins});
    let read = read(&document).unwrap();
    for (origin, expected) in [
        ("https://a.example", true),
        ("https://a.example:443", true),
        ("capacitor://localhost", true),
        ("http://b.example", true),
        ("https://b.example", false),
        ("null", false),
        ("", false),
    ] {
        assert_eq!(read.lists_origin(origin), expected, "{origin}");
    }
}

#[test]
fn a_date_is_valid_to_its_end() {
    let document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"], "expires": "2026-12-31"});
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_761_600);
    let read = read(&document).unwrap();
    assert_eq!(read.expires_at, Some(end));
    let ip = "10.0.0.1".parse().unwrap();
    assert!(read.admits(ip, end - Duration::from_millis(1)));
    assert!(!read.admits(ip, end));
}

#[test]
fn nobody_else_and_nobody_while_it_is_off_is_admitted() {
    let mut read = read(&json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"]})).unwrap();
    let now = SystemTime::now();
    assert!(read.admits("::ffff:10.0.0.1".parse().unwrap(), now));
    assert!(!read.admits("10.0.0.2".parse().unwrap(), now));
    read.enabled = false;
    assert!(!read.admits("10.0.0.1".parse().unwrap(), now));
}

#[test]
fn all_faults_are_listed_each_at_its_key() {
    let document = json!({
        "title": 7, "addresses": "10.0.0.1 everyone 10.0.0.5/24", "workflows": [0, "77"], "triggers": "t",
        "short_url": "receipts", "expires": "tomorrow", "enabled": "no", "charset": "utf-16", "files": "keep",
        "origins": ["https://a.example/", 7], "adresses": "10.0.0.1",
    });
    let faults = read(&document).unwrap_err();
    let mut paths: Vec<&str> = faults.iter().map(|finding| finding.path.as_str()).collect();
    paths.sort_unstable();
    let expected = [
        "addresses",
        "addresses",
        "adresses",
        "charset",
        "enabled",
        "expires",
        "files",
        "origins",
        "origins",
        "permission",
        "short_url",
        "title",
        "triggers",
        "workflows",
        "workflows",
    ];
    assert_eq!(paths, expected, "{faults:#?}");
}

#[test]
fn a_permission_without_address_or_target_is_refused() {
    let faults_of = faults(&json!({"permission": "p"}));
    assert_eq!(faults_of.len(), 2, "{faults_of:?}");
    assert!(faults_of[0].starts_with("addresses: is missing"));
    assert!(faults_of[1].starts_with("allows nothing"));
    assert_eq!(faults(&json!({"permission": "p", "addresses": " \n", "triggers": ["t"]})).len(), 1);
    assert_eq!(faults(&json!([])).len(), 1);
}

#[test]
fn any_address_demands_a_long_short_url() {
    for (short_url, accepted) in [
        (json!(null), false),
        (json!("trigger"), false),
        (json!("x".repeat(21)), false),
        (json!("a.b.c.d.e.f.g.h.i.j.k.l.m"), false),
        (json!(crate::permission::short_url::generated_short_url()), true),
    ] {
        let document = json!({"permission": "p", "addresses": "any", "triggers": ["t"], "short_url": short_url});
        match read(&document) {
            Ok(_) => assert!(accepted, "{short_url}"),
            Err(faults) => {
                assert!(!accepted, "{faults:?}");
                assert!(faults[0].message.to_string().contains("128 random bits"), "{faults:?}");
            }
        }
    }
}
