//! vtiger is connected by the keyboard alone: its key is kept, the connection is checked, its module is declared from what
//! vtiger tells, and a workflow is built with the fields that it has. A lead that is posted then stands in the list of
//! records, with a link to its page in vtiger.

use postern_vtiger::{ACCESS_KEY, Variant, Vtiger};
use serde_json::{Value, json};

use super::driver::Browser;
use super::keyboard::ENTER;
use super::person::Person;
use super::{PASSWORD, pages};
use crate::harness::{Postern, eventually};

const SETTINGS: &str = "trigger: web_lead\n---\npermission: test\naddresses: 127.0.0.1\ntriggers: [web_lead]\n";

const ENVIRONMENT: [(&str, &str); 3] = [
    ("POSTERN_ADMIN_PASSWORD", PASSWORD),
    ("POSTERN_SECRETS_KEY", "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"),
    ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
];

#[tokio::test(flavor = "multi_thread")]
async fn vtiger_is_connected_declared_and_given_a_lead_by_the_keyboard_alone() {
    let vtiger = Vtiger::start(Variant::B).await;
    vtiger.crm().make_unique("Leads", "email");
    let mut postern = Postern::with_ingress(SETTINGS, &ENVIRONMENT).await;
    postern.start_worker_with(&ENVIRONMENT[1..]).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    pages::log_in(&browser).await;
    let mut person = Person::at(&browser);
    connects(&mut person, &vtiger.url()).await;
    declares(&mut person).await;
    builds(&mut person).await;

    postern.settings_are_in_force().await;
    let form = "lastname=Lovelace&email=ada@example.org";
    let receipt = postern.outcome("/trigger?workflow_trigger=web_lead", form).await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    let leads = vtiger.records("Leads");
    assert_eq!(
        (leads.len(), &leads[0]["lastname"], &leads[0]["email"]),
        (1, &json!("Lovelace"), &json!("ada@example.org"))
    );
    let number = leads[0]["id"].as_str().unwrap().trim_start_matches("10x").to_owned();
    is_listed(&mut person, &vtiger.url(), &number, receipt["receipt"].as_str().unwrap()).await;

    let mut faults = Vec::new();
    for page in [
        "/connections/crm".to_owned(),
        "/modules/Leads".to_owned(),
        "/records?connection=crm&module=Leads".to_owned(),
        format!("/records/{number}?connection=crm&module=Leads"),
    ] {
        pages::look(&browser, &page, &mut faults).await;
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Keeps the access key, connects vtiger, and checks that.
async fn connects(person: &mut Person<'_>, url: &str) {
    let browser = person.browser;
    browser.go("/secrets").await;
    person.types("[name=name]", "crm_key").await;
    person.types("[name=value]", ACCESS_KEY).await;
    person.goes_to("form.stack button.primary").await;
    person.key(ENTER, "done=saved").await;

    browser.go("/connections").await;
    person.goes_to("a[href='/connections/new']").await;
    person.key(ENTER, "/connections/new").await;
    person.goes_to("a[href='/connections/new?system=vtiger']").await;
    person.key(ENTER, "system=vtiger").await;
    person.types("[name=connection]", "crm").await;
    person.types("[name='vtiger.url']", url).await;
    person.types("[name='vtiger.user']", "admin").await;
    person.types("[name='vtiger.access_key']", "$secret[\"crm_key\"]").await;
    person.goes_to("form.stack button.primary").await;
    person.key(ENTER, "/connections/crm?done=saved").await;

    person.goes_to("form[action='/connections/crm/check'] button").await;
    person.key(ENTER, "/connections/crm/check").await;
    browser.shows("it works: vtiger").await;
    browser.shows("Modules in vtiger").await;
}

/// Declares the leads from what vtiger tells.
async fn declares(person: &mut Person<'_>) {
    let browser = person.browser;
    person.goes_to("button[name=module][value=Leads]").await;
    person.key(ENTER, "/modules/new?connection=crm&module=Leads").await;
    browser.shows("No mistakes").await;
    let text = browser.run("return document.querySelector('[name=text]').value").await;
    let text = text.as_str().unwrap();
    for expected in ["module: Leads", "connection: crm", "required: true", "unique: true", "- Cold Call"] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    assert_eq!(browser.run("return document.querySelector('#drift')").await, Value::Null);
    person.goes_to("button[value=save]").await;
    person.key(ENTER, "/modules/Leads?done=saved").await;
    browser.shows("Fields in vtiger").await;
}

/// A workflow that creates a lead.
async fn builds(person: &mut Person<'_>) {
    let browser = person.browser;
    browser.go("/workflows").await;
    person.goes_to("button[data-key=n]").await;
    person.key(ENTER, "/workflows/1/design").await;
    person.types("[name=title]", "Web lead").await;
    person.types("[name='start.module']", "Leads").await;
    person.goes_to("[name='start.triggers']").await;
    browser.keys(" ").await;
    person.keeps().await;
    person.add("create", "step=").await;
    person.types("[name=create_record]", "Leads").await;
    person.keeps().await;
    browser.shows("which every record of Leads must have").await;
    let offers = "return ['fields', 'references'].map((list) => \
        [...document.querySelectorAll(`#list-${list} option`)].map((one) => `${one.value} ${one.textContent}`))";
    let offers = browser.run(offers).await;
    for (list, expected) in [(0, "lastname text"), (0, "leadsource choice"), (1, "Cold Call leadsource")] {
        let offers = offers[list].as_array().unwrap();
        assert!(offers.iter().any(|one| one == expected), "{expected} is missing in {offers:?}");
    }
    for field in ["lastname", "email"] {
        person.types("[name='fields.name'][value='']", field).await;
        person.types("[name='fields.value'][value='']", &format!("$env[\"{field}\"]")).await;
        person.keeps().await;
    }
    browser.shows("No mistakes").await;
    browser.keys("\u{E00C}").await;
    browser.keys("p").await;
    person.key(ENTER, "done=published").await;
}

/// The lead stands in the list of records, with a link to its page in vtiger; its own page has the receipt.
async fn is_listed(person: &mut Person<'_>, url: &str, number: &str, receipt: &str) {
    let browser = person.browser;
    let href = format!("{url}index.php?module=Leads&view=Detail&record={number}");
    eventually("the lead is listed", async || {
        browser.go("/records").await;
        let links = browser.run("return [...document.querySelectorAll('td a')].map((one) => one.href)").await;
        links.as_array()?.iter().any(|link| *link == href).then_some(())
    })
    .await;
    person.goes_to("td a.whole").await;
    person.key(ENTER, &format!("/records/{number}?connection=crm&module=Leads")).await;
    assert_eq!(browser.run("return document.querySelector('.actions a.primary').href").await, href);
    browser.shows(receipt).await;
}
