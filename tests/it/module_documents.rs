//! Modules as documents: what the validator says of the workflows that use them, and who sets and gets them.

use serde_json::{Value, json};

use crate::cli::{Cli, alone};
use crate::harness::{DEMO, Postern};

const LEADS: &str = "module: Leads
strict: true
fields:
  lastname:
    type: text
    required: true
  email:
    type: email
    unique: true
  contact_id:
    type: reference
    module: Contacts
";

/// Line 4 sets a field that the module lacks, and not the one that it demands.
const AT_ODDS: &str = "workflow: 78
start: {module: Leads, without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {city: '$env[\"city\"]'}}
";

async fn findings(postern: &Postern, text: &str) -> Vec<String> {
    let answer = postern.api("POST", "/validate").header("content-type", "application/yaml").body(text).send().await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let said = |one: &Value| {
        format!("{} {}: {}", one["line"], one["path"].as_str().unwrap(), one["message"].as_str().unwrap())
    };
    answer.json["findings"].as_array().unwrap().iter().map(said).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_that_does_not_agree_with_a_module_of_the_same_apply_is_found_at_its_line() {
    let both = format!("{LEADS}---\n{AT_ODDS}");
    let found = alone().run_with("validate -", &both);
    let lines = [
        "-:17: step make: field fields.city: Leads has no field `city`, and it is strict",
        "-:17: step make: sets no `lastname`, which every record of Leads must have",
    ];
    assert_eq!((found.code, found.stdout.lines().collect::<Vec<_>>()), (1, lines.to_vec()));
    let postern = Postern::without_worker(DEMO).await;
    let refused = Cli::of(&postern).run_with("apply -", &both);
    assert_eq!((refused.code, refused.stdout.contains("-:17: ")), (1, true), "{refused:?}");
    assert!(Cli::of(&postern).run("export module").text().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_and_a_module_that_is_stored_are_held_against_each_other_whichever_comes_first() {
    let postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let open = "module: Leads\nfields: {lastname: text, email: {type: email, unique: true}}\n";
    // Workflow 77, which is stored, names a key of its own; the same workflow without it may come along.
    let key = "1 module: workflow 77: steps.lead.unique: Leads has the unique field `email`, whose value is the key of \
               its records; leave this out";
    assert_eq!(findings(&postern, open).await, [key]);
    let exported = cli.run("export workflow 77").text();
    let without_key = exported.lines().filter(|line| !line.contains("unique:")).collect::<Vec<_>>().join("\n");
    assert_ne!(without_key, exported);
    let together = format!("{open}---\n{without_key}\n");
    assert_eq!(cli.run_with("apply -", &together).text(), "module Leads: applied\nworkflow 77: applied\n");
    // From now on the stored module counts.
    let again = findings(&postern, &exported).await;
    assert!(again.len() == 1 && again[0].contains(" steps.lead.unique: Leads has the unique field"), "{again:?}");
    assert_eq!(cli.run_with("apply -", &exported).code, 1);
    // `update` needs a key: here the module's. Alone nobody knows that there is one, and says nothing.
    let update = without_key.replace("create_record: Leads", "create_record: Leads\n    if_exists: update");
    assert_eq!(alone().run_with("validate -", &update).code, 0);
    assert_eq!(cli.run_with("apply -", &update).text(), "workflow 77: applied\n");
    let elsewhere = findings(&postern, &update.replace("create_record: Leads", "create_record: Others")).await;
    assert!(elsewhere.len() == 1 && elsewhere[0].contains("needs `unique`, or a unique field"), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_workflow_searches_sorts_by_and_refers_to_must_be_declared_in_a_strict_module() {
    let postern = Postern::without_worker(DEMO).await;
    let text = format!(
        "{LEADS}---
module: Contacts
strict: true
fields: {{leadsource: text}}
---
workflow: 77
start: {{module: Leads, next: find}}
steps:
  find:
    find_record: Leads
    where: {{lastname: x, town: y}}
    sort: [-zip]
    found: change
  change:
    set_value: {{street: x}}
    next: read
  read:
    set_env:
      a: '$(contact_id: (Contacts) leadsource)'
      b: '$(contact_id: (Contacts) owner)'
      c: '$(lastname: (Contacts) leadsource)'
"
    );
    assert_eq!(
        findings(&postern, &text).await,
        [
            "23 steps.find.where.town: Leads has no field `town`, and it is strict",
            "24 steps.find.sort.zip: Leads has no field `zip`, and it is strict",
            "27 steps.change.set_value.street: Leads has no field `street`, and it is strict",
            "29 steps.read: Contacts has no field `owner`, and it is strict",
            "29 steps.read: the field `lastname` of Leads does not refer to Contacts",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_set_got_exported_and_removed_as_other_documents_are() {
    let postern = Postern::without_worker("trigger: a\n").await;
    let cli = Cli::of(&postern);
    assert_eq!(cli.run_with("apply -", LEADS).text(), "module Leads: applied\n");
    assert_eq!(cli.run("export module Leads").text(), LEADS);
    assert_eq!(
        cli.run_with("apply -", &cli.run("export").text()).text(),
        "module Leads: unchanged\ntrigger a: unchanged\n"
    );
    let one = postern.api("GET", "/modules/Leads").send().await.json;
    assert_eq!((&one["module"], &one["fields"]["email"]["unique"]), (&json!("Leads"), &json!(true)));
    let put = postern.api("PUT", "/modules/Leads").json(r#"{"module": "Leads", "fields": {"a": "txt"}}"#).send().await;
    assert_eq!((put.status, &put.json["error"]["findings"][0]["path"]), (422, &json!("fields.a")), "{}", put.json);
    let put = postern.api("PUT", "/modules/Leads").json(r#"{"module": "Leads", "fields": {"a": "text"}}"#).send().await;
    assert_eq!((put.status, &put.json["changed"]), (200, &json!(true)));
    assert_eq!(postern.api("GET", "/modules").send().await.json["modules"].as_array().unwrap().len(), 1);
    assert_eq!(postern.api("DELETE", "/modules/Leads").send().await.status, 204);
    assert_eq!(postern.api("GET", "/modules/Leads").send().await.status, 404);
    let changes = cli.run("changes module Leads").text();
    assert_eq!(changes.matches("\tmodule\tLeads").count(), 3, "{changes}");
}

const RUSSIAN: &str = "workflow: 5
start: {module: Лиды, without_record: true, next: запись}
steps:
  запись:
    create_record: Лиды
    fields: {фамилия: '$env[\"фамилия\"]'}
    store_id: номер
    created: приветствие
    existing: приветствие
  приветствие: {comment: 'Здравствуйте, $фамилия!', record: '$env[\"номер\"]'}
---
permission: test
addresses: 127.0.0.1
workflows: [5]
";

#[tokio::test(flavor = "multi_thread")]
async fn modules_steps_and_fields_have_names_in_any_script() {
    let postern = Postern::start(RUSSIAN).await;
    let report = postern.outcome("/trigger?workflow_id=5", "фамилия=Иванов").await;
    assert_eq!(report["status"], "finished", "{report}");
    let steps = report["runs"][0]["path"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap());
    assert_eq!(steps.collect::<Vec<_>>(), ["запись", "приветствие"]);
    let listed = Cli::of(&postern).run("records Лиды").text();
    assert!(listed.contains("\"фамилия\":\"Иванов\""), "{listed}");
    postern.outcome("/trigger?workflow_id=5&record_id=1", "фамилия=Петров").await;
    assert_eq!(postern.count("SELECT count(*) FROM comments WHERE text = 'Здравствуйте, Иванов!'").await, 1);
}
