//! Calls other systems by HTTP, where the guard lets it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Url};

use super::guard::{Guard, TargetRefused};
use super::{Failure, Kind, Reply};

/// A call to make.
#[derive(Debug)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    /// Of the answer.
    pub max_bytes: usize,
}

/// Makes calls; clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    guard: Guard,
}

impl Http {
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
    pub async fn call(&self, request: &Request, timeout: Duration, key: &str) -> Result<Reply, Failure> {
        self.guard.check(&request.url).map_err(|refused| Failure::last(refused.to_string()))?;
        let failed = |error: reqwest::Error| failure(&error, timeout);
        let mut response = self.request(request, timeout, key).send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > request.max_bytes {
                return Err(Failure::last(format!("the answer has more than {} bytes", request.max_bytes)));
            }
            body.extend_from_slice(&chunk);
        }
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Reply { status: response.status().as_u16(), headers, body })
    }

    fn request(&self, request: &Request, timeout: Duration, key: &str) -> reqwest::RequestBuilder {
        let Request { method, url, headers, body, .. } = request;
        let mut headers = headers.clone();
        if let (false, Ok(key)) = (headers.contains_key("idempotency-key"), HeaderValue::from_str(key)) {
            headers.insert("idempotency-key", key);
        }
        let builder = self.client.request(method.clone(), url.clone()).timeout(timeout).headers(headers);
        match body {
            Some(body) => builder.body(body.clone()),
            None => builder,
        }
    }
}

fn failure(error: &reqwest::Error, timeout: Duration) -> Failure {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<TargetRefused>() {
            return Failure::last(refused.to_string());
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
        (format!("there was no answer within {} ms", timeout.as_millis()), Kind::Unclear)
    } else {
        ("the connection broke before the answer was there".to_owned(), Kind::Unclear)
    };
    Failure { reason, kind }
}
