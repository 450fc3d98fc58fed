//! Every page in both themes, 1280 and 390 px wide: all text can be read, nothing is wider than the page, and with
//! `POSTERN_SCREENSHOTS` each is written there as a picture (`tests/run screenshots`).

use std::path::PathBuf;

use postern_control::panel::ROUTES;
use serde_json::json;

use super::PASSWORD;
use super::driver::Browser;
use super::keyboard::ENTER;
use crate::harness::{DEMO, Postern, eventually};

/// Texts whose contrast with what lies behind them is below 4.5:1 (WCAG 2.2, 1.4.3), and elements that are wider than
/// the page. Texts of drawings are left to the eye, as is what is switched off.
const FAULTS: &str = r#"
const rgb = (color) => { const m = color.match(/[\d.]+/g).map(Number); return color.startsWith("color(") ? [m[0]*255, m[1]*255, m[2]*255, m[3] ?? 1] : [m[0], m[1], m[2], m[3] ?? 1]; };
const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
const behind = (element) => { for (let e = element; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
const faults = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
  if (!text || element.closest("svg, script, option, .hidden, .skip, :disabled") || !element.checkVisibility()) continue;
  const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) faults.push(`${contrast.toFixed(2)}: ${text.slice(0, 40)}`);
}
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) faults.push(`${document.documentElement.scrollWidth} px wide: ` +
  [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 80)).join(" | "));
for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")) {
  const name = field.getAttribute("aria-label") || field.labels?.[0]?.textContent || field.textContent || field.title;
  if (!name.trim()) faults.push(`without a name: ${field.outerHTML.slice(0, 80)}`);
}
return faults;
"#;

/// Logs in as the account whose password is a setting.
pub async fn log_in(browser: &Browser) {
    browser.go("/login").await;
    browser.fill("[name=name]", "admin").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.click("button.primary").await;
    eventually("someone is logged in", async || (browser.place().await == "/").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_read_in_both_themes_on_a_desk_and_on_a_phone() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    postern.start_worker().await;
    let receipt = lived_in(&postern).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, language()).await;
    let mut faults = Vec::new();
    look(&browser, "/login", &mut faults).await;
    log_in(&browser).await;
    browser.go("/tokens").await;
    // On a phone the button may be below the bar until somebody scrolls; the field needs no mouse.
    browser.fill("[name=name]", "nightly-build").await;
    browser.keys(ENTER).await;
    browser.shows("nightly-build").await;
    let paths = paths(&postern, &receipt).await;
    for path in &paths {
        look(&browser, path, &mut faults).await;
    }
    let seen = paths.len();
    assert!(seen > 25, "only {seen} pages were seen");
    assert!(faults.is_empty(), "{faults:#?}");
}

/// The path of every page that a link leads to, in a Postern that is [`lived_in`].
pub async fn paths(postern: &Postern, receipt: &str) -> Vec<String> {
    let run = format!("{receipt}.1");
    let group = postern.connection().await.query_one("SELECT group_id FROM dead_letters LIMIT 1", &[]).await.unwrap();
    let group: String = group.get(0);
    let of_route = |path: &str| {
        let argument = match path {
            "/login"
            | "/login/code"
            | "/setup"
            | "/live"
            | "/search"
            | "/http-handler/covers"
            | "/workflows/{}/export" => return None,
            path if path.starts_with("/receipts") => receipt,
            path if path.starts_with("/runs/") => run.as_str(),
            path if path.starts_with("/workflows") => "77",
            path if path.starts_with("/triggers") => "web_lead",
            path if path.starts_with("/modules") => "Leads",
            path if path.starts_with("/http-handler") => "loopback",
            path if path.starts_with("/accounts") => "admin",
            path if path.starts_with("/connections") => "shop",
            path if path.starts_with("/secrets") => "shop-token",
            path if path.starts_with("/variables") => "shop_url",
            path if path.starts_with("/dead-letters/groups") => group.as_str(),
            _ => "1",
        };
        Some(path.replace("{}", argument))
    };
    let routes = ROUTES.iter().filter(|route| route.method == "GET").filter_map(|route| of_route(route.path));
    let others = [
        "/search?q=lead",
        "/unmatched?target=workflow+77",
        "/runs?state=waiting",
        "/http-handler?address=10.0.0.1",
        "/nowhere",
    ];
    routes.chain(others.map(str::to_owned)).collect()
}

/// A page in both themes and widths.
pub async fn look(browser: &Browser, path: &str, faults: &mut Vec<String>) {
    browser.go(path).await;
    let status = browser.run("return performance.getEntriesByType('navigation')[0].responseStatus").await;
    if (status == 404) != (path == "/nowhere") {
        faults.push(format!("{path} answers {status}"));
    }
    for (theme, width) in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)] {
        let metrics = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.command("Emulation.setDeviceMetricsOverride", metrics).await;
        browser.run(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
        for fault in browser.run(FAULTS).await.as_array().unwrap() {
            faults.push(format!("{path} {theme} {width}: {}", fault.as_str().unwrap()));
        }
        if let Some(folder) = folder() {
            let name = path.trim_matches('/').replace(['/', '?', '=', '&'], "_");
            let name = if name.is_empty() { "overview" } else { name.as_str() };
            let file = folder.join(format!("{name}-{theme}-{width}.png"));
            let picture =
                browser.command("Page.captureScreenshot", json!({"captureBeyondViewport": width > 500})).await;
            std::fs::write(file, base64(picture["data"].as_str().unwrap())).unwrap();
        }
    }
}

const MODULE: &str = "module: Leads\ntitle: Leads\nfields:\n  lastname: {type: text, label: Last name, required: true}\n  \
                      email: email\n  source: {type: choice, options: [Web, Fair, Telephone, Partner], default: Web}\n  \
                      contact_id: {type: reference, module: Contacts}\n";

const CONNECTION: &str = "connection: shop\ntitle: Web shop\nhttp: {base: 'https://shop.example.org/api'}\n";

/// A Postern in which something of everything has happened. The receipt of a lead that finished.
pub async fn lived_in(postern: &Postern) -> String {
    for name in ["Hopper", "Hamilton", "Goldberg"] {
        postern.outcome("/trigger?workflow_id=77", &format!("lastname={name}&email={name}@example.org")).await;
    }
    postern.outcome("/trigger?workflow_id=77", "firstname=nobody").await;
    postern.outcome("/trigger?workflow_id=77&record_id=404", "lastname=Noether").await;
    let body = "firstname=Ada&lastname=Lovelace&email=ada@example.org&tags[]=web&tags[]=news&utm=x&a=1&b=2&c=3&d=4";
    let lead = postern.post("/trigger?workflow_trigger=web_lead&utm_source=ads").form(body).send().await;
    postern.ended(&lead).await;
    assert_eq!(postern.post("/trigger?workflow_id=77").form(*b"lastname=%FF").send().await.status, 400);
    assert_eq!(postern.post("/trigger?workflow_id=77").from("127.0.0.9").form("lastname=Eve").send().await.status, 403);
    postern.servers().publish("submissions.v1", b"{\"not\": \"a bundle\"}").await;
    for table in ["refused_bodies", "rejected_callers", "dead_letters"] {
        eventually(table, async || (postern.count(&format!("SELECT count(*) FROM {table}")).await > 0).then_some(()))
            .await;
    }
    postern.apply(MODULE).await;
    postern.apply(CONNECTION).await;
    let named = "INSERT INTO secrets (name, key, value) VALUES ('shop-token', '', '');
        INSERT INTO variables (name, value) VALUES ('shop_url', 'https://shop.example.org')";
    postern.connection().await.batch_execute(named).await.unwrap();
    postern.apply(&DEMO.replace("title: New lead", "title: New lead from the web")).await;
    lead.json["receipt"].as_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests/run says where the pictures go")]
fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("POSTERN_SCREENSHOTS")?);
    std::fs::create_dir_all(&folder).unwrap();
    Some(folder)
}

#[expect(clippy::disallowed_methods, reason = "tests/run screenshots ru")]
fn language() -> &'static str {
    if std::env::var_os("POSTERN_SCREENSHOTS_RU").is_some() { "ru" } else { "en" }
}

/// RFC 4648, 4: what the browser's protocol sends pictures in.
fn base64(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let values: Vec<u8> = text.bytes().filter_map(value).collect();
    let bits =
        |chunk: &[u8]| chunk.iter().fold(0u32, |bits, value| bits << 6 | u32::from(*value)) << (6 * (4 - chunk.len()));
    values.chunks(4).flat_map(|chunk| bits(chunk).to_be_bytes()[1..chunk.len()].to_vec()).collect()
}
