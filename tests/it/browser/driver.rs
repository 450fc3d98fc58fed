//! A real Chromium, driven over WebDriver (W3C) with what the other tests have anyway: HTTP and JSON. It speaks to
//! loopback and to nothing else.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{eventually, soon};

/// The name under which the protocol hands over an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How often chromedriver is started until it has found a port.
const ATTEMPTS: usize = 10;

/// A browser at the panel of a Postern.
pub struct Browser {
    driver: Child,
    session: String,
    panel: SocketAddr,
    client: reqwest::Client,
}

impl Browser {
    /// Starts one that prefers a language.
    pub async fn start(panel: SocketAddr, language: &str) -> Self {
        let (driver, port) = (0..ATTEMPTS).find_map(|_| driver()).expect("chromedriver starts and names its port");
        let base = format!("http://127.0.0.1:{port}/session");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--window-size=1280,900",
        ];
        let options = json!({"args": arguments, "prefs": {"intl.accept_languages": language}});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let client = reqwest::Client::new();
        let begun: Value = client.post(&base).json(&wanted).send().await.unwrap().json().await.unwrap();
        let id = begun["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("{begun}"));
        Self { session: format!("{base}/{id}"), driver, panel, client }
    }

    /// Goes to a page of the panel.
    pub async fn go(&self, path: &str) {
        self.visit(&format!("http://{}{path}", self.panel)).await;
    }

    /// Goes to any page.
    pub async fn visit(&self, url: &str) {
        self.ask("url", json!({"url": url})).await.unwrap();
    }

    /// Clicks what a selector finds, as soon as it is there.
    pub async fn click(&self, css: &str) {
        self.on(css, "click", json!({})).await;
    }

    /// Clicks the link or button whose whole text this is.
    pub async fn press(&self, text: &str) {
        let xpath = format!("//*[self::a or self::button][normalize-space()='{text}']");
        self.act("xpath", &xpath, "click", &json!({})).await;
    }

    /// Types into a field that is emptied first.
    pub async fn fill(&self, css: &str, text: &str) {
        self.on(css, "clear", json!({})).await;
        self.on(css, "value", json!({"text": text})).await;
    }

    /// Waits until the first field has the focus, if the page has one: a browser gives it the focus when it draws the page,
    /// which may be after the page was loaded.
    pub async fn takes_keys(&self) {
        let script = "return !document.querySelector('[autofocus]') || document.activeElement !== document.body";
        eventually("the first field has the focus", async || (self.run(script).await == true).then_some(())).await;
    }

    /// Presses keys, one after another, wherever the focus is.
    pub async fn keys(&self, keys: &str) {
        let press =
            |key: char| [("keyDown", key), ("keyUp", key)].map(|(kind, key)| json!({"type": kind, "value": key}));
        let presses: Vec<Value> = keys.chars().flat_map(press).collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]});
        self.ask("actions", actions).await.unwrap();
    }

    /// Presses a key while another one is held.
    pub async fn hold(&self, held: &str, key: &str) {
        let one = |kind: &str, key: &str| json!({"type": kind, "value": key});
        let presses = [one("keyDown", held), one("keyDown", key), one("keyUp", key), one("keyUp", held)];
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]});
        self.ask("actions", actions).await.unwrap();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", json!({"script": script, "args": []}))
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until a page shows a text.
    pub async fn shows(&self, text: &str) {
        let shown = soon(async || self.text().await.contains(text).then_some(())).await;
        if shown.is_none() {
            panic!("the page at {} does not show {text}, but {}", self.place().await, self.text().await);
        }
    }

    /// The text of the page.
    pub async fn text(&self) -> String {
        // Between two pages there is no body.
        self.run("return document.body ? document.body.innerText : ''").await.as_str().unwrap_or_default().to_owned()
    }

    /// The path and the query of the page.
    pub async fn place(&self) -> String {
        self.run("return location.pathname + location.search").await.as_str().unwrap_or_default().to_owned()
    }

    /// A command of the browser's own protocol.
    pub async fn command(&self, command: &str, parameters: Value) -> Value {
        self.ask("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await.unwrap()
    }

    async fn on(&self, css: &str, action: &str, body: Value) {
        self.act("css selector", css, action, &body).await;
    }

    /// Does something to an element, again and again until it is there and can take it.
    async fn act(&self, using: &str, selector: &str, action: &str, body: &Value) {
        eventually(&format!("{action} on {selector}"), async || {
            let found = self.ask("element", json!({"using": using, "value": selector})).await.ok()?;
            let element = found[ELEMENT].as_str()?.to_owned();
            self.ask(&format!("element/{element}/{action}"), body.clone()).await.ok()
        })
        .await;
    }

    async fn ask(&self, command: &str, body: Value) -> Result<Value, String> {
        let answer = self.client.post(format!("{}/{command}", self.session)).json(&body).send().await.unwrap();
        let is_fine = answer.status().is_success();
        let value = answer.json::<Value>().await.unwrap()["value"].take();
        if is_fine { Ok(value) } else { Err(value["message"].as_str().unwrap_or_default().to_owned()) }
    }
}

/// Starts chromedriver at a free port. It wants the same port for IPv4 and IPv6, which another may hold: then it ends.
fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver ({error}): run tests/run, which installs it"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let named = lines.find_map(|line| line.split("successfully on port ").nth(1).map(str::to_owned));
    let Some(port) = named.and_then(|port| port.trim_end_matches('.').parse().ok()) else {
        let _ = driver.wait();
        return None;
    };
    // What it goes on to say must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some((driver, port))
}

impl Drop for Browser {
    fn drop(&mut self) {
        let session = self.session.clone();
        let client = reqwest::Client::new();
        // chromedriver closes its browser at the end of the session, not at its own.
        let closing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { client.delete(session).send().await.map(drop) })
        });
        let _ = closing.join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
