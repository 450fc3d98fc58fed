//! The tasks on records in vtiger, end to end.

use postern_vtiger::Variant;
use serde_json::json;

use super::{Crm, WITH_KEY, path};

const SPECIAL: &str = "Иванов & <b>Söhne</b> \"'";

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_created_in_vtiger_with_each_value_as_it_was_posted() {
    for variant in [Variant::A, Variant::B] {
        let crm = Crm::start(variant, WITH_KEY).await;
        let answer = crm.post(0, &[("lastname", SPECIAL), ("email", "a@example.org"), ("city", "Москва")]).await;
        let run = crm.run(&answer).await;
        assert_eq!(path(&run), ["lead created", "done created"], "{run}");
        let leads = crm.vtiger.records("Leads");
        assert_eq!((leads.len(), &leads[0]["lastname"], &leads[0]["city"]), (1, &json!(SPECIAL), &json!("Москва")));
        assert_eq!(leads[0]["assigned_user_id"], "19x1", "the user of the connection owns it");
        let number = leads[0]["id"].as_str().unwrap().trim_start_matches("10x");
        assert_eq!(crm.postern.records("Notes").await[0].get("lead"), Some(&json!(format!("crm/Leads/{number}"))));
        let again = crm.post(0, &[("lastname", "B"), ("email", "A@EXAMPLE.org")]).await;
        assert_eq!(path(&crm.run(&again).await), ["lead existing", "met next"]);
    }
}

const CHANGE: &str = "
workflow: 77
start: {module: Leads, condition: '$leadstatus == \"Cold\"', next: change}
steps:
  change: {set_value: {lastname: '$env[\"lastname\"]', description: 'was $lastname'}, next: note}
  note: {comment: 'Now $lastname', next: find}
  find: {find_record: Leads, where: {lastname: '$env[\"lastname\"]'}, store_id: found, found: keep}
  keep: {create_record: Notes, fields: {found: '$env[\"found\"]'}, created: gone}
  gone: {delete_record: true, record: '$env[\"other\"]'}
";

#[tokio::test(flavor = "multi_thread")]
async fn record_852_of_vtiger_is_changed_commented_on_and_found() {
    let crm = Crm::start(Variant::B, CHANGE).await;
    crm.vtiger.crm().set_last(851);
    assert_eq!(crm.vtiger.crm().add("Leads", &[("lastname", "Old"), ("leadstatus", "Cold")]), 852);
    let other = crm.vtiger.crm().add("Leads", &[("lastname", "Other")]);
    let answer = crm.post(852, &[("lastname", SPECIAL), ("other", &format!("crm/Leads/{other}"))]).await;
    let run = crm.run(&answer).await;
    assert_eq!(path(&run), ["change next", "note next", "find found", "keep created", "gone next"], "{run}");
    let leads = crm.vtiger.records("Leads");
    assert_eq!((leads.len(), &leads[0]["lastname"], &leads[0]["description"]), (1, &json!(SPECIAL), &json!("was Old")));
    let comments = crm.vtiger.records("ModComments");
    assert_eq!(comments[0]["commentcontent"], format!("Now {SPECIAL}"));
    assert_eq!(comments[0]["related_to"], "10x852");
    assert_eq!(crm.postern.records("Notes").await[0].get("found"), Some(&json!("crm/Leads/852")));
    assert_eq!(crm.postern.count("SELECT count(*) FROM runs WHERE connected = 'crm/Leads/852'").await, 1);
    assert_eq!(crm.postern.count("SELECT count(*) FROM receipts WHERE connected = 'crm/Leads/852'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_missing_or_does_not_fit_leaves_the_receipt_unmatched() {
    let once = CHANGE.replace("module: Leads,", "module: Leads, once_per_record: true,");
    let crm = Crm::start(Variant::A, &once).await;
    let warm = crm.vtiger.crm().add("Leads", &[("lastname", "Warm"), ("leadstatus", "Warm")]);
    let cold = crm.vtiger.crm().add("Leads", &[("lastname", "Cold"), ("leadstatus", "Cold")]);
    let contact = crm.vtiger.crm().add("Contacts", &[("lastname", "C")]);
    assert_eq!(crm.run(&crm.post(cold, &[("lastname", "L")]).await).await["status"], "failed");
    for (record, code) in [
        (9_999, "vtiger-record-missing"),
        (warm, "condition-false"),
        (contact, "vtiger-wrong-module"),
        (cold, "once-per-record"),
    ] {
        let receipt = crm.postern.ended(&crm.post(record, &[("lastname", "L")]).await).await;
        assert_eq!(receipt["status"], "unmatched", "{receipt}");
        assert_eq!(receipt["skipped"][0]["reason_code"]["code"], code, "{receipt}");
        assert_eq!(receipt["skipped"][0]["workflow"], 77);
    }
    assert_eq!(crm.postern.count("SELECT count(*) FROM runs").await, 1);
    assert_eq!(crm.postern.count("SELECT count(*) FROM receipts WHERE unmatched").await, 4);
    assert_eq!(crm.postern.count("SELECT count(*) FROM checkpoints").await, 1, "that of the failed run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_fails_the_run_and_can_be_replayed() {
    // A module that vtiger does not have, or does not show to its user.
    let denied = CHANGE.replace("module: Leads", "module: Spaceships") + "---\nmodule: Spaceships\nconnection: crm\n";
    let crm = Crm::start(Variant::A, &denied).await;
    let run = crm.run(&crm.post(852, &[("lastname", "L")]).await).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["message"].as_str().unwrap().contains("(ACCESS_DENIED)"), "{run}");
    assert_eq!(crm.postern.count("SELECT count(*) FROM checkpoints").await, 1);
}

const SPOILT: &str = "
workflow: 77
start: {module: Leads, without_record: true, next: lead}
steps:
  lead: {create_record: Leads, fields: {lastname: '$env[\"lastname\"]', firstname: '$env[\"firstname\"]', annualrevenue: '$env[\"sum\"]', street: S}}
";

#[tokio::test(flavor = "multi_thread")]
async fn what_vtiger_spoilt_stands_on_the_path_and_a_list_is_not_sent() {
    let crm = Crm::start(Variant::A, SPOILT).await;
    let answer = crm.post(0, &[("lastname", &"x".repeat(100)), ("firstname", "F"), ("sum", "1,234.50")]).await;
    let run = crm.run(&answer).await;
    let message = run["path"][0]["message"].as_str().unwrap();
    for expected in [
        "vtiger cut lastname after 80 letters",
        "vtiger changed the value of annualrevenue",
        "vtiger has no field street that can be set: its value was dropped",
    ] {
        assert!(message.contains(expected), "{message}");
    }
    let answer = crm.post(0, &[("lastname", "L"), ("firstname[]", "a"), ("firstname[]", "b")]).await;
    let run = crm.run(&answer).await;
    let expected = "step lead: firstname: vtiger would spoil a list or a map; give a text";
    assert_eq!((run["status"].as_str(), run["message"].as_str()), (Some("failed"), Some(expected)), "{run}");
    assert_eq!(crm.vtiger.records("Leads").len(), 1);
}

const RELATED: &str = "
workflow: 77
start: {module: Contacts, next: keep}
steps:
  keep: {create_record: Leads, fields: {lastname: '$(account_id: (Accounts) accountname)', city: '$(account_id: (Accounts) bill_city)', firstname: $firstname}, store_id: lead, created: own}
  own: {create_record: Notes, fields: {of: '$(lead: (Leads) lastname)', from: $lastname}}
";

#[tokio::test(flavor = "multi_thread")]
async fn a_step_reads_fields_of_records_to_which_a_record_of_vtiger_refers() {
    let crm = Crm::start(Variant::B, RELATED).await;
    let account = crm.vtiger.crm().add("Accounts", &[("accountname", "Ö & Co"), ("bill_city", "Köln")]);
    let account = format!("11x{account}");
    let fields = [("lastname", "C"), ("firstname", "F"), ("account_id", account.as_str())];
    let contact = crm.vtiger.crm().add("Contacts", &fields);
    let run = crm.run(&crm.post(contact, &[]).await).await;
    assert_eq!(path(&run), ["keep created", "own created"], "{run}");
    let leads = crm.vtiger.records("Leads");
    let found = (&leads[0]["lastname"], &leads[0]["city"], &leads[0]["firstname"]);
    assert_eq!(found, (&json!("Ö & Co"), &json!("Köln"), &json!("F")));
    let note = crm.postern.records("Notes").await.remove(0);
    assert_eq!((note.get("of"), note.get("from")), (Some(&json!("Ö & Co")), Some(&json!("C"))));
}

const BY_REFERENCE: &str = "
workflow: 77
start: {without_record: true, next: contact}
steps:
  contact: {find_record: Contacts, where: {account_id: '$env[\"account\"]'}, store_id: contact, found: again, not_found: none}
  again: {find_record: Contacts, where: {id: '$env[\"contact\"]'}, found: keep, not_found: none}
  keep: {create_record: Notes, fields: {contact: '$env[\"contact\"]'}, created: own}
  own: {find_record: Notes, where: {contact: '$env[\"contact\"]'}, found: end, not_found: none}
  end: {stop: finished}
  none: {stop: failed}
---
module: Notes
fields:
  contact: {type: reference, module: Contacts}
";

#[tokio::test(flavor = "multi_thread")]
async fn records_are_found_by_the_name_of_a_record_in_vtiger() {
    let crm = Crm::start(Variant::B, BY_REFERENCE).await;
    let account = crm.vtiger.crm().add("Accounts", &[("accountname", "A")]);
    crm.vtiger.crm().add("Contacts", &[("lastname", "other")]);
    let of_account = format!("11x{account}");
    let contact = crm.vtiger.crm().add("Contacts", &[("lastname", "C"), ("account_id", &of_account)]);
    for account in [format!("crm/Accounts/{account}"), of_account, account.to_string()] {
        let run = crm.run(&crm.post(0, &[("account", &account)]).await).await;
        assert_eq!(run["status"], "finished", "{account}: {run}");
    }
    let expected = json!(format!("crm/Contacts/{contact}"));
    assert_eq!(crm.postern.records("Notes").await[0].get("contact"), Some(&expected));
}

const SERIAL: &str = "
workflow: 77
start: {module: Leads, parallel: false, next: change}
steps:
  change: {set_value: {city: '$city$env[\"n\"]'}}
";

#[tokio::test(flavor = "multi_thread")]
async fn serial_runs_on_one_record_of_vtiger_go_in_order() {
    let crm = Crm::start(Variant::A, SERIAL).await;
    let lead = crm.vtiger.crm().add("Leads", &[("lastname", "L")]);
    let mut answers = Vec::new();
    for n in ["1", "2", "3", "4", "5", "6"] {
        answers.push(crm.post(lead, &[("n", n)]).await);
    }
    for answer in &answers {
        assert_eq!(crm.run(answer).await["status"], "finished");
    }
    // Each has read what the one before wrote; those that waited for the first went in order.
    let city = crm.vtiger.records("Leads")[0]["city"].as_str().unwrap().to_owned();
    let mut expected: Vec<char> = "123456".chars().filter(|n| !city.starts_with(*n)).collect();
    expected.insert(0, city.chars().next().unwrap());
    assert_eq!(city, expected.into_iter().collect::<String>());
}
