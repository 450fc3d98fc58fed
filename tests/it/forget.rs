//! A person is forgotten: found in every place in any notation, exported, and in no column of any table afterwards.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::harness::call::Answer;
use crate::harness::{Postern, eventually};

/// Workflow 1 makes a record with a comment and answers, 2 is on hold, 3 fails with a message, 4 needs a record.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1, 2, 3, 4]
dedupe_by: email
---
permission: other
addresses: 127.0.0.1
short_url: /other
workflows: [1, 2, 3, 4]
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make:
    create_record: Leads
    unique: '{{ $env[\"email\"]|lower }}'
    fields: {email: '$env[\"email\"]', tel: '$env[\"tel\"]', name: '$env[\"first\"] $env[\"last\"]', n: '$env[\"n\"]'}
    store_id: lead
    created: say
    existing: say
  say: {comment: 'asked by $env[\"email\"]', record: '$env[\"lead\"]', next: answer}
  answer: {respond: 200, json: {email: '$env[\"email\"]'}}
---
workflow: 2
start: {without_record: true, hold: true, next: make}
steps: {make: {create_record: Held, fields: {email: '$env[\"email\"]'}}}
---
workflow: 3
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1s}, next: end}
  end: {stop: failed, message: 'no answer for $env[\"email\"]'}
---
workflow: 4
start: {module: Leads, next: make}
steps: {make: {create_record: Never}}
";

const PERSON: [&str; 3] = ["ada.planted@example.org", "+7 (912) 345-67-89", "Ada Plantedlace"];

const LEAD: &str = "email=Ada.Planted%40Example.ORG&tel=8+912+345+67+89&first=ADA&last=plantedlace&n=7";

async fn post(postern: &Postern, path: &str) -> Answer {
    let answer = postern.post(path).form(LEAD).send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer
}

/// The columns of all tables in which one of these words stands, in any case.
async fn columns_with(postern: &Postern, words: &[&str]) -> Vec<String> {
    let connection = postern.connection().await;
    let columns = "SELECT c.relname::text, a.attname::text, a.atttypid = 'bytea'::regtype FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
            AND a.atttypid IN ('text'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)";
    let mut found = Vec::new();
    for row in connection.query(columns, &[]).await.unwrap() {
        let (table, column, is_bytes): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
        let text = if is_bytes { format!("encode({column}, 'escape')") } else { format!("{column}::text") };
        for word in words {
            let count = format!("SELECT count(*) FROM \"{table}\" WHERE strpos(lower({text}), '{word}') > 0");
            if postern.count(&count).await > 0 {
                found.push(format!("{table}.{column}: {word}"));
            }
        }
    }
    found
}

/// Puts the person everywhere; returns the receipt whose run is held.
async fn plant(postern: &Postern) -> Answer {
    let path = "/trigger?workflow_id=1&mail=ada.planted%40example.org";
    let answer = postern.post(path).header("prefer", "wait=10").form(LEAD).send().await;
    assert_eq!((answer.status, &answer.json["email"]), (200, &json!("Ada.Planted@Example.ORG")), "{}", answer.json);
    let held = post(postern, "/other?workflow_id=2").await;
    let failed = post(postern, "/other?workflow_id=3").await;
    let unmatched = post(postern, "/other?workflow_id=4").await;
    assert_eq!(postern.ended(&failed).await["status"], "failed");
    assert_eq!(postern.ended(&unmatched).await["status"], "unmatched");
    let refused =
        postern.post("/trigger?workflow_id=1&q=ada.planted%40example.org").json(r#"["ada.planted@example.org"]"#);
    assert_eq!(refused.send().await.code(), "invalid_body");
    postern.servers().publish("odd.v9", b"{\"mail\": \"Ada.Planted@example.org\"}").await;
    let discard = json!({"id": 900, "reason": "as ada.planted@example.org asked"}).to_string();
    let letter = "INSERT INTO dead_letters (id, kind, body, reason, attempt) OVERRIDING SYSTEM VALUE VALUES (900, 'x', '', 'x', 0)";
    postern.sql(letter).await;
    assert_eq!(postern.api("POST", "/dead_letter_discards").json(&discard).send().await.status, 200);
    let bundle = format!(
        r#"{{"submissions":[{{"receipt":"{}","permission":"test","target":{{"workflow":1}},"record":null,"env":{{"email":"ada.planted@example.org","n":8}},"query":{{}},"request":{{}},"accepted_at_ms":1,"settings_version":1}}]}}"#,
        uuid::Uuid::now_v7()
    );
    let spooled = "INSERT INTO spool (kind, body, attempt, due_at) VALUES ('submissions.v1', convert_to($1, 'UTF8'), 0, now() + interval '1 hour')";
    postern.connection().await.execute(spooled, &[&bundle]).await.unwrap();
    let key = "INSERT INTO batch_receipts (permission, key, receipts) VALUES ('test', 'ada.planted@example.org', '{}')";
    postern.sql(key).await;
    // The runs of a call with the person have touched a record in vtiger, and those of another call another one.
    let receipt = failed.json["receipt"].as_str().unwrap();
    for (receipt, record) in [(receipt, IN_VTIGER), (&uuid::Uuid::now_v7().to_string(), "crm/Leads/853")] {
        let touched = format!(
            "INSERT INTO digest_queue (receipts, records, touching_connected, touched_connected)
             VALUES ('{{}}', '{{}}', ARRAY['{receipt}'::uuid], ARRAY['{record}'])"
        );
        postern.sql(&touched).await;
    }
    for (what, count) in [
        ("SELECT count(*) FROM runs WHERE state = 'held'", 1),
        ("SELECT count(*) FROM refused_bodies", 1),
        ("SELECT count(*) FROM dead_letters", 1),
        ("SELECT count(*) FROM digest_queue", 0),
    ] {
        eventually(what, async || (postern.count(what).await == count).then_some(())).await;
    }
    held
}

/// A record in vtiger that has the person.
const IN_VTIGER: &str = "crm/Leads/852";

const WORDS: [&str; 3] = ["planted", "345 67 89", "345-67-89"];

/// The tables of columns; a partition counts as its table.
fn tables(columns: &[String]) -> Vec<String> {
    let tables = columns.iter().map(|one| one.split(['.', ':']).next().unwrap());
    tables.map(|table| table.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_').to_owned()).collect()
}

/// Forgets the person; returns the tables of the rows that were exported before.
async fn forget(postern: &Postern) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("person.jsonl");
    let words = ["forget", PERSON[0], PERSON[1], PERSON[2], "--yes", "--export", file.to_str().unwrap()];
    let told = Cli::of(postern).arguments(&words);
    assert!(told.code == 0 && told.stdout.contains("forgotten, report 1:"), "{told:?}");
    // What was found is told before it is forgotten and again afterwards.
    assert_eq!(told.stdout.matches(&format!("\n{IN_VTIGER}\n")).count(), 2, "{told:?}");
    assert!(!told.stdout.contains("crm/Leads/853"), "{told:?}");
    let exported = std::fs::read_to_string(&file).unwrap();
    exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["place"].clone()).collect()
}

/// What names the person without being readable: the dedupe key of the permission, and the unique key of the record.
const HASHES: &str = "SELECT (SELECT count(*) FROM claims WHERE scope = 'permission test')
    + (SELECT count(*) FROM records WHERE unique_key = sha256('ada.planted@example.org'))";

const PLACES: &str = "receipts runs run_steps checkpoints records comments refused_bodies dead_letters spool responses \
                      batch_receipts audit_log";

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_person_is_found_everywhere_and_nowhere_afterwards() {
    let mut postern = Postern::start(SETTINGS).await;
    let held = plant(&postern).await;
    let planted = columns_with(&postern, &WORDS).await;
    for place in PLACES.split(' ') {
        assert!(tables(&planted).iter().any(|one| one == place), "{place} is not planted: {planted:?}");
    }
    assert_eq!(postern.count(HASHES).await, 2);
    // What is still in the broker when the person is forgotten.
    postern.workers.remove(0).kill();
    let queued = post(&postern, "/other?workflow_id=1").await;
    let exported = forget(&postern).await;
    for place in tables(&planted) {
        assert!(exported.iter().any(|one| *one == place.as_str()), "{place} is not exported: {exported:?}");
    }
    assert_eq!(columns_with(&postern, &WORDS).await, Vec::<String>::new());
    assert_eq!(postern.count(HASHES).await, 0);
    postern.start_worker().await;
    assert_eq!(postern.ended(&queued).await["status"], "finished");
    let undigested = "SELECT count(*) FROM digest_queue";
    eventually("all is digested", async || (postern.count(undigested).await == 0).then_some(())).await;
    assert_eq!(columns_with(&postern, &WORDS).await, Vec::<String>::new());
    let found = postern.api("GET", "/find?text=ada.planted@example.org").send().await.json;
    for kind in ["receipts", "records", "refused_bodies", "dead_letters"] {
        assert_eq!(found[kind], json!([]), "{kind}");
    }
    // What is not of the person stays, and what is counted stays counted.
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE fields ->> 'email' = '(forgotten)'").await, 2);
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE fields ->> 'n' = '7'").await, 2);
    assert_eq!(postern.count("SELECT count(*) FROM receipts").await, 5);
    let ended = postern.api("GET", &held.header("location")).send().await.json;
    assert_eq!(ended["status"], "failed", "{ended}");
    let reports = postern.api("GET", "/forgettings").send().await.json;
    assert_eq!(reports["forgettings"][0]["found"]["receipts"], 4, "{reports}");
    assert_eq!(reports["forgettings"][0]["elsewhere"], json!([IN_VTIGER]), "{reports}");
    let log = postern.api("GET", "/audit_log?kind=person").send().await.json;
    assert_eq!(log["changes"][0]["action"], "forget", "{log}");
    // The same person may come again.
    let again = post(&postern, "/other?workflow_id=1").await;
    assert_eq!(postern.env_of(&again).await["email"], "Ada.Planted@Example.ORG");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_only_looked_for_unless_it_is_confirmed() {
    let postern = Postern::start(SETTINGS).await;
    let answer = post(&postern, "/trigger?workflow_id=1").await;
    assert_eq!(postern.ended(&answer).await["status"], "finished");
    let cli = Cli::of(&postern);
    let asked = cli.arguments(&["forget", PERSON[0]]);
    assert_eq!((asked.code, asked.stdout.contains("receipts\t1")), (2, true), "{asked:?}");
    assert_eq!(cli.arguments(&["forget", "  "]).code, 1);
    assert_eq!(postern.env_of(&answer).await["last"], "plantedlace");
    assert_eq!(postern.count("SELECT count(*) FROM forgettings").await, 0);
    for (body, status) in [
        (json!({"texts": [PERSON[0]], "report": 9}), 404),
        (json!({"texts": [PERSON[0]], "from": "{}"}), 400),
        (json!({"texts": []}), 400),
    ] {
        assert_eq!(postern.api("POST", "/person_parts").json(&body.to_string()).send().await.status, status, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_once_among_many_rows() {
    let postern = Postern::without_worker(SETTINGS).await;
    let many = "INSERT INTO records (module, fields)
        SELECT 'Leads', jsonb_build_object('email', 'person' || n || '@example.org') FROM generate_series(1, 1200) AS n";
    postern.sql(many).await;
    let cli = Cli::of(&postern);
    for n in [2, 99, 614, 1_200] {
        let found = cli.arguments(&["forget", &format!("person{n}@example.org")]);
        assert!(found.stdout.contains("records\t1\n"), "{n}: {found:?}");
    }
}
