//! What people with other senses and hands need of a page, as axe-core checks it in a real Chromium (WCAG 2.2, A and AA,
//! and good practice). Each page is checked four times: every pair of a language, a theme and a width occurs.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::driver::Browser;
use super::{PASSWORD, pages};
use crate::harness::servers::setting;
use crate::harness::{DEMO, Postern, eventually};

/// The looks of a page in each language.
const LOOKS: [(&str, [(&str, u32); 2]); 2] =
    [("en", [("light", 1280), ("dark", 390)]), ("ru", [("dark", 1280), ("light", 390)])];

/// Everything that axe-core finds on the open page: the rule, and the beginning of the element.
const CHECK: &str = r#"
const options = { resultTypes: ["violations"], preload: false, selectors: false, rules: { "target-size": { enabled: true } } };
return axe.run(document, options).then((found) =>
  found.violations.flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.html.slice(0, 120)} (${node.any.concat(node.all, node.none).map((check) => check.message).join("; ").slice(0, 160)})`)));
"#;

/// The states of the designer that links lead to.
const DESIGNER: [&str; 8] = [
    "/workflows/77/design?step=usable",
    "/workflows/77/design?step=lead",
    "/workflows/77/design?step=lead&edit=1",
    "/workflows/77/design?step=lead&add=created",
    "/workflows/77/design?step=lead&connect=1",
    "/workflows/77/design?step=lead&last=week",
    "/workflows/77/draft?refused=findings",
    "/workflows/77/versions?version=1",
];

/// A browser that has axe-core in every page, and what was found.
struct Reviewer {
    browser: Browser,
    looks: [(&'static str, u32); 2],
    language: &'static str,
    found: Vec<String>,
}

impl Reviewer {
    async fn start(panel: SocketAddr, (language, looks): (&'static str, [(&'static str, u32); 2])) -> Self {
        let browser = Browser::start(panel, language).await;
        let file = Path::new(&setting("POSTERN_BROWSER_TOOLS")).join("axe-core/axe.min.js");
        let axe = std::fs::read_to_string(file).expect("run tests/run, which installs axe-core");
        browser.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": axe})).await;
        // What fades in has its colours at once.
        let still = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
        browser.command("Emulation.setEmulatedMedia", still).await;
        Self { browser, looks, language, found: Vec::new() }
    }

    /// Opens a page and reviews it.
    async fn reviews(&mut self, path: &str) {
        self.browser.go(path).await;
        self.reviews_open_page(path).await;
    }

    /// Reviews the page that an action led to.
    async fn reviews_open_page(&mut self, what: &str) {
        for (theme, width) in self.looks {
            let metrics = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500});
            self.browser.command("Emulation.setDeviceMetricsOverride", metrics).await;
            self.browser.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            let found: Value = self.browser.run(CHECK).await;
            for one in found.as_array().unwrap() {
                self.found.push(format!("{what} {} {theme} {width}: {}", self.language, one.as_str().unwrap()));
            }
        }
        self.browser.command("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    /// What a form says of something wrong.
    async fn reviews_refusals(&mut self) {
        self.browser.go("/triggers/web_lead/delete").await;
        self.browser.fill("[name=key]", "another").await;
        self.sends_by(".danger", "a name that is wrong").await;
        self.browser.go("/http-handler/new").await;
        self.browser.fill("[name=addresses]", "nonsense").await;
        self.sends_by("form.stack .primary", "an address that is wrong").await;
        self.browser.go("/workflows/new").await;
        super::paste(&self.browser, "[name=text]", "workflow: 1\nsteps: {a: {create_recrd: Leads}}").await;
        self.sends_by("[value=check]", "a text that is wrong").await;
        self.browser.go("/accounts").await;
        self.browser.fill("[name=name]", "admin").await;
        self.browser.fill("[name=password]", PASSWORD).await;
        self.sends_by("form.stack .primary", "an account that exists").await;
    }

    async fn sends_by(&mut self, button: &str, what: &str) {
        self.browser.run("window.isOld = true").await;
        // Below the bar of a phone a button cannot be clicked until somebody scrolls.
        self.browser.run(&format!("document.querySelector('main {button}').click()")).await;
        eventually(what, async || {
            let is_new = self.browser.run("return window.isOld !== true && document.readyState === 'complete'").await;
            (is_new == true).then_some(())
        })
        .await;
        self.reviews_open_page(what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let receipt = pages::lived_in(&postern).await;
    let mut paths = pages::paths(&postern, &receipt).await;
    paths.extend(DESIGNER.map(str::to_owned));
    let panel = postern.control.address("the control listener is open").await;
    let [english, russian] = LOOKS;
    let english = Reviewer::start(panel, english).await;
    let russian = Reviewer::start(panel, russian).await;
    let (english, russian) = tokio::join!(review(english, &paths), review(russian, &paths));
    let found = [english, russian].concat();
    assert!(found.is_empty(), "{} findings: {found:#?}", found.len());
}

/// Everything that is found on pages, and on those that forms lead to.
async fn review(mut reviewer: Reviewer, paths: &[String]) -> Vec<String> {
    reviewer.reviews("/login").await;
    pages::log_in(&reviewer.browser).await;
    for path in paths {
        reviewer.reviews(path).await;
    }
    reviewer.reviews_refusals().await;
    reviewer.found
}
