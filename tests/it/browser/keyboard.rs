//! The control panel by its keys alone: whoever uses no mouse gets everywhere, and always sees where the focus is.

use super::PASSWORD;
use super::driver::Browser;
use crate::harness::{DEMO, Postern, eventually};

const TAB: &str = "\u{E004}";
pub const ENTER: &str = "\u{E007}";
const SPACE: &str = " ";

/// How many elements may lie before what one looks for.
const MAX_STOPS: usize = 60;

/// What is wrong with the focus; empty if it can be seen.
const FOCUS: &str = r#"
const element = document.activeElement;
if (!element || element === document.body) return "";
const style = getComputedStyle(element), box = element.getBoundingClientRect();
const what = element.outerHTML.slice(0, 80);
if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 1) return `no outline: ${what}`;
if (box.width < 8 || box.height < 8) return `too small to be seen: ${what}`;
if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) return `out of sight: ${what}`;
const top = document.elementFromPoint(Math.max(0, box.left) + Math.min(box.width, innerWidth) / 2,
  Math.min(Math.max(box.top + box.height / 2, 1), innerHeight - 1));
return top && !element.contains(top) && !top.contains(element) && !top.closest("label")?.contains(element) ? `hidden behind ${top.outerHTML.slice(0, 60)}: ${what}` : "";
"#;

/// Presses the tab key until what a selector finds has the focus; at each stop on the way that can be seen.
async fn tab_to(browser: &Browser, css: &str) {
    let mut seen = Vec::new();
    for _ in 0..MAX_STOPS {
        browser.keys(TAB).await;
        let fault = browser.run(FOCUS).await;
        assert_eq!(fault, "", "on the way to {css}");
        if browser.run(&format!("return document.activeElement.matches(`{css}`)")).await == true {
            return;
        }
        seen.push(browser.run("return document.activeElement.outerHTML.slice(0, 60)").await);
    }
    panic!("no tab leads to {css}: {seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_is_made_by_the_keyboard_alone_and_the_focus_is_always_seen() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    browser.go("/login").await;
    browser.takes_keys().await;
    browser.keys("admin").await;
    tab_to(&browser, "[name=password]").await;
    browser.keys(&format!("{PASSWORD}{ENTER}")).await;
    browser.shows("Four steps to the first lead").await;

    browser.keys("/").await;
    assert_eq!(browser.run(FOCUS).await, "");
    browser.keys(&format!("loopback{ENTER}")).await;
    browser.shows("Ready-made calls").await;
    assert_eq!(browser.place().await, "/http-handler/loopback");

    tab_to(&browser, "nav.side a[href='/http-handler']").await;
    browser.keys(ENTER).await;
    eventually("the list is there", async || (browser.place().await == "/http-handler").then_some(())).await;
    tab_to(&browser, "a.primary[href='/http-handler/new']").await;
    browser.keys(ENTER).await;
    browser.shows("New permission").await;
    browser.takes_keys().await;
    browser.keys("Branch office").await;
    tab_to(&browser, "[name=addresses]").await;
    browser.keys("10.0.0.7").await;
    browser.shows("covers this address alone").await;
    tab_to(&browser, "[name=triggers]").await;
    browser.keys(SPACE).await;
    // What is folded opens, too.
    tab_to(&browser, "summary").await;
    browser.keys(ENTER).await;
    tab_to(&browser, "[name=charset]").await;
    browser.keys("windows-1251").await;
    tab_to(&browser, "form.stack button.primary").await;
    browser.keys(ENTER).await;
    browser.shows("Saved. It is in force from now on.").await;
    let saved = "SELECT count(*) FROM permissions WHERE document ->> 'charset' = 'windows-1251'
        AND document ->> 'title' = 'Branch office' AND document ->> 'triggers' LIKE '%web_lead%'";
    assert_eq!(postern.count(saved).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_of_a_page_skips_its_navigation_and_no_page_holds_the_focus_back() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, "en").await;
    super::pages::log_in(&browser).await;
    for path in
        ["/", "/runs", "/records", "/http-handler", "/workflows/77", "/modules/new", "/accounts", "/tokens", "/audit"]
    {
        browser.go(path).await;
        browser.run("document.activeElement?.blur(); getSelection().removeAllRanges()").await;
        tab_to(&browser, "a.skip").await;
        browser.keys(ENTER).await;
        assert_eq!(browser.run("return location.hash").await, "#main", "{path}");
        // Through all that follows, and out of it.
        let end = "document.activeElement === document.body || document.activeElement.matches('a.skip')";
        let mut stops = 0;
        while stops == 0 || browser.run(&format!("return {end}")).await == false {
            browser.keys(TAB).await;
            assert_eq!(browser.run(FOCUS).await, "", "{path}");
            stops += 1;
            assert!(stops < MAX_STOPS, "{path} holds the focus back");
        }
    }
}
