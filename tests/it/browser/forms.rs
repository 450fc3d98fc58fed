//! Pages of other origins in a real Chromium: C1 to C3 of the callers.

use super::PASSWORD;
use super::driver::Browser;
use crate::callers::ready_made::copied;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};
use crate::panel::visitor::Visitor;

/// A permission for pages of a site.
fn settings(site: &Outside) -> String {
    let (origin, thanks) = (site.url(""), site.url("/thanks"));
    format!(
        "permission: p\naddresses: 127.0.0.1\nworkflows: [900]\norigins: '{origin}'\nanswer: {{redirect: '{thanks}'}}
---
workflow: 900
start: {{without_record: true, next: keep}}
steps:
  keep: {{create_record: Leads, fields: {{lead: '$env[\"lastname\"]'}}}}
"
    )
}

/// What a script of the open page gets when it posts JSON.
async fn fetched(browser: &Browser, url: &str) -> String {
    let script = format!(
        "return fetch('{url}', {{method: 'POST', headers: {{'content-type': 'application/json', 'prefer': 'x'}},
            body: JSON.stringify({{lastname: 'Hopper'}})}})
            .then(answer => answer.json().then(json => answer.status + ' ' + json.status + ' ' +
                answer.headers.get('location')))
            .catch(error => error.name)"
    );
    browser.run(&script).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_lands_on_its_page_and_scripts_post_from_listed_origins_only() {
    let (site, other) = (Outside::start().await, Outside::start().await);
    let mut postern = Postern::start(&settings(&site)).await;
    let panel = postern.control.address("the control listener is open").await;
    let url = format!("http://{}/trigger?workflow_id=900", postern.public());
    let browser = Browser::start(panel, "en").await;

    browser.visit(&site.url("/form")).await;
    let form =
        format!("<form method=post action=\"{url}\"><input name=lastname value=Lovelace><button>Go</button></form>");
    browser.run(&format!("document.body.innerHTML = '{form}'")).await;
    browser.press("Go").await;
    eventually("the visitor lands on the page", async || (browser.place().await == "/thanks").then_some(())).await;

    let answer = fetched(&browser, &url).await;
    assert!(answer.starts_with("202 accepted /receipts/"), "{answer}");
    browser.visit(&other.url("/form")).await;
    assert_eq!(fetched(&browser, &url).await, "TypeError");
    let leads = eventually("both leads are there", async || {
        Some(postern.records("Leads").await).filter(|leads| leads.len() == 2)
    });
    let mut names: Vec<String> = leads.await.iter().map(|lead| lead.0["lead"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Hopper", "Lovelace"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_copied_from_the_panel_posts_a_lead() {
    let site = Outside::start().await;
    let mut postern = Postern::with_ingress(&settings(&site), &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let panel = postern.control.address("the control listener is open").await;
    let page = Visitor::logged_in(&mut postern).await.get("/http-handler/p").await.text;
    assert!(page.contains(&format!("<code>{}</code>", site.url(""))), "{page}");
    // The listener of the tests has a port of its own choice.
    let form = copied(&page, "HTML").replace(":0/", &format!(":{}/", postern.public().port()));
    let browser = Browser::start(panel, "en").await;
    browser.visit(&site.url("/form")).await;
    browser.run(&format!("document.body.innerHTML = {}", serde_json::to_string(&form).unwrap())).await;
    browser.fill("[name=lastname]", "Lovelace").await;
    browser.press("Send").await;
    eventually("the visitor lands on the page", async || (browser.place().await == "/thanks").then_some(())).await;
    let lead = eventually("the lead is stored", async || postern.records("Leads").await.pop()).await;
    assert_eq!(lead.0["lead"], "Lovelace");
}
