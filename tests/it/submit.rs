//! Who may call, what they get, and in which order it is checked.

use crate::harness::{DEMO, Postern, eventually};

const LEAD: &str = "firstname=Ada&lastname=Lovelace&street=St James 12&email=ada@example.org";

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_lead_becomes_a_record() {
    let postern = Postern::start(DEMO).await;
    let answer = postern.post("/trigger?record_id=0&workflow_id=77").form(LEAD).send().await;
    assert_eq!((answer.status, answer.json["status"].as_str()), (202, Some("accepted")), "{}", answer.json);
    assert_eq!(answer.header("location"), format!("/receipts/{}", answer.json["receipt"].as_str().unwrap()));
    let receipt = postern.ended(&answer).await;
    assert_eq!((&receipt["status"], &receipt["runs"][0]["workflow"]), (&"finished".into(), &77.into()), "{receipt}");
    let records = postern.records("Leads").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].get("lastname"), Some(&"Lovelace".into()));
    assert_eq!(records[0].get("street"), Some(&"St James 12".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_address_gets_403_and_nothing_is_queued() {
    let postern = Postern::without_worker(DEMO).await;
    let answer = postern.post("/trigger?workflow_id=77").from("127.0.0.2").form(LEAD).send().await;
    assert_eq!((answer.status, answer.code()), (403, "address_denied"));
    assert!(answer.message().contains("127.0.0.2"), "{}", answer.message());
    assert_eq!(postern.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_gets_the_same_403_for_everything() {
    let postern = Postern::without_worker(DEMO).await;
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/nothing"),
        ("PUT", "/trigger"),
        ("OPTIONS", "/trigger"),
        ("GET", "/receipts/018f0000-0000-7000-8000-000000000000"),
        ("POST", "/trigger?workflow_id=1&workflow_trigger=x"),
    ] {
        let answer = postern.call(method, path).from("127.0.0.2").send().await;
        assert_eq!((answer.status, answer.code()), (403, "address_denied"), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permitted_caller_is_told_what_is_wrong() {
    let postern = Postern::without_worker(DEMO).await;
    for (method, path, status, code) in [
        ("POST", "/other", 404, "unknown_short_url"),
        ("POST", "/", 404, "unknown_short_url"),
        ("GET", "/trigger?workflow_id=77", 405, "method_not_allowed"),
        ("POST", "/trigger?workflow_id=77&workflow_trigger=web_lead", 400, "ambiguous_target"),
        ("POST", "/trigger", 400, "target_missing"),
        ("POST", "/trigger?workflow_id=", 400, "target_missing"),
        ("POST", "/trigger?workflow_id=78", 403, "target_denied"),
        ("POST", "/trigger?workflow_trigger=other", 403, "target_denied"),
        ("POST", "/trigger?workflow_id=x", 400, "invalid_selector"),
        ("POST", "/trigger?workflow_id=77&record_id=-1", 400, "invalid_record_id"),
        ("PUT", "/receipts/018f0000-0000-7000-8000-000000000000", 405, "method_not_allowed"),
        ("GET", "/receipts/nonsense", 404, "receipt_unknown"),
    ] {
        let answer = postern.call(method, path).form(LEAD).send().await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}: {}", answer.json);
    }
    let wrong_method = postern.call("GET", "/trigger").send().await;
    assert_eq!(wrong_method.header("allow"), "POST, HEAD, OPTIONS");
    assert_eq!(postern.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_faults_the_first_in_the_order_of_checks_is_told() {
    let postern = Postern::without_worker(DEMO).await;
    // Each is wrong in the way it is told, and in all that follow.
    for (method, path, code) in [
        ("PUT", "/other?workflow_id=1&workflow_trigger=a", "unknown_short_url"),
        ("PUT", "/trigger?workflow_id=1&workflow_trigger=a", "method_not_allowed"),
        ("POST", "/trigger?workflow_id=1&workflow_trigger=a", "origin_denied"),
    ] {
        let call = postern.call(method, path).header("origin", "https://evil.example").json("[1]");
        assert_eq!(call.send().await.code(), code, "{method} {path}");
    }
    for (path, code) in [
        ("/trigger?workflow_id=1&workflow_trigger=a", "ambiguous_target"),
        ("/trigger?workflow_id=1", "target_denied"),
        ("/trigger?workflow_id=77", "invalid_body"),
    ] {
        assert_eq!(postern.post(path).json("[1]").send().await.code(), code, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_not_listed_is_denied() {
    let settings = format!("{DEMO}\norigins: ['https://shop.example']\n");
    let postern = Postern::without_worker(&settings).await;
    let post = |origin: &str| postern.post("/trigger?workflow_id=77").form(LEAD).header("origin", origin).send();
    assert_eq!(post("https://evil.example").await.code(), "origin_denied");
    assert_eq!(post("null").await.code(), "origin_denied");
    assert_eq!(post("https://shop.example").await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_the_caller_is_the_rightmost_untrusted_address() {
    let settings = "permission: office\naddresses: 203.0.113.7\nworkflows: [77]\n";
    let trusting = [("POSTERN_TRUSTED_PROXIES", "127.0.0.0/8")];
    let postern = Postern::with_ingress(settings, &trusting).await;
    let post = |header, value: &str| postern.post("/trigger").form(LEAD).header(header, value).send();
    assert_eq!(post("x-forwarded-for", "198.51.100.1, 203.0.113.7").await.status, 202);
    assert_eq!(post("forwarded", "for=203.0.113.7").await.status, 202);
    let spoofed = post("x-forwarded-for", "203.0.113.7, 198.51.100.1").await;
    assert_eq!((spoofed.code(), spoofed.message().contains("198.51.100.1")), ("address_denied", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_proxy_setting_does_not_make_every_caller_local() {
    let postern = Postern::without_worker(DEMO).await;
    let post = postern.post("/trigger?workflow_id=77").form(LEAD).header("x-forwarded-for", "198.51.100.1");
    let answer = post.send().await;
    assert_eq!((answer.status, answer.code()), (403, "proxy_not_trusted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_with_a_short_url_of_its_own_answers_only_there_and_supplies_its_only_target() {
    let settings = "permission: ads\naddresses: 127.0.0.1\nworkflows: [77]\nshort_url: ads\n";
    let postern = Postern::without_worker(settings).await;
    assert_eq!(postern.post("/ads").form(LEAD).send().await.status, 202);
    assert_eq!(postern.post("/trigger").form(LEAD).send().await.code(), "unknown_short_url");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_taken_away_stops_counting_without_a_restart() {
    let postern = Postern::without_worker(DEMO).await;
    postern.apply(concat!(include_str!("../../deploy/demo/permission-loopback.yaml"), "\nenabled: false\n")).await;
    eventually("the caller is a stranger", async || {
        let answer = postern.post("/trigger?workflow_id=77").form(LEAD).send().await;
        (answer.status == 403).then_some(())
    })
    .await;
}

/// A session of PostgreSQL that stands still until this is dropped.
struct FrozenSession(String);

impl FrozenSession {
    fn new(pid: i64) -> Self {
        let frozen = Self(pid.to_string());
        frozen.signal("STOP");
        frozen
    }

    fn signal(&self, name: &str) {
        assert!(std::process::Command::new("kill").args(["-s", name, &self.0]).status().unwrap().success());
    }
}

impl Drop for FrozenSession {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_permission_counts_no_more_although_the_notification_is_lost_or_the_session_for_it_hangs() {
    let postern = Postern::without_worker(DEMO).await;
    let is_stranger = async || {
        let answer = postern.post("/trigger?workflow_id=77").form(LEAD).send().await;
        (answer.status == 403).then_some(())
    };
    let remove = "WITH gone AS (DELETE FROM permissions) UPDATE settings SET version = version + 1";
    postern.sql(remove).await;
    eventually("without a notification the caller is a stranger", is_stranger).await;

    postern.apply(include_str!("../../deploy/demo/permission-loopback.yaml")).await;
    eventually("it is admitted again", async || is_stranger().await.is_none().then_some(())).await;
    let session = "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'postern-ingress' AND query LIKE '-- settings::version%'";
    let _frozen = FrozenSession::new(postern.count(session).await);
    postern.sql(remove).await;
    eventually("although its session hangs the caller is a stranger", is_stranger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_shown_only_to_callers_of_its_permission() {
    let settings = format!("{DEMO}\n---\npermission: other\naddresses: 127.0.0.3\nworkflows: [77]\n");
    let postern = Postern::start(&settings).await;
    let accepted = postern.post("/trigger?workflow_id=77").form(LEAD).send().await;
    postern.ended(&accepted).await;
    let foreign = postern.call("GET", &accepted.header("location")).from("127.0.0.3").send().await;
    assert_eq!((foreign.status, foreign.code()), (404, "receipt_unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_submission_reads_as_queued_until_a_worker_takes_it() {
    let mut postern = Postern::without_worker(DEMO).await;
    let accepted = postern.post("/trigger?workflow_id=77").form(LEAD).send().await;
    let waiting = postern.call("GET", &accepted.header("location")).send().await;
    assert_eq!(waiting.json["status"], "queued");
    postern.start_worker().await;
    assert_eq!(postern.ended(&accepted).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_answers_in_its_own_words_and_a_ping_is_answered_and_never_run() {
    let settings = format!("{DEMO}\nping: test=test\nanswer: {{status: 200, body: OK}}\n");
    let postern = Postern::without_worker(&settings).await;
    let ping = postern.post("/trigger?workflow_id=77&utm=x").form("test=test").send().await;
    assert_eq!((ping.status, ping.text.as_str(), ping.header("location").as_str()), (200, "OK", ""));
    assert_eq!(postern.queued().await, 0);
    // A lead is no ping, whatever fields it has.
    for (path, form) in [
        ("/trigger?workflow_id=77", LEAD),
        ("/trigger?workflow_id=77", "test=test&lastname=x"),
        ("/trigger?workflow_id=77&test=test", LEAD),
    ] {
        let accepted = postern.post(path).form(form).send().await;
        assert_eq!((accepted.status, accepted.text.as_str()), (200, "OK"));
        assert!(accepted.header("location").starts_with("/receipts/"));
    }
    assert_eq!(postern.queued().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_short_url_is_a_setting() {
    let postern = Postern::with_ingress(DEMO, &[("POSTERN_SHORT_URL", "/crm")]).await;
    assert_eq!(postern.post("/crm?workflow_id=77").form(LEAD).send().await.status, 202);
    assert_eq!(postern.post("/trigger?workflow_id=77").form(LEAD).send().await.code(), "unknown_short_url");
}
