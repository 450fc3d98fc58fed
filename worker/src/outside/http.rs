//! Calls other systems by HTTP, where the guard lets it.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use postern_shared::message::Message;
use postern_shared::rendered::HttpCall;
use postern_shared::secret::scrub::Scrubber;
use postern_shared::tls;
use postern_shared::unreachable::Unreachable;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::time::{Instant, timeout_at};

use super::call::{Failure, FailureKind, Reply};
use super::certificates;
use super::guard::{Guard, TargetRefused};
use super::redirect::{Hop, NotFollowed};
use super::trace_headers;

/// Redirects of one request that are followed: more is a loop.
const MAX_REDIRECTS: usize = 5;

/// Makes calls; clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    guard: Guard,
    /// The redirects of one request that are followed.
    redirects: usize,
}

impl Http {
    /// Only public targets, and those in these networks.
    pub fn new(allowed: Vec<IpNet>) -> Result<Self, reqwest::Error> {
        tls::provide();
        let guard = Guard::new(allowed);
        // The head of an answer is bounded by hyper: 100 headers, some 400 KiB.
        let builder = || {
            Client::builder()
                .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Arc::new(guard.clone()))
                .redirect(redirect::Policy::none())
                // A proxy of the environment would connect in our place, past the check of addresses.
                .no_proxy()
        };
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "no certificates of the system are found: https targets cannot be reached");
            builder().tls_certs_only([]).build()
        })?;
        Ok(Self { client, guard, redirects: MAX_REDIRECTS })
    }

    /// The same, for which a redirect is an answer.
    pub fn without_redirects(&self) -> Self {
        Self { redirects: 0, ..self.clone() }
    }

    /// Says which addresses may be reached.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Makes one call. `key` is the same whenever this step of this run is tried; none = the call has no key. The headers
    /// of the answer count into `max_bytes`.
    pub async fn call(
        &self,
        call: &HttpCall,
        max_bytes: usize,
        timeout: Duration,
        key: Option<&str>,
    ) -> Result<Reply, Failure> {
        let late = || Failure::down(Message::NoAnswer { ms: millis(timeout) }, FailureKind::Unclear);
        let until = Instant::now() + timeout;
        let response = timeout_at(until, self.follow(call, key)).await.unwrap_or_else(|_| Err(late()))?;
        let read = timeout_at(until, read(response, max_bytes)).await;
        read.map_or_else(|_| Err(late()), |read| read.map_err(Failure::answered))
    }

    /// Why a call would not be made, as far as that is known without looking its host up.
    pub fn refusal(&self, call: &HttpCall) -> Option<Failure> {
        let Ok(url) = call.url.parse() else { return Some(Failure::last(Message::RequestImpossible)) };
        self.guard.check(&url).err().map(|refused| Failure::last(refused.into()))
    }

    /// The answer to which the redirects lead.
    async fn follow(&self, call: &HttpCall, key: Option<&str>) -> Result<Response, Failure> {
        let never = || Failure::last(Message::RequestImpossible);
        let mut hop = Hop {
            method: call.method.parse().map_err(|_| never())?,
            url: call.url.parse().map_err(|_| never())?,
            with_headers: true,
            with_body: call.body.is_some(),
        };
        let headers = headers(call, key).ok_or_else(never)?;
        for redirects in 0..=self.redirects {
            // A redirect is an answer of the target, wherever it leads.
            let failed = |failure: Failure| if redirects > 0 { failure.answered() } else { failure };
            self.guard.check(&hop.url).map_err(|refused| failed(Failure::last(refused.into())))?;
            let response = self.request(&hop, &headers, call).send().await;
            let response = response.map_err(|error| failed(failure(&error)))?;
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            hop = match hop.next(response.status().as_u16(), location) {
                _ if self.redirects == 0 => return Ok(response),
                Ok(next) => next,
                Err(NotFollowed::NoRedirect) => return Ok(response),
                Err(NotFollowed::NoUrl) => return Err(Failure::last(Message::RedirectedToNoUrl).answered()),
                Err(NotFollowed::OtherOrigin) => return Err(Failure::last(Message::RedirectedElsewhere).answered()),
            };
        }
        Err(Failure::last(Message::RedirectedTooOften).answered())
    }

    fn request(&self, hop: &Hop, headers: &HeaderMap, call: &HttpCall) -> RequestBuilder {
        let mut request = self.client.request(hop.method.clone(), hop.url.clone());
        if hop.with_headers {
            let mut headers = headers.clone();
            if !hop.with_body {
                headers.remove(CONTENT_TYPE);
            }
            request = request.headers(headers);
        }
        match &call.body {
            Some(body) if hop.with_body => request.body(body.clone()),
            _ => request,
        }
    }
}

/// Those of the step, and its key and its trace unless it names them itself.
fn headers(call: &HttpCall, key: Option<&str>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &call.headers {
        let mut value = HeaderValue::from_str(value).ok()?;
        // No debug output shows it.
        value.set_sensitive(true);
        headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    if let Some(key) = key {
        headers.entry("idempotency-key").or_insert(HeaderValue::from_str(key).ok()?);
    }
    trace_headers::add(&mut headers);
    Some(headers)
}

async fn read(mut response: Response, max_bytes: usize) -> Result<Reply, Failure> {
    let too_large = || Failure::last(Message::AnswerTooLarge { most: max_bytes });
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<_> = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    let room = max_bytes.checked_sub(bytes).ok_or_else(too_large)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > room {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status: response.status().as_u16(), headers, body, scrubber: Scrubber::default() })
}

fn failure(error: &reqwest::Error) -> Failure {
    let causes = || std::iter::successors(error.source(), |cause| (*cause).source());
    if let Some(refused) = causes().find_map(|cause| cause.downcast_ref::<TargetRefused>()) {
        return Failure::last((*refused).into());
    }
    if error.is_builder() {
        Failure::last(Message::RequestImpossible)
    } else if error.is_connect() {
        Failure::down(not_connected(causes()), FailureKind::NotSent)
    } else {
        Failure::new(Message::ConnectionBroke, FailureKind::Unclear)
    }
}

/// Why no connection came about, by the first of its causes that tells.
fn not_connected<'e>(causes: impl Iterator<Item = &'e (dyn Error + 'static)>) -> Message {
    for cause in causes {
        if let Some(message) = certificates::fault(cause) {
            return message;
        }
        let Some(error) = cause.downcast_ref::<io::Error>() else { continue };
        match Unreachable::of(error) {
            Unreachable::Tls(_) => return Message::TargetTls,
            Unreachable::NotResolved(_) => return Message::TargetNotResolved,
            Unreachable::Refused => return Message::TargetRefused,
            Unreachable::NoRoute => return Message::TargetNoRoute,
            Unreachable::NoSocket | Unreachable::TimedOut | Unreachable::Closed | Unreachable::Other(_) => {}
        }
    }
    Message::TargetUnreachable
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
