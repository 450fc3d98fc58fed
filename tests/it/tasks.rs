//! What the tasks do to records.

use postern_shared::message::Message;
use serde_json::json;

use crate::harness::Postern;
use crate::workflows::settings;

#[tokio::test(flavor = "multi_thread")]
async fn set_value_changes_the_record_that_the_call_names() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {module: Leads, next: change}
steps:
  change: {set_value: {lastname: '$env[\"lastname\"]', greeting: 'Hello $firstname', gone: '$env[\"nothing\"]'}}
",
    ))
    .await;
    postern
        .sql("INSERT INTO records (id, module, fields) VALUES (852, 'Leads', '{\"firstname\":\"Ada\",\"gone\":1}')")
        .await;
    let receipt = postern.outcome("/trigger?record_id=852&workflow_id=1", "lastname=Lovelace").await;
    assert_eq!((&receipt["status"], &receipt["runs"][0]["record"]), (&json!("finished"), &json!(852)), "{receipt}");
    let expected = json!({"firstname": "Ada", "lastname": "Lovelace", "greeting": "Hello Ada"});
    assert_eq!(json!(postern.records("Leads").await[0]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_keeps_what_its_earlier_steps_did() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {a: 1}, created: change}
  change: {set_value: {b: 2}, record: '9999'}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["runs"][0]["message"], "step change: record 9999 does not exist");
    assert_eq!(postern.records("Leads").await.len(), 1);
    // As a code with arguments, of which the text is made where it is shown.
    assert_eq!(receipt["runs"][0]["path"][1]["message"], "record 9999 does not exist", "{receipt}");
    let (_, steps) = postern.steps().await.remove(0);
    assert_eq!(steps[1].message, Some(Message::RecordMissing { record: 9999.try_into().unwrap() }));
    assert_eq!((steps[0].records.len(), steps[1].records.len()), (1, 0), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn find_record_compares_sorts_and_limits() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: find}
steps:
  find:
    find_record: Leads
    where: {city: {is: '$env[\"city\"]'}, amount: {above: '{{ $env[\"above\"]|float }}'}}
    sort: [-amount]
    limit: 2
    store_id: first
    store_ids: all
    found: yes
    not_found: no
  yes: {stop: finished, message: '$env[\"first\"] of $env[\"all\"]'}
  no: {stop: failed, message: nothing}
",
    ))
    .await;
    postern
        .sql(
            "INSERT INTO records (id, module, fields) VALUES (1, 'Leads', '{\"city\":\"Rome\",\"amount\":5}'),
             (2, 'Leads', '{\"city\":\"Rome\",\"amount\":7}'), (3, 'Leads', '{\"city\":\"Rome\",\"amount\":\"6\"}'),
             (4, 'Leads', '{\"city\":\"Oslo\",\"amount\":9}'), (5, 'Leads', '{\"city\":\"Rome\",\"amount\":\"many\"}')",
        )
        .await;
    let message =
        async |form: &str| postern.outcome("/trigger?workflow_id=1", form).await["runs"][0]["message"].clone();
    assert_eq!(message("city=Rome&above=4").await, "2 of 2, 3");
    assert_eq!(message("city=Rome&above=6.5").await, "2 of 2");
    assert_eq!(message("city=Paris&above=0").await, "nothing");
    assert_eq!(message("city=&above=0").await, "nothing");
    assert!(message("city=Rome&above=x").await.as_str().unwrap().contains("not a number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_one_unique_key_leaves_by_existing_and_updates_if_told_to() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: '$env[\"email\"]', if_exists: update, fields: {email: '$env[\"email\"]', n: '$env[\"n\"]'}}
",
    ))
    .await;
    let output = async |form: &str| {
        postern.outcome("/trigger?workflow_id=1", form).await["runs"][0]["path"][0]["output"].clone()
    };
    assert_eq!(output("email=a@x.org&n=1").await, "created");
    assert_eq!(output("email=a@x.org&n=2").await, "existing");
    assert_eq!(json!(postern.records("Leads").await), json!([{"email": "a@x.org", "n": "2"}]));
    assert_eq!(output("n=1").await, "created");
    assert_eq!(output("n=1").await, "created");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_is_made_once_on_the_record_that_the_step_names() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: one, fields: {a: 1}, store_id: id, created: say, existing: say}
  say: {comment: 'Asked about {{ $env[\"tags\"]|join(\" and \") }}', record: '$env[\"id\"]'}
---
workflow: 2
start: {without_record: true, next: say}
steps:
  say: {comment: lost}
",
    ))
    .await;
    postern.outcome("/trigger?workflow_id=1", "tags=a&tags=b").await;
    postern.outcome("/trigger?workflow_id=1", "tags=c").await;
    assert_eq!(postern.count("SELECT count(*) FROM comments WHERE text = 'Asked about a and b'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM comments JOIN records ON records.id = record").await, 2);
    let lost = postern.outcome("/trigger?workflow_id=2", "").await;
    assert_eq!(lost["runs"][0]["message"], "step say: the run has no record, and the step names none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_is_gone_with_its_comments_and_its_key_is_free_again() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, unique: one, fields: {a: 1}, store_id: id, created: say, existing: say}
  say: {comment: here, record: '$env[\"id\"]', next: gone}
  gone: {delete_record: true, record: '$env[\"id\"]', next: again}
  again: {delete_record: true, record: '$env[\"id\"]', next: anew}
  anew: {create_record: Leads, unique: one, fields: {a: 2}}
---
workflow: 2
start: {module: Leads, next: gone}
steps:
  gone: {delete_record: true, next: touch}
  touch: {set_value: {a: 3}}
",
    ))
    .await;
    let receipt = postern.outcome("/trigger?workflow_id=1", "").await;
    assert_eq!(receipt["runs"][0]["path"][4]["output"], "created", "{receipt}");
    assert_eq!(json!(postern.records("Leads").await), json!([{"a": 2}]));
    assert_eq!(postern.count("SELECT count(*) FROM comments").await, 0);
    let id = postern.count("SELECT id FROM records").await;
    let receipt = postern.outcome(&format!("/trigger?workflow_id=2&record_id={id}"), "").await;
    assert_eq!(receipt["runs"][0]["message"], format!("step touch: record {id} does not exist"));
    assert_eq!(postern.records("Leads").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_a_referenced_record_is_read_in_start_conditions_conditions_and_texts() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {module: Leads, condition: '$(contact_id: (Contacts) leadsource) != \"Nobody\"', next: fair}
steps:
  fair:
    condition: '$(contact_id: (Contacts) leadsource) == \"Fair\"'
    then: [copy]
    else: [copy]
  copy:
    set_value: {source: '$(contact_id: (Contacts) leadsource)', text: 'Hello $(contact_id: (Contacts) name), $(other: (Contacts) name)!'}
    next: point
  point: {set_value: {contact_id: 1003}, next: make}
  make: {create_record: Notes, fields: {now: '$(contact_id: (Contacts) name)'}, created: look}
  look: {find_record: Notes, where: {now: '$(contact_id: (Contacts) name)'}, found: end}
  end: {stop: finished, message: 'found $(contact_id: (Contacts) name)'}
",
    ))
    .await;
    postern
        .sql(
            "INSERT INTO records (id, module, fields) VALUES
             (1001, 'Contacts', '{\"leadsource\":\"Fair\",\"name\":\"Ada\"}'), (1002, 'Contacts', '{\"leadsource\":\"Nobody\"}'),
             (1003, 'Contacts', '{\"leadsource\":[1,2],\"name\":\"Grace\"}'), (1004, 'Accounts', '{\"leadsource\":\"Fair\"}'),
             (1011, 'Leads', '{\"contact_id\":1001}'), (1012, 'Leads', '{\"contact_id\":\"1002\"}'),
             (1013, 'Leads', '{\"contact_id\":\" 1003 \"}'), (1014, 'Leads', '{\"contact_id\":1004}'),
             (1015, 'Leads', '{\"contact_id\":1099}'), (1016, 'Leads', '{\"contact_id\":\"nonsense\"}'), (1017, 'Leads', '{}')",
        )
        .await;
    let run = async |record: i32| postern.outcome(&format!("/trigger?workflow_id=1&record_id={record}"), "").await;
    let skipped = run(1012).await;
    assert_eq!(
        (&skipped["status"], &skipped["skipped"][0]["reason"]),
        (&json!("unmatched"), &json!("its condition is false"))
    );
    for (record, output, source, text) in [
        (1011, "then", json!("Fair"), "Hello Ada, !"),
        (1013, "else", json!([1, 2]), "Hello Grace, !"),
        // Another module, a record that is not there, no id, and no value: empty.
        (1014, "else", json!(null), "Hello , !"),
        (1015, "else", json!(null), "Hello , !"),
        (1016, "else", json!(null), "Hello , !"),
        (1017, "else", json!(null), "Hello , !"),
    ] {
        let receipt = run(record).await;
        // The step before pointed to another record, and that counts from the next step on.
        assert_eq!(receipt["runs"][0]["message"], "found Grace", "{record}: {receipt}");
        assert_eq!(receipt["runs"][0]["path"][0]["output"], output, "{record}: {receipt}");
        let place = usize::try_from(record - 1011).unwrap();
        let lead = json!(postern.records("Leads").await[place]);
        assert_eq!((&lead["source"], &lead["text"]), (&source, &json!(text)), "{record}");
    }
    assert_eq!(json!(postern.records("Notes").await[0]), json!({"now": "Grace"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_query_and_the_call_itself_are_readable_in_tasks() {
    let postern = Postern::start(&settings(
        r#"---
workflow: 1
title: reads the call
start: {module: Notes, without_record: true, next: keep}
steps:
  keep:
    create_record: Notes
    fields:
      source: $query["utm_source"]
      ip: $request["ip"]
      text: 'at {{ $request["time"]|length > 0 }} by {{ $query["tags"]|join("+") }}'
"#,
    ))
    .await;
    postern.outcome("/trigger?workflow_id=1&utm_source=ad+1&tags=a&tags=b", "utm_source=posted").await;
    let expected = json!({"source": "ad 1", "ip": "127.0.0.1", "text": "at true by a+b"});
    assert_eq!(json!(postern.records("Notes").await[0]), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_leads_either_way_set_env_keeps_types_and_a_stop_says_how_a_run_ends() {
    let postern = Postern::start(&settings(
        "
---
workflow: 1
start: {without_record: true, next: set}
steps:
  set: {set_env: {list: '$env[\"tags\"]', text: 'x$env[\"tags\"]'}, next: many}
  many: {condition: '$env[\"list\"]|length > 1', then: good, else: bad}
  good: {stop: finished, message: 'enough: $env[\"text\"]'}
  bad: {stop: failed, message: too few}
",
    ))
    .await;
    for (form, state, message) in [
        ("tags[]=a&tags[]=b", "finished", "enough: xa, b"),
        ("tags[]=a", "failed", "too few"),
        ("", "failed", "too few"),
    ] {
        let run = &postern.outcome("/trigger?workflow_id=1", form).await["runs"][0];
        assert_eq!((&run["status"], &run["message"]), (&json!(state), &json!(message)), "{form}");
    }
}
