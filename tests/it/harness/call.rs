//! A caller: one HTTP request to the public listener, from an address of the loopback network.

use std::net::{IpAddr, SocketAddr};
use std::sync::LazyLock;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::Value;

/// Shared, since making one takes longer than a call; it keeps no connection, which would end with the runtime of its test.
static ANYWHERE: LazyLock<Client> = LazyLock::new(|| Client::builder().pool_max_idle_per_host(0).build().unwrap());

/// The client that all tests of a process share.
pub fn client() -> Client {
    ANYWHERE.clone()
}

/// A request that was not sent yet.
pub struct Call {
    method: Method,
    url: String,
    from: Option<IpAddr>,
    follows: bool,
    headers: HeaderMap,
    body: Option<reqwest::Body>,
    form: Option<reqwest::multipart::Form>,
}

/// What the caller got.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null if the body is no JSON.
    pub json: Value,
}

impl Answer {
    /// A header's text, empty if there is none.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
    }

    /// The `code` of an error.
    pub fn code(&self) -> &str {
        self.json["error"]["code"].as_str().unwrap_or_default()
    }

    /// The `message` of an error.
    pub fn message(&self) -> &str {
        self.json["error"]["message"].as_str().unwrap_or_default()
    }
}

impl Call {
    pub fn new(method: Method, to: SocketAddr, path: &str) -> Self {
        let url = format!("http://{to}{path}");
        Self { method, url, from: None, follows: true, headers: HeaderMap::new(), body: None, form: None }
    }

    /// The address it is sent from.
    pub fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().unwrap());
        self
    }

    /// Answers with a redirect itself, not with what stands there.
    pub fn without_redirects(mut self) -> Self {
        self.follows = false;
        self
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// A body as it is, without a content type.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into().into());
        self
    }

    /// An urlencoded body, taken as it is.
    pub fn form(self, body: impl Into<Vec<u8>>) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub fn json(self, body: &str) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    pub fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        self.form = Some(form);
        self
    }

    pub async fn send(self) -> Answer {
        let client = match (self.from, self.follows) {
            (None, true) => client(),
            (from, true) => Client::builder().local_address(from).build().unwrap(),
            (from, false) => Client::builder().local_address(from).redirect(Policy::none()).build().unwrap(),
        };
        let mut request = client.request(self.method, self.url).headers(self.headers);
        if let Some(body) = self.body {
            request = request.body(body);
        }
        if let Some(form) = self.form {
            request = request.multipart(form);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, headers, text, json }
    }
}
