//! A condition is built of rows and groups, and of references with filters that are shown on what was posted lately.

use super::driver::Browser;
use super::{PASSWORD, pages};
use crate::harness::{DEMO, Postern, eventually};

/// Types into one of the fields of a condition that have the same name.
async fn set(browser: &Browser, name: &str, at: usize, value: &str) {
    let script = format!("document.querySelectorAll('[name=\"condition.{name}\"]')[{at}].value = '{value}'");
    browser.run(&script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_is_built_of_groups_and_of_filters_with_a_preview() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    postern.outcome("/trigger?workflow_id=77", "lastname=Иванов Пётр&email=petr@example.org").await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    pages::log_in(&browser).await;
    browser.go("/workflows/77/design?step=usable").await;
    browser.shows("References").await;
    browser
        .run("document.querySelectorAll('.references, .references details').forEach((one) => { one.open = true; })")
        .await;
    browser.shows("Иванов Пётр → Пётр").await;
    // Behind the two rows that the condition has.
    let picked = "const field = document.querySelectorAll('[name=\"condition.name\"]')[2];
        field.focus();
        field.blur();
        [...document.querySelectorAll('[data-filtered]')].find((one) => one.dataset.text.includes('split|last')).click();
        return field.value";
    assert_eq!(browser.run(picked).await, "$env[\"lastname\"]|split|last");
    set(&browser, "operator", 2, "filled").await;
    let rows = browser.run("return document.querySelectorAll('[name=\"condition.name\"]').length").await;
    let rows = usize::try_from(rows.as_u64().unwrap()).unwrap();
    for (at, name) in [(rows - 2, "city"), (rows - 1, "region")] {
        set(&browser, "name", at, name).await;
        set(&browser, "value", at, "Oslo").await;
    }
    browser.run("document.querySelector('.step-form [value=save].primary').click()").await;
    let text = eventually("the draft is changed", async || {
        let drafts = postern.connection().await.query("SELECT text FROM workflow_drafts", &[]).await.unwrap();
        drafts.first().map(|row| row.get::<_, String>(0))
    })
    .await;
    let expected = "and $env[\"lastname\"]|split|last and ($env[\"city\"] == \"Oslo\" or $env[\"region\"] == \"Oslo\")";
    assert!(text.contains(expected), "{text}");
    // The same as rows: the group stands open now.
    browser.shows("A group of conditions").await;
    eventually("the group is there", async || {
        let groups =
            browser.run("return document.querySelectorAll('.entries div.group [name=\"condition.name\"]').length");
        (groups.await.as_u64()? >= 2).then_some(())
    })
    .await;
}
