//! Reaches out: one HTTP call, outside of every transaction, to where the guard lets it. Nothing of a call stands in a
//! log line.

mod guard;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use postern_shared::store::checkpoints::Decision;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Url};

use guard::{Guard, TargetRefused};

/// What is added to a time-out before an outcome that nobody wrote down counts as unknown.
pub const MARGIN: Duration = Duration::from_secs(10);

/// A call to make.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    /// From connecting to the last byte.
    pub timeout: Duration,
    pub max_bytes: usize,
    pub at_most_once: bool,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Report {
    /// Header names are in lower case.
    Answered {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    Failed(Failure),
    /// A person said what came of it.
    Decided(Decision),
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// In words, without any value.
    pub reason: String,
    pub kind: Kind,
}

/// What is known when there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The target got nothing.
    NotSent,
    /// It may have got it.
    Unclear,
    /// Trying again would not help.
    Final,
}

/// Makes calls; clones share their connections.
#[derive(Debug, Clone)]
pub struct Outside {
    client: Client,
    guard: Guard,
}

impl Outside {
    /// Only public targets, and those in these networks.
    pub fn new(allowed: Vec<IpNet>) -> Result<Self, reqwest::Error> {
        let guard = Guard::new(allowed);
        let builder = || {
            let follow = guard.clone().redirects();
            Client::builder()
                .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(guard.clone()))
                .redirect(follow)
                // A proxy of the environment would connect in our place, past the check of addresses.
                .no_proxy()
        };
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "no certificates of the system are found: https targets cannot be reached");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { client, guard })
    }

    /// Makes one call. `key` is the same whenever this step of this run is tried.
    pub async fn call(&self, call: &Call, key: &str) -> Report {
        match self.send(call, key).await {
            Ok(report) => report,
            Err(error) => Report::Failed(failure(&error, call)),
        }
    }

    async fn send(&self, call: &Call, key: &str) -> Result<Report, reqwest::Error> {
        let fail = |reason: String| Ok(Report::Failed(Failure { reason, kind: Kind::Final }));
        if let Err(refused) = self.guard.check(&call.url) {
            return fail(refused.to_string());
        }
        let mut headers = call.headers.clone();
        if let (false, Ok(key)) = (headers.contains_key("idempotency-key"), HeaderValue::from_str(key)) {
            headers.insert("idempotency-key", key);
        }
        let mut request = self.client.request(call.method.clone(), call.url.clone()).timeout(call.timeout);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request.headers(headers).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > call.max_bytes {
                return fail(format!("the answer has more than {} bytes", call.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Report::Answered { status: response.status().as_u16(), headers, body })
    }
}

fn failure(error: &reqwest::Error, call: &Call) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<TargetRefused>() {
            return Failure { reason: refused.to_string(), kind: Kind::Final };
        }
        source = cause.source();
    }
    let (reason, kind) = if error.is_redirect() {
        ("it was redirected too often".to_owned(), Kind::Final)
    } else if error.is_builder() {
        ("the request cannot be made".to_owned(), Kind::Final)
    } else if error.is_connect() {
        ("the target cannot be connected".to_owned(), Kind::NotSent)
    } else if error.is_timeout() {
        (format!("there was no answer within {} ms", call.timeout.as_millis()), Kind::Unclear)
    } else {
        ("the connection broke before the answer was there".to_owned(), Kind::Unclear)
    };
    Failure { reason, kind }
}
