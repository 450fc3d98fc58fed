//! Modules with declared fields: types, what is required, defaults, the unique field, and what a strict one refuses.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Postern, eventually};
use crate::workflows::settings;

const MODULE: &str = "
---
module: Leads
strict: true
fields:
  lastname: {type: text, required: true}
  email: {type: email, unique: true}
  amount: number
  born: {type: date, on_error: fail}
  source: {type: choice, options: [Web, Fair], default: Web}
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make:
    create_record: Leads
    if_exists: update
    fields: {lastname: '$env[\"lastname\"]', email: '$env[\"email\"]', amount: '$env[\"amount\"]', born: '$env[\"born\"]'}
---
workflow: 2
start: {module: Leads, next: change}
steps:
  change: {set_value: {email: '$env[\"email\"]', lastname: 'x'}}
";

async fn started(more: &str) -> Postern {
    Postern::start(&settings(&format!("{MODULE}{more}"))).await
}

async fn message(postern: &Postern, path: &str, form: &str) -> Value {
    postern.outcome(path, form).await["runs"][0]["message"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_a_declared_module_has_its_types_its_defaults_and_all_that_is_required() {
    let postern = started("").await;
    let form = "lastname=Lovelace&email=%20Ada@example.org&amount=%2B07.50&born=10.12.1815";
    assert_eq!(message(&postern, "/trigger?workflow_id=1", form).await, Value::Null);
    let record = postern.records("Leads").await.remove(0).to_string();
    for part in [r#""amount":7.50"#, r#""born":"1815-12-10""#, r#""source":"Web""#, r#""email":"Ada@example.org""#] {
        assert!(record.contains(part), "{part}: {record}");
    }
    for (form, said) in [
        ("lastname=%20", "step make: field lastname of Leads is required and has no value"),
        ("lastname=a&born=s3cret", "step make: field born of Leads must be a date such as 2026-12-31"),
        ("lastname=a&email=s3cret", "step make: field email of Leads must be an e-mail address"),
    ] {
        assert_eq!(message(&postern, "/trigger?workflow_id=1", form).await, said);
    }
    assert_eq!(postern.records("Leads").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_value_of_the_unique_field_one_record_is_made() {
    let mut postern = Postern::without_worker(&settings(MODULE)).await;
    let post = |n: usize| {
        let mail = if n.is_multiple_of(2) { "ada@example.org" } else { "ADA@Example.org" };
        postern.post("/trigger?workflow_id=1").form(format!("lastname=a{n}&email={mail}")).send()
    };
    join_all((0..40).map(post)).await;
    for _ in 0..3 {
        postern.start_worker().await;
    }
    eventually("all have run", async || (postern.count("SELECT count(*) FROM runs").await == 40).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM runs WHERE state <> 'finished'").await, 0);
    // Without a value there is no key.
    for _ in 0..2 {
        postern.outcome("/trigger?workflow_id=1", "lastname=b").await;
    }
    assert_eq!(postern.records("Leads").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_value_of_the_unique_field_is_refused_if_another_record_has_it() {
    let postern = started("").await;
    for form in ["lastname=a&email=a@x.org", "lastname=b&email=b@x.org"] {
        postern.outcome("/trigger?workflow_id=1", form).await;
    }
    let ids = postern.count("SELECT min(id) FROM records").await..=postern.count("SELECT max(id) FROM records").await;
    let (first, second) = (*ids.start(), *ids.end());
    let change = async |id: i64, mail: &str| {
        message(&postern, &format!("/trigger?workflow_id=2&record_id={id}"), &format!("email={mail}")).await
    };
    let taken = format!("step change: field email of Leads is unique, and record {first} has this value");
    assert_eq!(change(second, "A@x.org").await, taken);
    assert_eq!(change(second, "c@x.org").await, Value::Null);
    // What was given up is free, and what was taken is not.
    assert_eq!(change(first, "b@x.org").await, Value::Null);
    assert_eq!(change(first, "c@x.org").await, taken.replace(&first.to_string(), &second.to_string()));
    assert_eq!(change(first, "B@x.org").await, Value::Null);
    assert_eq!(change(first, "").await, Value::Null);
    let mails: Vec<Value> = postern.records("Leads").await.iter().map(|one| json!(one)["email"].clone()).collect();
    assert_eq!(mails, [Value::Null, json!("c@x.org")]);
    assert_eq!(message(&postern, "/trigger?workflow_id=1", "lastname=n&email=b@x.org").await, Value::Null);
    assert_eq!(postern.records("Leads").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn find_record_compares_and_sorts_by_the_declared_type_and_finds_by_the_unique_field() {
    let postern = started(
        "
---
workflow: 3
start: {without_record: true, next: find}
steps:
  find:
    find_record: Leads
    where: {amount: {is: '$env[\"is\"]'}}
    found: end
    not_found: sorted
  sorted:
    find_record: Leads
    where: {born: {above: '$env[\"after\"]'}}
    sort: [-amount]
    store_ids: all
    found: end
  end: {stop: finished, message: '{{ $env[\"all\"]|length }}: {{ $env[\"all\"]|join(\" \") }}'}
---
workflow: 4
start: {without_record: true, next: find}
steps:
  find: {find_record: Leads, where: {email: '$env[\"email\"]'}, store_id: id, found: end, not_found: end}
  end: {stop: finished, message: 'record $env[\"id\"]'}
",
    )
    .await;
    let mut ids = Vec::new();
    for (mail, amount, born) in [("a", "9", "2001-01-01"), ("b", "10.0", "1.2.2001"), ("c", "100", "31.12.2000")] {
        let form = format!("lastname=x&email={mail}@x.org&amount={amount}&born={born}");
        assert_eq!(message(&postern, "/trigger?workflow_id=1", &form).await, Value::Null);
        ids.push(postern.count("SELECT max(id) FROM records").await);
    }
    let find =
        async |workflow: i32, form: &str| message(&postern, &format!("/trigger?workflow_id={workflow}"), form).await;
    assert_eq!(find(3, "is=none&after=31.12.2000").await, format!("2: {} {}", ids[1], ids[0]));
    assert_eq!(find(3, "is=&after=2000-01-01").await, format!("3: {} {} {}", ids[2], ids[1], ids[0]));
    assert_eq!(find(3, "is=10").await, "0: ");
    let wrong = find(3, "is=none&after=soon").await;
    assert_eq!(wrong, "step sorted: born: it is compared with a text that is not a date such as 2026-12-31");
    assert_eq!(find(4, "email=B@X.ORG").await, format!("record {}", ids[1]));
    assert_eq!(find(4, "email=nobody").await, "record ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_becomes_unique_gives_the_records_that_are_there_their_keys() {
    let open = MODULE.replace(", unique: true", "").replace("strict: true", "strict: false");
    let postern = Postern::start(&settings(&open)).await;
    for form in
        ["lastname=a&email=A@x.org", "lastname=b&email=a@x.org", "lastname=c&email=", "lastname=d&email=d@x.org"]
    {
        assert_eq!(message(&postern, "/trigger?workflow_id=1", form).await, Value::Null);
    }
    postern.apply(&settings(MODULE)).await;
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE unique_key IS NOT NULL").await, 2);
    for form in ["lastname=e&email=a@X.org", "lastname=f&email=d@x.org"] {
        let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
        assert_eq!(receipt["runs"][0]["path"][0]["output"], "existing", "{receipt}");
    }
    assert_eq!(postern.records("Leads").await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_values_of_the_unique_field_move_at_once_a_record_has_the_key_of_its_value_and_nobody_else_has_it() {
    let mut postern = Postern::without_worker(&settings(MODULE)).await;
    for _ in 0..3 {
        postern.start_worker().await;
    }
    for n in 0..6 {
        postern.outcome("/trigger?workflow_id=1", &format!("lastname=a&email=m{n}@x.org")).await;
    }
    let first = postern.count("SELECT min(id) FROM records").await;
    // Records give up and take eight addresses between them, while others are created or updated by address.
    let post = |n: i64| match n % 4 {
        0 => postern.post("/trigger?workflow_id=1").form(format!("lastname=n{n}&email=m{}@x.org", n * 5 % 8)).send(),
        _ => {
            let mail = if n % 7 == 0 { String::new() } else { format!("M{}@x.org", n * 3 % 8) };
            postern
                .post(&format!("/trigger?workflow_id=2&record_id={}", first + n % 6))
                .form(format!("email={mail}"))
                .send()
        }
    };
    join_all((0..240).map(post)).await;
    let ended = "SELECT count(*) FROM runs WHERE state IN ('finished', 'failed')";
    eventually("all have run", async || (postern.count(ended).await == 246).then_some(())).await;
    let astray = "SELECT count(*) FROM records WHERE unique_key IS DISTINCT FROM \
                  sha256(convert_to(lower(fields ->> 'email'), 'UTF8'))";
    assert_eq!(postern.count(astray).await, 0);
    let shared = "SELECT count(*) - count(DISTINCT lower(fields ->> 'email')) FROM records WHERE fields ? 'email'";
    assert_eq!(postern.count(shared).await, 0);
    assert!(postern.count("SELECT count(*) FROM runs WHERE state = 'finished'").await > 6);
    let other = "SELECT count(*) FROM runs WHERE state = 'failed' AND message NOT LIKE '%\"field-taken\"%'";
    assert_eq!(postern.count(other).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_after_a_delay_writes_what_its_module_declares_now() {
    let workflow = "
---
workflow: 3
start: {module: Leads, next: wait}
steps:
  wait: {delay: {for: 2s}, next: change}
  change: {set_value: {amount: '$env[\"amount\"]'}}
";
    let postern = started(workflow).await;
    postern.outcome("/trigger?workflow_id=1", "lastname=a").await;
    let id = postern.count("SELECT min(id) FROM records").await;
    let path = format!("/trigger?workflow_id=3&record_id={id}");
    let dropped = postern.outcome(&path, "amount=s3cret").await;
    let said = "field amount of Leads was left out: its value must be a number";
    assert_eq!(dropped["runs"][0]["path"][1]["message"], said, "{dropped}");
    let waiting = postern.post(&path).form("amount=+7").send().await;
    postern.apply("module: Leads\nfields: {amount: {type: choice, options: [few, many], on_error: fail}}\n").await;
    let ended = postern.ended(&waiting).await;
    let said = "step change: field amount of Leads must be one of its options (choice)";
    assert_eq!(ended["runs"][0]["message"], said);
}

#[tokio::test(flavor = "multi_thread")]
async fn l5_a_value_of_another_type_is_left_out_and_the_lead_is_kept() {
    let postern = started("").await;
    let form = "lastname=Ada&email=ada@example.org&amount=1%C2%A0234,50+%E2%82%BD&born=10.12.1815";
    assert_eq!(message(&postern, "/trigger?workflow_id=1", form).await, Value::Null);
    let outcome = postern.outcome("/trigger?workflow_id=1", "lastname=Bob&email=bob@example.org&amount=much").await;
    assert_eq!(outcome["runs"][0]["status"], "finished");
    let step = outcome["runs"][0]["path"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(step, "field amount of Leads was left out: its value must be a number");
    let records = postern.records("Leads").await;
    assert_eq!(records.len(), 2);
    let all: String = records.iter().map(ToString::to_string).collect();
    assert!(all.contains(r#""amount":1234.50"#) && !all.contains("much"), "{all}");
}
