//! The keys of the designer work on the card that has the focus, and nothing happens by a key that was meant otherwise.

use serde_json::json;

use super::driver::Browser;
use super::keyboard::ENTER;
use super::person::Person;
use super::{PASSWORD, pages};
use crate::harness::{DEMO, Postern, eventually};

const UP: &str = "\u{E013}";
const DOWN: &str = "\u{E015}";
const CONTROL: &str = "\u{E009}";
const ESCAPE: &str = "\u{E00C}";

async fn start() -> (Postern, Browser) {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    pages::log_in(&browser).await;
    (postern, browser)
}

/// The names of the steps on the page, and the one whose card has the focus.
async fn cards(browser: &Browser) -> (String, String) {
    let all = "return [...document.querySelectorAll('.card-link')].map((one) => one.dataset.step).join(' ').trim()";
    let focused = "return document.activeElement.dataset?.step ?? ''";
    let text = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    (text(browser.run(all).await), text(browser.run(focused).await))
}

/// Waits until the card of a step has the focus: a page gives it a moment after it is loaded.
async fn has_focus(browser: &Browser, step: &str) {
    eventually(&format!("{step} has the focus"), async || (cards(browser).await.1 == step).then_some(())).await;
}

/// The card that has the focus once it left the first step.
async fn below(browser: &Browser) -> String {
    let other = async || Some(cards(browser).await.1).filter(|step| !["", "usable"].contains(&step.as_str()));
    eventually("another card has the focus", other).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_works_on_the_card_that_has_the_focus() {
    let (_postern, browser) = start().await;
    browser.go("/workflows/77/design?step=note").await;
    let mut person = Person::at(&browser);
    has_focus(&browser, "note").await;
    browser.keys(UP).await;
    has_focus(&browser, "lead").await;
    assert_eq!(cards(&browser).await.0, "usable lead note reject");
    person.key("x", "done=step-removed").await;
    assert_eq!(cards(&browser).await.0, "usable note reject");
    browser.shows("The step was removed").await;
    // What came before and behind it is joined.
    let leads = "return document.querySelector('.graph > svg').getAttribute('aria-label')";
    assert!(browser.run(leads).await.as_str().unwrap().contains("usable then → note"));
    person.key("u", "step=").await;
    assert_eq!(cards(&browser).await.0, "usable lead note reject");
    browser.go("/workflows/77/design?step=usable").await;
    has_focus(&browser, "usable").await;
    browser.keys(DOWN).await;
    let below = below(&browser).await;
    person.key("d", "step=").await;
    assert!(cards(&browser).await.0.contains(&format!("{below}_2")), "{below} is not duplicated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_comes_back_to_the_step_that_was_open() {
    let (_postern, browser) = start().await;
    browser.go("/workflows/77/design?step=note").await;
    let mut person = Person::at(&browser);
    person.key("t", "/try").await;
    person.key("g", "step=note").await;
    person.add("delay", "edit=1").await;
    browser.keys(ESCAPE).await;
    person.key("u", "step=note").await;
    person.key("r", "step=delay").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_kept_before_a_draft_is_tried_or_published() {
    let (postern, browser) = start().await;
    browser.go("/workflows/77/design?step=note").await;
    let mut person = Person::at(&browser);
    person.types("[name=comment]", "First").await;
    browser.keys(ESCAPE).await;
    person.key("t", "/try").await;
    person.key("g", "step=note").await;
    let kept = "return document.querySelector('[name=comment]').value";
    assert_eq!(browser.run(kept).await, "First");
    person.types("[name=comment]", "Second").await;
    browser.keys(ESCAPE).await;
    browser.keys("p").await;
    person.key(ENTER, "done=published").await;
    let workflow = postern.api("GET", "/workflows/77").send().await.json;
    assert_eq!(workflow["steps"]["note"]["comment"], "Second", "{workflow}");
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_leads_to_the_field_in_which_something_is_wrong() {
    let (_postern, browser) = start().await;
    browser.go("/workflows/77/design?step=lead").await;
    let mut person = Person::at(&browser);
    person.types("[name=unique]", "{{ $env").await;
    person.keeps().await;
    has_focus(&browser, "lead").await;
    browser.keys(UP).await;
    has_focus(&browser, "usable").await;
    person.key(ENTER, "step=usable&edit=1").await;
    let name = "return document.activeElement.name";
    eventually("the condition has the focus", async || (browser.run(name).await == "condition.name").then_some(()))
        .await;
    browser.keys(&format!("{ESCAPE}{DOWN}")).await;
    let below = below(&browser).await;
    person.key(ENTER, &format!("step={below}&edit=1")).await;
    browser.go("/workflows/77/design?step=lead").await;
    has_focus(&browser, "lead").await;
    browser.keys(ENTER).await;
    eventually("the faulty field has the focus", async || (browser.run(name).await == "unique").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_kept_by_a_key_in_every_field() {
    let (postern, browser) = start().await;
    let mut person = Person::at(&browser);
    for (step, field, typed) in
        [("reject", "[name=stop]", ""), ("reject", "[name=message]", "not usable"), ("note", "[name=comment]", "Asked")]
    {
        browser.go(&format!("/workflows/77/design?step={step}")).await;
        person.types(field, typed).await;
        browser.run("window.isOld = true").await;
        browser.hold(CONTROL, ENTER).await;
        eventually("the step is kept", async || {
            (browser.run("return window.isOld !== true").await == true).then_some(())
        })
        .await;
    }
    let drafts =
        "SELECT count(*) FROM workflow_drafts WHERE text LIKE '%message: not usable%' AND text LIKE '%comment: Asked%'";
    assert_eq!(postern.count(drafts).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_is_in_sight_on_a_phone() {
    let (_postern, browser) = start().await;
    let metrics = json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": false});
    browser.command("Emulation.setDeviceMetricsOverride", metrics).await;
    browser.go("/workflows/77/design?step=note").await;
    let mut person = Person::at(&browser);
    let top = "return Math.round(document.activeElement.getBoundingClientRect().top) - innerHeight + 100 < 0";
    for key in ["a", "c"] {
        person.key(key, if key == "a" { "add=" } else { "connect=1" }).await;
        assert_eq!(browser.run(top).await, true, "{key}");
        browser.go("/workflows/77/design?step=note").await;
    }
    person.add("delay", "edit=1").await;
    assert_eq!(browser.run(top).await, true, "the field of the new step");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_found_by_the_words_that_people_use_for_it() {
    let (_postern, browser) = start().await;
    browser.go("/workflows/77/design?step=note&add=next").await;
    browser.shows("Add a step").await;
    let first = "return document.querySelector('.offer:not([hidden])')?.value ?? ''";
    let none = "return document.querySelector('.pick-none').checkVisibility()";
    for (words, task) in [
        ("wait", "delay"),
        ("пауза", "delay"),
        ("ждать", "delay"),
        ("API", "http_request"),
        ("запрос", "http_request"),
        ("nothing like it", ""),
        ("if", "condition"),
    ] {
        browser.run("document.activeElement.select()").await;
        browser.keys(words).await;
        let found = browser.run(first).await;
        assert_eq!((found, browser.run(none).await), (task.into(), task.is_empty().into()), "{words}");
        if task.is_empty() {
            // Nothing is asked for, and the next word is looked for at once.
            browser.keys(ENTER).await;
            assert!(!browser.place().await.contains("q="));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_behind_the_last_step_does_nothing() {
    let (postern, browser) = start().await;
    browser.go("/workflows/77/design?step=note").await;
    let mut person = Person::at(&browser);
    person.types("[name=comment]", "Asked").await;
    person.keeps().await;
    browser.go("/workflows/77/design?step=reject").await;
    person.key("a", "add=").await;
    browser.shows("no step can follow it").await;
    let place = browser.place().await;
    browser.keys(&format!("put {ENTER}")).await;
    assert_eq!(browser.place().await, place);
    browser.keys(ESCAPE).await;
    assert_eq!(cards(&browser).await.1, "reject");
    // The key to publish leads to the button; a word with this letter publishes nothing.
    browser.keys(&format!("pq{ENTER}{ESCAPE}")).await;
    assert_eq!(browser.place().await, place);
    browser.keys("p").await;
    assert_eq!(browser.run("return document.activeElement.dataset.key").await, "p");
    assert_eq!(postern.count("SELECT max(version)::bigint FROM workflows").await, 1);
    person.key(ENTER, "done=published").await;
}
