//! What a reader of Russian sees of runs, dead letters, unmatched submissions and refused bodies.

use serde_json::Value;

use crate::harness::{Postern, eventually};

use super::started;
use super::visitor::Visitor;

/// A run that fails, one that waits for a target that is not there, a workflow that is inactive.
const SETTINGS: &str = "permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3]
triggers: [nobody]
---
workflow: 1
start: {without_record: true, next: change}
steps:
  change: {set_value: {b: 2}, record: '9999'}
---
workflow: 2
active: false
start: {without_record: true, next: end}
steps: {end: {stop: finished}}
---
workflow: 3
start: {without_record: true, next: say}
steps: {say: {stop: failed, message: 'sorry, {{ $env[\"name\"] }}'}}
---
trigger: nobody
";

async fn reader(postern: &mut Postern) -> Visitor {
    let mut visitor = Visitor::logged_in(postern).await;
    visitor.post("/preferences", &[("language", "ru"), ("back", "/runs")]).await;
    visitor
}

fn path(receipt: &Value) -> String {
    format!("/receipts/{}", receipt["receipt"].as_str().unwrap())
}

async fn shows(visitor: &mut Visitor, path: &str, text: &str) {
    let page = visitor.get(path).await.text;
    assert!(page.contains(text), "{path} lacks {text}: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_run_failed_is_read_in_russian() {
    let mut postern = started(SETTINGS).await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["runs"][0]["message_code"]["message"]["code"], "record-missing", "{receipt}");
    let mut visitor = reader(&mut postern).await;
    shows(&mut visitor, &path(&receipt), "шаг change: записи 9999 не существует").await;
    shows(&mut visitor, "/runs", "шаг change: записи 9999 не существует").await;
    let tried = visitor.post("/workflows/1/try", &[("text:name", "Ada"), ("until", "")]).await.text;
    assert!(tried.contains("записи 9999 не существует"), "a dry run: {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_of_a_workflow_and_of_older_versions_stay_as_they_are() {
    let mut postern = started(SETTINGS).await;
    let receipt = postern.outcome("/trigger?workflow_id=3", "name=Ada").await;
    let mut visitor = reader(&mut postern).await;
    shows(&mut visitor, &path(&receipt), "sorry, Ada").await;
    postern.sql("UPDATE runs SET message = 'step old: it is lost'").await;
    shows(&mut visitor, &path(&receipt), "step old: it is lost").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_nothing_ran_is_read_in_russian() {
    let mut postern = started(SETTINGS).await;
    let inactive = postern.outcome("/trigger?workflow_id=2", "").await;
    assert_eq!(inactive["skipped"][0]["reason_code"]["code"], "workflow-inactive", "{inactive}");
    postern.outcome("/trigger?workflow_trigger=nobody", "").await;
    let mut visitor = reader(&mut postern).await;
    shows(&mut visitor, &path(&inactive), "бизнес-процесс выключен").await;
    shows(&mut visitor, "/unmatched", "ни один бизнес-процесс не слушает триггер nobody").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_letter_is_dead_is_read_in_russian() {
    let mut postern = started(SETTINGS).await;
    postern.servers().publish("odd.v1", b"x").await;
    eventually("it is dead", async || (postern.count("SELECT count(*) FROM dead_letters").await == 1).then_some(()))
        .await;
    let mut visitor = reader(&mut postern).await;
    for page in ["/dead-letters", "/dead-letters/1"] {
        shows(&mut visitor, page, "эта версия не знает сообщений вида").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_body_is_refused_is_english_for_callers_and_russian_here() {
    let mut postern = started(SETTINGS).await;
    let answer = postern.post("/trigger?workflow_id=1").json("[1]").send().await;
    assert_eq!(answer.json["error"]["message"], "the JSON body is not an object");
    let refused = "SELECT count(*) FROM refused_bodies";
    eventually("it is kept", async || (postern.count(refused).await == 1).then_some(())).await;
    let mut visitor = reader(&mut postern).await;
    for page in ["/refused", "/refused/1"] {
        shows(&mut visitor, page, "тело запроса JSON — не объект").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_documents_is_read_in_russian() {
    let mut postern = started(SETTINGS).await;
    let mut visitor = reader(&mut postern).await;
    let workflow =
        "workflow: 9\nstart: {next: a, ordr: 1}\nsteps:\n  a: {comment: '{{ $env[\"a\"]|uper }}', next: c}\n";
    for page in ["/workflows/new", "/workflows/check"] {
        let page = visitor.post(page, &[("text", workflow)]).await.text;
        for text in [
            "start.ordr: неизвестный ключ <code>ordr</code> — возможно, имелось в виду <code>order</code>?",
            "шаг a: поле comment: неизвестный фильтр uper — возможно, имелось в виду <code>upper</code>?",
            "шаг a: поле next: ведёт к <code>c</code>, а такого шага нет",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
    }
    let module = visitor.post("/modules/new", &[("text", "module: M\nfields: {a: txt}\n")]).await.text;
    assert!(module.contains("fields.a: типа &#34;txt&#34; нет"), "{module}");
    let trigger = visitor.post("/triggers/new", &[("trigger", "web lead")]).await.text;
    assert!(trigger.contains("может содержать только латинские буквы"), "{trigger}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_permission_is_read_in_russian() {
    let mut postern = started(SETTINGS).await;
    let mut visitor = reader(&mut postern).await;
    let fields = [("title", "Сайт"), ("addresses", "10.0.0.300"), ("limit", "many"), ("expires", "soon")];
    let page = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(page.status, 422);
    for text in [
        "— не IP-адрес: &#34;10.0.0.300&#34;",
        "нужно число вызовов за время, например 50/s",
        "нужен момент, например 2026-12-31T18:00:00+01:00",
        "ничего не разрешено: укажите хотя бы один бизнес-процесс",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_findings_in_the_language_that_is_accepted() {
    let postern = started(SETTINGS).await;
    for (language, message) in [("ru", "нужно true или false"), ("de, en", "must be true or false")] {
        let sent = postern.api("POST", "/validate").header("accept-language", language);
        let answer = sent.json(r#"{"trigger": "a", "workflow": 1}"#).send().await.json;
        assert_eq!(answer["findings"][0]["message_code"]["code"], "document-two-kinds", "{answer}");
        let sent = postern.api("POST", "/apply").header("accept-language", language);
        let answer =
            sent.json(r#"{"workflow": 5, "active": 7, "start": {"next": "a"}, "steps": {}}"#).send().await.json;
        let finding = &answer["error"]["findings"][0];
        assert_eq!((&finding["message"], &finding["message_code"]["code"]), (&message.into(), &"must-be-flag".into()));
    }
}
