//! Someone with a browser: keeps cookies, follows no redirect by itself, and sends the token of the page it is on.

use std::net::SocketAddr;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};

use crate::harness::Postern;

/// The password of the tests' account.
pub const PASSWORD: &str = "correct horse battery";

/// A browser.
pub struct Visitor {
    client: Client,
    panel: SocketAddr,
    pub cookies: Vec<(String, String)>,
    /// The token of the forms of the page seen last.
    pub csrf: String,
}

/// What the browser got.
pub struct Page {
    pub status: u16,
    pub text: String,
    pub headers: HeaderMap,
    /// Where it is sent to.
    pub location: String,
}

impl Visitor {
    /// One that was nowhere yet.
    pub async fn of(postern: &mut Postern) -> Self {
        Self::at(postern.control.address("the control listener is open").await)
    }

    /// One that was nowhere yet, before a panel at this address.
    pub fn at(panel: SocketAddr) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { client, panel, cookies: Vec::new(), csrf: String::new() }
    }

    /// One that is logged in.
    pub async fn logged_in(postern: &mut Postern) -> Self {
        Self::logged_in_at(postern.control.address("the control listener is open").await).await
    }

    /// One that is logged in to the panel at this address.
    pub async fn logged_in_at(panel: SocketAddr) -> Self {
        let mut visitor = Self::at(panel);
        visitor.get("/login").await;
        let page = visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.location.as_str()), (303, "/"), "{}", page.text);
        visitor.get("/runs").await;
        visitor
    }

    /// The same one, with its cookies and its form, before another panel.
    pub fn moved(&self, panel: SocketAddr) -> Self {
        Self { client: self.client.clone(), panel, cookies: self.cookies.clone(), csrf: self.csrf.clone() }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, None).await
    }

    /// A form with the token of the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_without_token(path, &all).await
    }

    /// A form as it is.
    pub async fn post_without_token(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = form(fields);
        self.send(Method::POST, path, Some(form)).await
    }

    async fn send(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, format!("http://{}{path}", self.panel));
        let mut request = request.header(COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let location = headers.get(LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned();
        let text = response.text().await.unwrap();
        if let Some(csrf) = text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            csrf.clone_into(&mut self.csrf);
        }
        Page { status, text, headers, location }
    }
}

/// An urlencoded form.
pub fn form(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}
