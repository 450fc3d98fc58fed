//! The API, as a program calls it. Every answer is held against the document that the API
//! gives of itself: a status that is not documented fails the test.

mod drafts;
mod roles;
mod strict;
mod viewer;
mod world;

use serde_json::{Value, json};

use crate::harness::call::{Answer, Call};
use crate::harness::{DEMO, Postern, TOKEN};

struct Api {
    postern: Postern,
    document: Value,
}

impl Api {
    fn bare(&self, method: &str, path: &str) -> Call {
        Call::new(method.parse().unwrap(), self.postern.control(), &format!("/api/v1{path}"))
    }

    async fn call(&self, method: &str, path: &str, body: Option<(&str, &str)>) -> Answer {
        let mut call = self.postern.api(method, path);
        if let Some((content_type, body)) = body {
            call = call.header("content-type", content_type).body(body);
        }
        let answer = call.send().await;
        self.is_documented(method, path, &answer);
        answer
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.json);
        answer.json
    }

    fn is_documented(&self, method: &str, path: &str, answer: &Answer) {
        let path = format!("/api/v1{}", path.split('?').next().unwrap());
        let fits = |template: &str| {
            let (wanted, given) = (template.split('/'), path.split('/'));
            wanted.clone().count() == given.clone().count()
                && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
        };
        let (_, methods) = self.document["paths"].as_object().unwrap().iter().find(|(name, _)| fits(name)).unwrap();
        let responses = &methods[method.to_lowercase()]["responses"];
        assert!(responses[answer.status.to_string()].is_object(), "{method} {path}: {} {}", answer.status, answer.json);
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

async fn api() -> Api {
    let postern = Postern::with_ingress(DEMO, &[]).await;
    let document = postern.api("GET", "/openapi.json").send().await.json;
    assert_eq!(document["openapi"], "3.1.0");
    Api { postern, document }
}

#[tokio::test]
async fn every_documented_route_answers_as_documented_and_only_to_a_token() {
    let api = api().await;
    let mut seen = 0;
    for (template, methods) in api.document["paths"].as_object().unwrap() {
        // The others are those of the public listener, and what no token is needed for.
        let Some(path) = template.strip_prefix("/api/v1").filter(|path| *path != "/openapi.json") else { continue };
        let path = path.replace("{key}", "loopback").replace("{id}", "77").replace("{module}", "Leads");
        for method in methods.as_object().unwrap().keys().map(|method| method.to_uppercase()) {
            for header in ["", "Bearer wrong", "Basic YTpi"] {
                let answer = api.bare(&method, &path).header("authorization", header).send().await;
                assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer".to_owned()), "{path}");
            }
            let answer = api.call(&method, &path, None).await;
            assert_ne!(answer.status, 405, "{method} {path}");
            assert!(answer.status < 500, "{method} {path}: {}", answer.json);
            seen += 1;
        }
        let answer = api.bare("PATCH", &path).header("authorization", &bearer(TOKEN)).send().await;
        assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"), "{path}");
        assert!(!answer.header("allow").is_empty());
    }
    assert!(seen > 20, "only {seen}");
}

#[tokio::test]
async fn the_openapi_document_needs_no_token_and_describes_the_public_routes() {
    let api = api().await;
    let document = api.bare("GET", "/openapi.json").send().await;
    assert_eq!((document.status, document.json["openapi"].as_str()), (200, Some("3.1.0")));
    for (path, method, name) in [
        ("/{short_url}", "post", "submit"),
        ("/receipts/{id}", "get", "getOwnReceipt"),
        ("/api/v1/dead_letter_replays", "post", "replayDeadLetters"),
    ] {
        let operation = &document.json["paths"][path][method];
        assert_eq!(operation["operationId"], name, "{path}");
        assert!(
            operation["responses"].as_object().unwrap().values().any(|one| one.to_string().contains("\"example\""))
        );
    }
}

#[tokio::test]
async fn documents_are_set_read_and_removed_as_json_and_as_yaml() {
    let api = api().await;
    let json = r#"{"trigger": "new", "title": "New"}"#;
    let set = api.call("PUT", "/triggers/new", Some(("application/json", json))).await;
    assert_eq!((set.status, &set.json["changed"]), (200, &json!(true)));
    let again = api.call("PUT", "/triggers/new", Some(("application/yaml", "trigger: new\ntitle: New\n"))).await;
    assert_eq!((again.status, &again.json["changed"]), (200, &json!(false)));
    assert_eq!(api.get("/triggers/new").await["title"], "New");
    assert_eq!(api.get("/triggers").await["triggers"].as_array().unwrap().len(), 2);
    assert_eq!(api.call("PUT", "/triggers/other", Some(("application/json", json))).await.status, 422);
    assert_eq!(api.call("PUT", "/triggers/new", Some(("text/plain", json))).await.status, 415);
    assert_eq!(api.call("DELETE", "/triggers/new", None).await.status, 204);
    assert_eq!(api.call("DELETE", "/triggers/new", None).await.status, 404);
    assert_eq!(api.call("GET", "/triggers/new", None).await.code(), "not_found");
}

#[tokio::test]
async fn documents_with_a_finding_are_refused_with_its_line_and_nothing_is_set() {
    let api = api().await;
    let text = "trigger: good\n---\ntrigger: bad\ntitel: x\n";
    let refused = api.call("POST", "/apply", Some(("application/yaml", text))).await;
    assert_eq!((refused.status, refused.code()), (422, "invalid_document"));
    let finding = &refused.json["error"]["findings"][0];
    assert_eq!((finding["path"].as_str(), finding["line"].as_i64()), (Some("titel"), Some(4)));
    assert_eq!(api.call("GET", "/triggers/good", None).await.status, 404);
    let checked = api.call("POST", "/validate", Some(("application/yaml", text))).await;
    assert_eq!((checked.status, &checked.json["findings"][0]), (200, finding));
    let good = api.call("POST", "/apply", Some(("application/yaml", "trigger: good\n---\ntrigger: better\n"))).await;
    assert_eq!((good.status, good.json["applied"].as_array().unwrap().len()), (200, 2));
    assert_eq!(api.call("GET", "/export", None).await.status, 200);
}

#[tokio::test]
async fn a_workflow_that_was_removed_and_set_again_goes_on_counting_its_versions() {
    let api = api().await;
    let document = api.get("/workflows/77").await;
    assert_eq!(api.call("DELETE", "/workflows/77", None).await.status, 204);
    assert_eq!(api.call("GET", "/workflows/77", None).await.status, 404);
    let set = api.call("PUT", "/workflows/77", Some(("application/json", &document.to_string()))).await;
    assert_eq!((set.status, &set.json["changed"]), (200, &json!(true)), "{}", set.json);
    let versions = api.get("/workflows/77/versions").await;
    let numbers: Vec<_> = versions["versions"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(api.get("/workflows/77?version=1").await, document);
}

#[tokio::test]
async fn what_was_posted_is_found_as_receipt_run_and_record_a_page_at_a_time() {
    let mut api = api().await;
    api.postern.start_worker().await;
    let mut receipts = Vec::new();
    for name in ["One", "Two", "Three"] {
        let form = format!("lastname={name}&email={name}@example.com");
        receipts.push(api.postern.outcome("/trigger?workflow_id=77", &form).await["receipt"].clone());
    }
    receipts.reverse();
    let receipt = api.get(&format!("/receipts/{}", receipts[0].as_str().unwrap())).await;
    assert_eq!((&receipt["status"], &receipt["permission"]), (&json!("finished"), &json!("loopback")));
    let first = api.get("/runs?workflow=77&state=finished&last=2").await;
    let rest = api.get(&format!("/runs?last=2&before={}", first["next"].as_str().unwrap())).await;
    let pages = [&first, &rest].map(|page| page["runs"].as_array().unwrap().clone()).concat();
    assert_eq!(pages.iter().map(|run| run["receipt"].clone()).collect::<Vec<_>>(), receipts);
    assert_eq!(rest["next"], Value::Null);
    let first = api.get("/records/Leads?last=2").await;
    let rest = api.get(&format!("/records/Leads?last=2&before={}", first["next"])).await;
    assert_eq!(rest["records"][0]["fields"]["lastname"], "One");
    assert_eq!(api.get("/dead_letters").await, json!({"dead_letters": [], "next": null}));
    assert_eq!(api.call("GET", "/runs?state=odd", None).await.code(), "invalid_request");
    assert_eq!(api.call("GET", "/runs?lsat=1", None).await.code(), "invalid_request");
}

#[tokio::test]
async fn an_address_is_explained_by_every_permission() {
    let api = api().await;
    for (address, admitted) in [("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("192.0.2.1", false)] {
        let body = json!({ "address": address }).to_string();
        let answer = api.call("POST", "/explain", Some(("application/json", &body))).await;
        assert_eq!((answer.status, &answer.json["admitted"]), (200, &json!(admitted)), "{address}");
        let reason = answer.json["permissions"][0]["reason"].as_str().unwrap();
        assert_eq!(reason.starts_with("its rule"), admitted, "{reason}");
    }
    let wrong = api.call("POST", "/explain", Some(("application/json", r#"{"address": "here"}"#))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn a_token_is_told_once_and_refused_once_it_is_removed() {
    let api = api().await;
    let body = Some(("application/json", r#"{"name": "ci"}"#));
    let made = api.call("POST", "/tokens", body).await;
    assert_eq!((made.status, &made.json["role"]), (201, &json!("viewer")), "the least if no role is named");
    assert_eq!(api.call("POST", "/tokens", body).await.status, 409);
    let token = bearer(made.json["token"].as_str().unwrap());
    assert_eq!(api.bare("GET", "/triggers").header("authorization", &token).send().await.status, 200);
    let listed = api.get("/tokens").await;
    assert!(listed["tokens"][0]["last_used_at"].is_string() && listed["tokens"][0].get("token").is_none());
    assert_eq!(api.call("DELETE", &format!("/tokens/{}", made.json["id"]), None).await.status, 204);
    assert_eq!(api.bare("GET", "/triggers").header("authorization", &token).send().await.status, 401);
}

#[tokio::test]
async fn the_first_token_is_printed_at_the_first_start_when_there_is_none() {
    let postern = Postern::with_ingress(DEMO, &[("POSTERN_API_TOKEN", "")]).await;
    let log = postern.control.log();
    let line = log.lines().find(|line| line.contains("the first token of the API")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let token = bearer(line["token"].as_str().unwrap());
    let call = Call::new("GET".parse().unwrap(), postern.control(), "/api/v1/triggers");
    assert_eq!(call.header("authorization", &token).send().await.status, 200);
    assert_eq!(postern.count("SELECT count(*) FROM tokens").await, 1);
}
