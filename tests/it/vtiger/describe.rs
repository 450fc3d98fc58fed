//! What vtiger tells of its modules: kept by a check, shown by the panel, made a module, and held against what is declared.

use postern_vtiger::Variant;
use serde_json::{Value, json};

use super::{Crm, WITH_KEY};
use crate::cli::Cli;
use crate::harness::{eventually, private};
use crate::panel::visitor::Visitor;

/// The check of the connection, which also asks for the fields of the declared modules.
async fn checked(crm: &Crm) -> Value {
    let answer = crm.postern.api("POST", "/connections/crm/check").json("{}").send().await;
    assert_eq!(answer.json["works"], true, "{}", answer.text);
    answer.json
}

/// The module and the code of each drift.
fn drift(answer: &Value) -> Vec<String> {
    let one =
        |one: &Value| format!("{} {}", one["module"].as_str().unwrap(), one["message_code"]["code"].as_str().unwrap());
    answer["drift"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_made_of_what_vtiger_tells_and_saved() {
    let mut crm = Crm::start(Variant::A, WITH_KEY).await;
    crm.vtiger.crm().make_unique("Accounts", "accountname");
    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    assert!(visitor.get("/connections/crm").await.text.contains("A check shows the modules"));
    let page = visitor.post("/connections/crm/check", &[]).await.text;
    assert!(
        page.contains("Modules in vtiger") && page.contains("<a class=\"mono\" href=\"/modules/Leads\">"),
        "{page}"
    );
    // The three declared modules have told their fields, and of ModComments only the name is known.
    let told = "SELECT count(*) FROM described_modules WHERE (description IS NULL) = (module = 'ModComments')";
    assert_eq!(crm.postern.count(told).await, crm.postern.count("SELECT count(*) FROM described_modules").await);
    crm.postern.api("DELETE", "/modules/Accounts").send().await;
    visitor.get("/connections/crm").await;
    let page = visitor.post("/connections/crm/describe", &[("module", "Accounts")]).await;
    assert_eq!(page.location, "/modules/new?connection=crm&module=Accounts", "{}", page.text);
    let page = visitor.get(&page.location).await.text;
    for expected in ["No mistakes", "strict: true", "accountname:", "unique: true", "Fields in vtiger"] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
    let denied = visitor.post("/connections/crm/describe", &[("module", "Spaceships")]).await.text;
    assert!(denied.contains("does not show the module Spaceships"), "{denied}");
    assert_eq!(visitor.get("/modules/new?connection=crm&module=Spaceships").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_named_by_the_check_the_status_the_module_and_the_designer() {
    let mut crm = Crm::start(Variant::B, WITH_KEY).await;
    let cli = Cli::of(&crm.postern);
    let module = "module: Leads\nconnection: crm\nfields:\n  lastname: {type: text, required: true}\n  fax: phone\n  \
                  email: email\n  leadsource: {type: choice, options: [Cold Call, Partner]}\n";
    crm.postern.apply(&module.replace("email: email", "email: {type: email}")).await;
    assert_eq!(drift(&checked(&crm).await), [""; 0]);
    assert_eq!(cli.run("connection check crm").code, 0);
    {
        let mut vtiger = crm.vtiger.crm();
        vtiger.tell("Leads", "fax", None);
        vtiger.tell("Leads", "city", None);
        vtiger.tell("Leads", "email", Some(json!({"type": {"name": "integer"}})));
        let choices = json!([{"label": "Partner", "value": "Partner"}]);
        vtiger.tell("Leads", "leadsource", Some(json!({"type": {"name": "picklist", "picklistValues": choices}})));
        vtiger.tell("Leads", "company", Some(json!({"mandatory": true})));
    }
    let expected =
        ["Leads drift-gone", "Leads drift-type", "Leads drift-options", "Leads drift-mandatory"].map(str::to_owned);
    assert_eq!(drift(&checked(&crm).await), expected);
    assert_eq!(drift(&crm.postern.api("GET", "/drift").send().await.json), expected);
    let check = cli.run("connection check crm");
    let text = "module Leads: vtiger no longer offers these choices of the field leadsource: Cold Call";
    assert!(check.code == 1 && check.stdout.contains(text), "{check:?}");
    let status = cli.run("status");
    let text = "module Leads and vtiger differ: vtiger has no field fax any more; ";
    assert!(status.code == 1 && status.stdout.contains(text), "{status:?}");

    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    let page = visitor.get("/modules/Leads").await.text;
    assert!(
        page.contains("The module and vtiger differ") && page.contains("vtiger demands the field company"),
        "{page}"
    );
    let mended = module.replace("  fax: phone\n", "");
    let page = visitor.post("/modules/check", &[("text", &mended)]).await.text;
    assert!(page.contains("it is integer") && !page.contains("no field fax"), "{page}");
    // Of the step: a field that it sets, declared or not, and what it does not set.
    let page = visitor.get("/workflows/77/design?step=lead").await.text;
    let notes = page.split("id=\"drift\"").nth(1).unwrap().split("</div>").next().unwrap();
    for (expected, is_there) in [
        ("no field city", true),
        ("email is declared as email", true),
        ("sets no company", true),
        ("no field fax", false),
    ] {
        assert_eq!(notes.contains(expected), is_there, "{expected}: {notes}");
    }
    // It asks again, and vtiger is as it was.
    for field in ["fax", "city", "email", "leadsource", "company"] {
        crm.vtiger.crm().tell("Leads", field, Some(json!({})));
    }
    visitor.get("/modules/Leads").await;
    let page = visitor.post("/modules/Leads/describe", &[]).await.text;
    assert!(page.contains("vtiger has told the fields of Leads") && !page.contains("id=\"drift\""), "{page}");
    assert!(cli.run("status").stdout.starts_with("all is well"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_away_is_named_on_the_first_screen_and_by_status() {
    let mut crm = Crm::start(Variant::B, WITH_KEY).await;
    crm.postern.settings_are_in_force().await;
    let (there, away) =
        ("postern_connection_away{connection=\"crm\"} 0\n", "postern_connection_away{connection=\"crm\"} 1\n");
    for (metric, is_away) in [(there, false), (away, true)] {
        if is_away {
            crm.vtiger.go_away();
            crm.post_leads(0..10).await;
        }
        eventually(metric, async || {
            private(&mut crm.postern.workers[0], "/metrics").await.1.contains(metric).then_some(())
        })
        .await;
    }
    let cli = Cli::of(&crm.postern);
    let status = eventually("the status names it", async || {
        let status = cli.run("status");
        status.stdout.contains("connection crm: the other system does not answer").then_some(status)
    })
    .await;
    assert!(status.stdout.contains("postern connection check crm"), "{status:?}");
    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    let page = visitor.get("/").await.text;
    assert!(
        page.contains("connection crm: the other system") || page.contains("Connection crm: the other system"),
        "{page}"
    );
    crm.vtiger.come_back().await;
    // The check tells the worker that it answers again.
    checked(&crm).await;
    eventually("the status names it no more", async || {
        (!cli.run("status").stdout.contains("connection crm")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_vtiger_that_runs_touched_are_listed_with_their_pages() {
    let mut crm = Crm::start(Variant::A, WITH_KEY).await;
    let answer = crm.post(0, &[("lastname", "L"), ("email", "a@example.org")]).await;
    let id = answer.json["receipt"].as_str().unwrap().to_owned();
    assert_eq!(crm.run(&answer).await["status"], "finished");
    let lead = crm.vtiger.records("Leads")[0]["id"].as_str().unwrap().trim_start_matches("10x").to_owned();
    let mut visitor = Visitor::logged_in(&mut crm.postern).await;
    let href = format!("{}index.php?module=Leads&#38;view=Detail&#38;record={lead}", crm.vtiger.url());
    let page = eventually("the lead is listed", async || {
        let page = visitor.get("/records?connection=crm&module=Leads").await.text;
        page.contains(&href).then_some(page)
    })
    .await;
    assert!(page.contains("Leads · crm") && page.contains(&format!("/records/{lead}?connection=crm")), "{page}");
    let page = visitor.get(&format!("/records/{lead}?connection=crm&module=Leads")).await.text;
    assert!(page.contains(&href) && page.contains(&id), "{page}");
    let page = visitor.get(&format!("/receipts/{id}")).await.text;
    assert!(page.contains(&format!("/records/{lead}?connection=crm&#38;module=Leads")), "{page}");
}
