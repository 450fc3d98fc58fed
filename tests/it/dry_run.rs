//! Dry runs: what they show is what a call then does, and they leave nothing behind.

mod connections;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::{Answer, Call};
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};

/// Every way in which a run goes on: a search, records, a loop, a delay, a request, a mail, and a run that is waited for.
fn settings(url: &str) -> String {
    format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: find}}
steps:
  find: {{find_record: Contacts, where: {{email: '$env[\"email\"]'}}, store_id: contact, found: rename, not_found: make}}
  make: {{create_record: Contacts, unique: '$env[\"email\"]', fields: {{email: '$env[\"email\"]'}}, store_id: contact, created: note}}
  rename: {{set_value: {{name: '$env[\"name\"]'}}, record: '$env[\"contact\"]', next: note}}
  note: {{comment: 'Asked by $env[\"name\"]', record: '$env[\"contact\"]', next: items}}
  items: {{for_each: '$env[\"items\"]', item: item, each: line, next: pause}}
  line: {{create_record: Lines, fields: {{item: '$env[\"item\"]'}}}}
  pause: {{delay: 1s, next: ask}}
  ask: {{http_request: '{url}/leads', json: {{name: '$env[\"name\"]'}}, store: answer, next: tell}}
  tell: {{send_mail: sales@example.org, subject: 'New lead: $env[\"name\"]', text: 'Id $env[\"answer\"][\"body\"][\"id\"]', next: child}}
  child: {{run_workflow: 2, wait: true, store: child, next: keep}}
  keep: {{set_value: {{id: '$env[\"answer\"][\"body\"][\"id\"]', said: '$env[\"child\"][\"body\"]'}}, record: '$env[\"contact\"]', next: reply}}
  reply: {{respond: 201, json: {{contact: '$env[\"name\"]'}}}}
---
workflow: 2
start: {{without_record: true, next: make}}
steps:
  make: {{create_record: Children, fields: {{of: '$env[\"name\"]'}}, created: say}}
  say: {{respond: 200, text: 'child of $env[\"name\"]'}}
"
    )
}

const VALUES: &str = r#"{"name": "Ada Lovelace", "email": "ada@example.org", "items": ["x", "y"]}"#;

/// With workflow 1, a mail server and another system.
async fn start() -> (Postern, Outside, MailServer) {
    let (outside, mail) = (Outside::start().await, MailServer::start().await);
    let mut postern = Postern::without_worker(&settings(&outside.url(""))).await;
    let url = mail.url();
    let environment = [
        ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
        ("POSTERN_SMTP_URL", &*url),
        ("POSTERN_MAIL_FROM", "leads@example.com"),
    ];
    postern.start_worker_with(&environment).await;
    (postern, outside, mail)
}

async fn tries(postern: &Postern, input: &Value) -> Answer {
    postern.api("POST", "/workflows/1/try").json(&input.to_string()).send().await
}

/// The result of a dry run with values.
async fn tried(postern: &Postern, input: Value) -> Value {
    let answer = tries(postern, &input).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

fn values() -> Value {
    serde_json::from_str(VALUES).unwrap()
}

/// Step and output of each step of a run.
fn path<'v>(steps: impl Iterator<Item = &'v Value>) -> Vec<String> {
    steps.map(|step| format!("{} {}", step["step"].as_str().unwrap(), step["output"].as_str().unwrap_or("-"))).collect()
}

fn of_run(report: &Value, run: i64) -> impl Iterator<Item = &Value> {
    report["path"].as_array().unwrap().iter().filter(move |step| step["run"] == run)
}

/// How many rows each table has. Processes and numbers of calls come and go by themselves.
async fn rows(postern: &Postern) -> BTreeMap<String, i64> {
    let tables =
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')";
    let mut rows = BTreeMap::new();
    for row in postern.connection().await.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        let count = postern.count(&format!("SELECT count(*) FROM {table}")).await;
        rows.insert(table, count);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_shows_what_a_call_then_does() {
    let (postern, outside, mail) = start().await;
    let report =
        tried(&postern, json!({"env": values(), "answers": {"ask": {"status": 201, "body": {"id": 5}}}})).await;
    assert_eq!(report["status"], "finished", "{report}");
    assert_eq!((outside.got().len(), mail.got().len(), postern.records("Contacts").await.len()), (0, 0, 0));
    let answer = postern.post("/trigger?workflow_id=1").json(VALUES).header("prefer", "wait=20").send().await;
    assert_eq!((answer.status, &answer.json), (201, &json!({"contact": "Ada Lovelace"})), "{}", answer.text);
    let receipt = postern.ended(&answer).await;
    for (run, number) in [(0, 1), (1, 2)] {
        let real = path(receipt["runs"][run]["path"].as_array().unwrap().iter());
        // A step that waits for a run stands there twice: when it starts the run, and when that has ended.
        assert_eq!(path(of_run(&report, number)), real, "{report}\n{receipt}");
    }
    let response = &report["response"];
    assert_eq!((&response["status"], &response["body"]), (&json!(201), &json!(r#"{"contact":"Ada Lovelace"}"#)));
    for module in ["Contacts", "Lines", "Children"] {
        let records: Vec<Value> =
            postern.records(module).await.into_iter().map(|fields| Value::Object(fields.0)).collect();
        let all = report["records"].as_array().unwrap().iter().filter(|one| one["module"] == module);
        let shown: Vec<Value> = all.map(|one| one["after"].clone()).collect();
        assert_eq!(shown, records, "{module} in {report}");
    }
    let step =
        |name: &str| of_run(&report, 1).find(|step| step["step"] == name && step.get("sends").is_some()).unwrap();
    let (request, got) = (&step("ask")["sends"]["request"], outside.got());
    assert_eq!(got[0].body, request["body"].as_str().unwrap());
    assert_eq!(got[0].line, format!("{} /leads HTTP/1.1", request["method"].as_str().unwrap()));
    let (shown, sent) = (&step("tell")["sends"]["mail"], mail.got());
    assert_eq!((json!(sent[0].to), json!(sent[0].from)), (shown["to"].clone(), shown["from"].clone()));
    assert_eq!((sent[0].header("Subject"), &shown["text"]), (shown["subject"].as_str(), &json!("Id 5")));
    assert!(sent[0].text.contains("Id 5"), "{}", sent[0].text);
    let comment = "SELECT count(*) FROM comments WHERE text = 'Asked by Ada Lovelace'";
    let comments = of_run(&report, 1).filter_map(|step| step["comments"][0]["text"].as_str());
    assert_eq!((comments.collect::<Vec<_>>(), postern.count(comment).await), (vec!["Asked by Ada Lovelace"], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_there_is_shown_before_and_after_each_step() {
    let (postern, ..) = start().await;
    let add = r#"INSERT INTO records (id, module, fields) VALUES (900, 'Contacts', '{"email": "ada@example.org", "name": "A"}')"#;
    postern.sql(add).await;
    let report = tried(&postern, json!({"env": values(), "until": "rename"})).await;
    assert_eq!(
        (&report["status"], path(of_run(&report, 1))),
        (&json!("stopped_here"), vec!["find found".into(), "rename next".into()])
    );
    let before = json!({"email": "ada@example.org", "name": "A"});
    let after = json!({"email": "ada@example.org", "name": "Ada Lovelace"});
    let change = json!({"record": 900, "module": "Contacts", "what": "changed", "before": before, "after": after});
    assert_eq!((&report["records"][0], &report["path"][1]["changes"][0]), (&change, &change));
    assert_eq!(report["path"][0]["env"]["contact"], 900);
    let now = "SELECT count(*) FROM records WHERE fields ->> 'name' = 'A'";
    assert_eq!(postern.count(now).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_leaves_no_row_in_any_table() {
    let (postern, outside, mail) = start().await;
    let before = rows(&postern).await;
    let report = tried(&postern, json!({"env": values()})).await;
    assert_eq!(
        (&report["status"], report["path"].as_array().unwrap().len() > 12),
        (&json!("finished"), true),
        "{report}"
    );
    assert_eq!(rows(&postern).await, before);
    assert_eq!((outside.got().len(), mail.got().len()), (0, 0));
    // Only numbers are gone.
    postern.ended(&postern.post("/trigger?workflow_id=1").json(VALUES).send().await).await;
    assert!(postern.count("SELECT min(id) FROM records").await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_another_run_holds_is_busy_and_is_not_waited_for() {
    let (postern, ..) = start().await;
    postern.sql("INSERT INTO records (id, module, fields) VALUES (900, 'Contacts', '{}')").await;
    let mut connection = postern.connection().await;
    let holding = connection.transaction().await.unwrap();
    holding.execute("SELECT FROM records WHERE id = 900 FOR UPDATE", &[]).await.unwrap();
    let began = std::time::Instant::now();
    let refused = tries(&postern, &json!({"env": values(), "record": 900})).await;
    assert_eq!((refused.status, refused.code()), (409, "conflict"), "{}", refused.text);
    assert!(refused.text.contains("the record is busy"), "{}", refused.text);
    assert!(began.elapsed().as_secs_f64() < 2.0, "{:?}", began.elapsed());
    holding.rollback().await.unwrap();
    let report = tried(&postern, json!({"env": values(), "record": 900})).await;
    assert_eq!(report["status"], "finished", "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_that_takes_long_ends_and_lets_go() {
    let (postern, ..) = start().await;
    postern
        .connection()
        .await
        .batch_execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(20); RETURN new; END $$;
            CREATE TRIGGER slow BEFORE INSERT ON records FOR EACH ROW EXECUTE FUNCTION slow()",
        )
        .await
        .unwrap();
    let refused = tries(&postern, &json!({"env": values()})).await;
    assert_eq!((refused.status, refused.code()), (409, "conflict"), "{}", refused.text);
    assert!(refused.text.contains("this took longer than 2 s"), "{}", refused.text);
    let open =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%records::create%'
        AND state <> 'idle' AND pid <> pg_backend_pid()";
    eventually("its statement has ended", async || (postern.count(open).await == 0).then_some(())).await;
    postern.sql("DROP TRIGGER slow ON records").await;
    assert_eq!(tried(&postern, json!({"env": values()})).await["status"], "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_runs_in_the_place_of_the_version_in_force() {
    let (postern, ..) = start().await;
    let draft = "workflow: 1\nactive: false\nstart: {without_record: true, next: end}\nsteps: {end: {stop: failed, message: 'no $env[\"name\"]'}}\n";
    let report = tried(&postern, json!({"document": draft, "env": values()})).await;
    assert_eq!((&report["status"], &report["message"]), (&json!("failed"), &json!("no Ada Lovelace")), "{report}");
    let wrong = tries(&postern, &json!({"document": draft.replace("next: end", "next: nowhere")})).await;
    assert_eq!((wrong.code(), &wrong.json["error"]["findings"][0]["path"]), ("invalid_document", &json!("start.next")));
    let other = tries(&postern, &json!({"document": draft.replace("workflow: 1", "workflow: 5")})).await;
    assert_eq!(other.code(), "invalid_request", "{}", other.text);
    let none = postern.api("POST", "/workflows/9/try").json("{}").send().await;
    assert_eq!(none.status, 404, "{}", none.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_tried_with_all_that_it_sent() {
    let (postern, ..) = start().await;
    let answer = postern.post("/trigger?workflow_id=1&utm_source=ad").json(VALUES).send().await;
    let draft = "workflow: 1\nstart: {next: end}\nsteps: {end: {stop: finished, message: '$query[\"utm_source\"] $request[\"ip\"] $env[\"name\"]'}}\n";
    postern.ended(&answer).await;
    let input = json!({"document": draft, "receipt": answer.json["receipt"]});
    let report = tried(&postern, input).await;
    assert_eq!(
        (&report["status"], report["message"].as_str().unwrap()),
        (&json!("did_not_run"), "it needs a record and got none"),
        "{report}"
    );
    let input =
        json!({"document": draft.replace("{next", "{without_record: true, next"), "receipt": answer.json["receipt"]});
    assert_eq!(tried(&postern, input).await["message"], "ad 127.0.0.1 Ada Lovelace");
    let unknown = tries(&postern, &json!({"receipt": "0193a5c8-7d00-7abc-8def-0123456789ab"})).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_fails_is_tried_again_without_waiting() {
    let (postern, ..) = start().await;
    let draft = "workflow: 1\nstart: {without_record: true, next: ask}\nsteps:\n  ask: {http_request: 'http://127.0.0.1/', retries: 2, store: a, failed: lost}\n  lost: {stop: failed, message: '$env[\"a\"][\"status\"]'}\n";
    let report =
        tried(&postern, json!({"document": draft, "answers": {"ask": {"status": 503, "body": "later"}}})).await;
    assert_eq!(path(of_run(&report, 1)), ["ask -", "ask -", "ask failed", "lost -"], "{report}");
    assert_eq!(report["message"], "503");
    // What would not be sent at all is not answered by a sample.
    let private = draft.replace("127.0.0.1", "10.0.0.1");
    let report = tried(&postern, json!({"document": private})).await;
    let said = report["path"][0]["message"].as_str().unwrap_or_default();
    assert!(said.starts_with("the target has a private address"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_end_is_cut_off() {
    let (postern, ..) = start().await;
    let draft = "workflow: 1\nstart: {without_record: true, next: pause}\nsteps:\n  pause: {delay: 1h, next: again}\n  again: {set_env: {n: '{{ ($env[\"n\"] or 0) + 1 }}'}, next: pause}\n";
    let report = tried(&postern, json!({"document": draft})).await;
    assert_eq!((&report["status"], report["path"].as_array().unwrap().len()), (&json!("cut_off"), 500), "{report}");
    assert!(report["path"][0]["waits_until"].is_string(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_may_not_try_a_workflow() {
    let (postern, ..) = start().await;
    let made = postern.api("POST", "/tokens").json(r#"{"name": "looks", "role": "viewer"}"#).send().await;
    let token = made.json["token"].as_str().unwrap_or_else(|| panic!("{}", made.text)).to_owned();
    let call = Call::new(reqwest::Method::POST, postern.control(), "/api/v1/workflows/1/try");
    let refused = call.header("authorization", &format!("Bearer {token}")).json("{}").send().await;
    assert_eq!((refused.status, refused.code()), (403, "forbidden"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_it_is_said_that_there_is_none() {
    let postern = Postern::without_worker(&settings("http://127.0.0.1:1")).await;
    let refused = tries(&postern, &json!({"env": values()})).await;
    assert_eq!((refused.status, refused.code()), (503, "unavailable"), "{}", refused.text);
    assert!(refused.text.contains("no worker has taken this"), "{}", refused.text);
    assert_eq!(postern.count("SELECT count(*) FROM dry_runs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_shows_the_path_and_what_would_change() {
    let (postern, ..) = start().await;
    let cli = Cli::of(&postern);
    let end = cli.run_with("try 1 --with - --answer ask=201:{\"id\":5}", VALUES);
    let text = end.text();
    for line in [
        "finished\n1 find (find_record): not_found\n2 make (create_record): created\n    creates record ",
        "\n      email: ada@example.org\n",
        "\n      {\"name\":\"Ada Lovelace\"}\n    taken as the answer: 201 {\"id\":5}\n",
        "\n    mail to sales@example.org: New lead: Ada Lovelace\n      Id 5\n",
        "\nrun 2: 1 make (create_record): created\n",
        "\nthe caller gets 201 application/json\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(cli.run_with("try 1 --with - --until find -o name", VALUES).text(), "stopped_here\n");
    let failing = cli.run_with("try 1 --with - -o json", "{\"email\": \"a\"");
    assert_eq!((failing.code, failing.stderr.contains("is no JSON object")), (2, true), "{failing:?}");
}
