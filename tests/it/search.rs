//! Whatever became of a call, it is found by what was posted, soon after it; so are records and settings.

mod filters;
mod records;

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::dead_letters::{self, dead};
use crate::harness::{DEMO, Postern, eventually, private};

const PATH: &str = "/trigger?workflow_id=77";

/// What has a text, with more of the query.
pub async fn find(postern: &Postern, text: &str, query: &[(&str, &str)]) -> Value {
    let url = reqwest::Url::parse_with_params("http://localhost/find", [("text", text)].iter().chain(query)).unwrap();
    let answer = postern.api("GET", &format!("/find?{}", url.query().unwrap())).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    answer.json
}

/// How many receipts and how many records have a text.
async fn found(postern: &Postern, text: &str) -> (usize, usize) {
    let found = find(postern, text, &[]).await;
    let count = |name: &str| found[name].as_array().map_or(0, Vec::len);
    (count("receipts"), count("records"))
}

async fn are_found(postern: &Postern, text: &str, receipts: usize, records: usize) {
    eventually(&format!("{text}: {receipts} and {records}"), async || {
        (found(postern, text).await == (receipts, records)).then_some(())
    })
    .await;
}

/// Waits until all is digested.
pub async fn digested(postern: &Postern) {
    eventually("all is digested", async || {
        (postern.count("SELECT count(*) FROM digest_queue").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_found_by_email_phone_and_name_in_any_form() {
    let postern = Postern::start(DEMO).await;
    let post = async |form: &str| postern.outcome(PATH, form).await["receipt"].as_str().unwrap().to_owned();
    let first = post("lastname=Иванов&firstname=Иван&email=Ivan@Example.org&tel=%2B7 (912) 345-67-89").await;
    let failed = post("lastname=Иванов&email=nonsense").await;
    are_found(&postern, "ivan@example.ORG", 1, 1).await;
    for (text, expected) in [("8 912 3456789", (1, 0)), ("иванов", (2, 1)), ("ИВАН иванов", (1, 1)), ("петров", (0, 0))]
    {
        assert_eq!(found(&postern, text).await, expected, "{text}");
    }
    let printed = Cli::of(&postern).run("find ИВАНОВ").text();
    assert_eq!(printed, format!("receipt {failed} failed\nreceipt {first} finished\nrecord 1 Leads\n"));
    assert_eq!(Cli::of(&postern).run("find nobody@example.org").code, 1);
    let long = Cli::of(&postern).arguments(&["find", &"ы".repeat(30_000)]);
    assert!(long.code == 2 && long.stderr.contains("30000 characters, more than 200"), "{long:?}");
    assert_eq!(postern.count("SELECT count(*) FROM digest_queue").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_found_by_words_of_which_thousands_have_one() {
    let postern = Postern::start(DEMO).await;
    for name in ["lastname=Ivanova&firstname=Anna Zoe", "lastname=Anna", "lastname=Ivanova"] {
        postern.outcome(PATH, &format!("{name}&email=a@example.org")).await;
    }
    digested(&postern).await;
    postern.sql(&thousands("1, 9998", 2)).await;
    assert_eq!(postern.count("SELECT count(DISTINCT hash) FROM search_keys WHERE receipt::text LIKE '%9998'").await, 2);
    for (text, receipts) in [("anna ivanova", 1), ("ivanova zoe anna", 1), ("anna ivanova bob", 0)] {
        assert_eq!(found(&postern, text).await.0, receipts, "{text}");
    }
    // So many that they are read a part at a time.
    postern.sql(&thousands("9999, 19000", 10_000)).await;
    let newest = find(&postern, "anna ivanova", &[]).await;
    assert_eq!(newest["receipts"], json!([]), "{newest}");
    let older = find(&postern, "anna ivanova", &[("before", newest["next"].as_str().unwrap())]).await;
    assert_eq!((older["receipts"].as_array().unwrap().len(), &older["next"]), (1, &json!(null)), "{older}");
}

/// Gives each word that `having` receipts have to many others, which are newer.
fn thousands(numbers: &str, having: u32) -> String {
    format!(
        "INSERT INTO search_keys
        SELECT overlay(postern_uuid_floor(now() + n * interval '100 ms')::text placing '7000-8000-' || word || to_char(n, 'FM00000000000') from 15)::uuid, hash
        FROM generate_series({numbers}) n, (
            SELECT hash, row_number() OVER (ORDER BY hash) AS word FROM search_keys
            GROUP BY hash HAVING sum(1 + coalesce(cardinality(others), 0)) = {having}) words"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_a_burst_share_search_keys_and_each_is_found_page_by_page() {
    let mut postern = Postern::with_ingress(DEMO, &[]).await;
    let post = async |n: usize| {
        let form = format!("lastname={} Ivanova&email=lead{n}@example.org", ["Anna", "Zoe"][n % 2]);
        let answer = postern.post(PATH).form(form).send().await;
        answer.json["receipt"].as_str().unwrap().to_owned()
    };
    let posted = futures_util::future::join_all((0..40).map(post)).await;
    postern.start_worker().await;
    are_found(&postern, "lead7@example.org", 1, 1).await;
    digested(&postern).await;
    let shared = "SELECT count(*) FROM search_keys WHERE cardinality(others) > 3";
    assert!(postern.count(shared).await > 0, "no receipts share a key");
    for (text, expected) in [("ivanova", 40), ("127.0.0.1", 40), ("anna ivanova", 20), ("zoe anna", 0)] {
        let found = pages(&postern, text, "7").await;
        assert_eq!(found.len(), expected, "{text}");
        assert!(found.is_sorted_by(|newer, older| newer > older), "{text}: {found:?}");
        assert!(found.iter().all(|one| posted.contains(one)), "{text}: {found:?}");
    }
    let forgotten = Cli::of(&postern).arguments(&["forget", "Anna Ivanova", "--yes"]);
    assert_eq!(forgotten.code, 0, "{forgotten:?}");
    for (text, expected) in [("ivanova", 20), ("zoe", 20), ("anna", 0), ("127.0.0.1", 40)] {
        assert_eq!(pages(&postern, text, "7").await.len(), expected, "{text}");
    }
}

/// The receipts that have a text, a page after the other.
async fn pages(postern: &Postern, text: &str, last: &str) -> Vec<String> {
    let (mut receipts, mut before): (Vec<String>, _) = (Vec::new(), None::<String>);
    loop {
        let query = [("last", last)].into_iter().chain(before.as_deref().map(|before| ("before", before)));
        let page = find(postern, text, &query.collect::<Vec<_>>()).await;
        let of_page = page["receipts"].as_array().unwrap();
        receipts.extend(of_page.iter().map(|one| one["receipt"].as_str().unwrap().to_owned()));
        before = page["next"].as_str().map(str::to_owned);
        if before.is_none() {
            return receipts;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_found_by_its_values_until_it_is_replayed() {
    let postern = Postern::start(DEMO).await;
    let form = "lastname=%C8%E2%E0%ED%EE%E2&email=ivan@example.org";
    let refused = postern.post(PATH).header("idempotency-key", "key-of-a-form").form(form).send().await;
    assert_eq!(refused.code(), "invalid_body");
    let bodies = async |text: &str| find(&postern, text, &[]).await["refused_bodies"].clone();
    eventually("it is found", async || (bodies("иванов").await[0]["code"] == "invalid_body").then_some(())).await;
    for text in ["IVAN@example.org", "key-of-a-form", "127.0.0.1"] {
        assert_eq!(bodies(text).await.as_array().unwrap().len(), 1, "{text}");
    }
    let id = bodies("иванов").await[0]["id"].to_string();
    let body = json!({"id": id.parse::<i64>().unwrap(), "charset": "windows-1251"}).to_string();
    let replayed = postern.api("POST", "/refused_body_replays").json(&body).send().await;
    assert_eq!(replayed.status, 200, "{}", replayed.json);
    are_found(&postern, "иванов", 1, 1).await;
    assert_eq!((bodies("иванов").await, postern.count("SELECT count(*) FROM refused_body_keys").await), (json!([]), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_found_by_its_values_until_it_is_discarded() {
    let postern = Postern::start(dead_letters::SETTINGS).await;
    let receipt = dead(&postern, "1", "ada@example.org", "it was poison").await;
    let found = eventually("it is found", async || {
        let found = find(&postern, "ADA@example.org", &[]).await;
        (found["dead_letters"] != json!([])).then_some(found)
    })
    .await;
    let letter = &found["dead_letters"][0];
    assert_eq!((&letter["receipt"], &letter["target"]), (&json!(receipt), &json!("workflow 1")), "{found}");
    let named = find(&postern, &receipt.to_string(), &[]).await;
    assert_eq!(named["receipts"][0]["status"], "dead_letter", "{named}");
    let discard = json!({"id": letter["id"], "reason": "a test"}).to_string();
    assert_eq!(postern.api("POST", "/dead_letter_discards").json(&discard).send().await.status, 200);
    assert_eq!(find(&postern, "ada@example.org", &[]).await["dead_letters"], json!([]));
    assert_eq!(postern.count("SELECT count(*) FROM dead_letter_keys").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_is_found_by_its_name() {
    let postern = Postern::start(DEMO).await;
    let post = postern.post(PATH).header("idempotency-key", "order 4711").form("lastname=Ada&email=ada@example.org");
    let accepted = post.send().await;
    let receipt = postern.ended(&accepted).await["receipt"].as_str().unwrap().to_owned();
    digested(&postern).await;
    for (text, list, expected) in [
        (receipt.as_str(), "/receipts/0/receipt", json!(receipt)),
        (&format!("{receipt}.1"), "/receipts/0/run", json!(1)),
        (&format!("{receipt}.2"), "/receipts/0", Value::Null),
        ("order 4711", "/receipts/0/receipt", json!(receipt)),
        ("order 4712", "/receipts/0", Value::Null),
        ("127.0.0.1", "/receipts/0/permission", json!("loopback")),
        ("::ffff:127.0.0.1", "/receipts/0/status", json!("finished")),
        ("1", "/records/0/module", json!("Leads")),
        ("leads 1", "/records/0/id", json!(1)),
        ("Contacts 1", "/records/0", Value::Null),
        ("77", "/documents/0/kind", json!("workflow")),
        ("NEW lead", "/documents/0/key", json!("77")),
        ("loopback", "/documents/0/kind", json!("permission")),
    ] {
        let found = find(&postern, text, &[]).await;
        assert_eq!(found.pointer(list).cloned().unwrap_or_default(), expected, "{text}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_looked_for_is_refused() {
    let postern = Postern::without_worker(DEMO).await;
    let long = format!("?text={}", "a".repeat(201));
    for query in
        ["", "?text=", "?text=%20", "?text=a%00", &long, "?text=a&status=x", "?text=a&from=today", "?text=a&before=x"]
    {
        let answer = postern.api("GET", &format!("/find{query}")).send().await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.json);
    }
    let nothing = find(&postern, "-", &[]).await;
    assert_eq!((&nothing["receipts"], &nothing["records"], &nothing["next"]), (&json!([]), &json!([]), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_digest_of_large_receipts_takes_the_memory_of_one() {
    let mut postern = Postern::without_worker(DEMO).await;
    let fill = "INSERT INTO receipts (id, accepted_at, settings_version, workflow, permission, ip, env)
        SELECT overlay(postern_uuid_floor(now())::text placing to_char(n, 'FM000000000000') from 25)::uuid, now(), 1, 77,
            'loopback', '127.0.0.1', json_build_object('text', repeat('x', 1000000), 'name', 'Ada')
        FROM generate_series(1, 150) n";
    postern.sql(fill).await;
    postern.sql("INSERT INTO digest_queue (receipts, records) SELECT array_agg(id), '{}' FROM receipts").await;
    postern.start_worker().await;
    are_found(&postern, "ada", 20, 0).await;
    let peak = postern.workers[0].peak_megabytes();
    assert!(peak < 120.0, "the worker took {peak:.0} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_fails_is_told_and_catches_up() {
    let mut postern = Postern::start(DEMO).await;
    postern.sql("ALTER TABLE search_keys RENAME TO hidden").await;
    let receipt = postern.outcome("/trigger?workflow_id=77", "lastname=Lovelace&email=ada@example.org").await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    let worker = &mut postern.workers[0];
    eventually("the log says so", async || worker.log().contains("search keys could not be made").then_some(())).await;
    eventually("its lag grows", async || {
        let metrics = private(worker, "/metrics").await.1;
        let lag = metrics.lines().find_map(|line| line.strip_prefix("postern_digest_lag_seconds "))?;
        (lag != "0").then_some(())
    })
    .await;
    postern.sql("ALTER TABLE hidden RENAME TO search_keys").await;
    are_found(&postern, "ada@example.org", 1, 1).await;
}
