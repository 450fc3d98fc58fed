//! Sends spans to the collector, many in one request. A collector that does not answer costs its spans and a line in the
//! log now and then; nobody else notices.

use std::error::Error;
use std::time::Duration;

use postern_shared::log_limit::LogLimit;
use postern_shared::options::OtlpHeaders;
use postern_shared::service::Failure;
use postern_shared::tls;
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::metrics::SpanMetrics;
use crate::otlp::{
    AnyValue, ExportTraceServiceRequest, ExportTraceServiceResponse, InstrumentationScope, KeyValue, Resource,
    ResourceSpans, ScopeSpans, Value,
};
use crate::span::Span;

/// The most spans of one request, as the other SDKs send.
const MAX_TOGETHER: usize = 512;

/// How long the first span of a request waits for others.
const GATHER: Duration = Duration::from_secs(1);

/// How long one request may take, as the other SDKs allow.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// How often the spans of one request are sent. Between the tries are 1 s, 2 s and 4 s.
const MAX_TRIES: u32 = 4;

/// How long a shutdown waits for the last spans.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Sends spans.
#[derive(Debug)]
pub struct Exporter {
    client: Client,
    url: Url,
    resource: Resource,
    waiting: mpsc::Receiver<Span>,
    /// Those of the next request.
    together: Vec<Span>,
    /// Whether the collector took the last request.
    is_taken: bool,
    failures: LogLimit,
    metrics: SpanMetrics,
    /// How many of the next request the collector has not taken.
    left: u64,
}

/// Why a request was not taken.
struct Refused {
    reason: String,
    /// Whether another try may help.
    again: bool,
    /// How many spans it concerns; none = all of the request.
    spans: Option<u64>,
}

impl Exporter {
    /// To this URL, with these headers, in the name of this service.
    pub fn new(
        url: Url,
        headers: Option<&OtlpHeaders>,
        service: String,
        (waiting, metrics): (mpsc::Receiver<Span>, SpanMetrics),
    ) -> Result<Self, Failure> {
        tls::provide();
        let mut all = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"))]);
        for (name, value) in headers.iter().flat_map(|headers| &headers.0) {
            let mut value = HeaderValue::from_str(value)?;
            value.set_sensitive(true);
            all.insert(HeaderName::from_bytes(name.as_bytes())?, value);
        }
        let builder = || {
            Client::builder()
                .user_agent(concat!("Postern/", env!("CARGO_PKG_VERSION")))
                .default_headers(all.clone())
                .timeout(REQUEST_LIMIT)
                .redirect(redirect::Policy::none())
                // A collector is near. Variables of the environment are read by options alone.
                .no_proxy()
        };
        let client = builder().build().or_else(|error| {
            tracing::warn!(%error, "no certificates of the system are found: a collector by https cannot be reached");
            builder().tls_certs_only([]).build()
        })?;
        let name = AnyValue { value: Some(Value::Text(service)) };
        let attributes = vec![KeyValue { key: "service.name".to_owned(), value: Some(name) }];
        let (resource, together) = (Resource { attributes }, Vec::with_capacity(MAX_TOGETHER));
        let failures = LogLimit::default();
        Ok(Self { client, url, resource, waiting, together, is_taken: true, failures, metrics, left: 0 })
    }

    /// Until it is told to end; then it sends what waits, unless the collector took nothing lately.
    pub async fn run(mut self, end: oneshot::Receiver<()>) {
        tokio::select! {
            () = self.export() => {}
            _ = end => {}
        }
        self.waiting.close();
        while self.is_taken && (!self.together.is_empty() || self.gather().await) {
            let request = self.request();
            self.send(&request).await;
            self.give_up();
        }
    }

    async fn export(&mut self) {
        while self.gather().await {
            let request = self.request();
            let mut wait = Duration::from_secs(1);
            for left in (0..MAX_TRIES).rev() {
                if !self.send(&request).await || left == 0 {
                    break;
                }
                sleep(wait).await;
                wait *= 2;
            }
            self.give_up();
        }
    }

    /// Waits for spans, and then a little for more; whether there are any.
    async fn gather(&mut self) -> bool {
        if self.waiting.recv_many(&mut self.together, MAX_TOGETHER).await == 0 {
            return false;
        }
        let until = Instant::now() + GATHER;
        while self.together.len() < MAX_TOGETHER {
            let room = MAX_TOGETHER - self.together.len();
            match timeout_at(until, self.waiting.recv_many(&mut self.together, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        true
    }

    /// Goes on with others. What the collector has not taken by now is dropped.
    fn give_up(&mut self) {
        self.metrics.dropped.inc_by(self.left);
        self.together.clear();
    }

    fn request(&self) -> Vec<u8> {
        let spans = self.together.iter().cloned().map(Span::into_message).collect();
        let (name, version) = ("postern".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let scope_spans = vec![ScopeSpans { scope: Some(InstrumentationScope { name, version }), spans }];
        let resource_spans = vec![ResourceSpans { resource: Some(self.resource.clone()), scope_spans }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    /// Sends a request once; whether it is to be sent again.
    async fn send(&mut self, request: &[u8]) -> bool {
        let refused = self.post(request).await.err();
        let all = u64::try_from(self.together.len()).unwrap_or(u64::MAX);
        self.left = refused.as_ref().map_or(0, |refused| refused.spans.unwrap_or(all).min(all));
        self.metrics.sent.inc_by(all - self.left);
        self.is_taken = refused.is_none();
        let Some(Refused { reason, again, .. }) = refused else {
            if let Some(requests) = self.failures.worked() {
                tracing::info!(requests, "the collector of traces takes spans again");
            }
            return false;
        };
        if let Some(requests) = self.failures.failed(1) {
            tracing::warn!(reason, requests, "the collector of traces takes no spans; leads do not wait for it");
        }
        again
    }

    async fn post(&self, request: &[u8]) -> Result<(), Refused> {
        let sent = self.client.post(self.url.clone()).body(request.to_vec()).send().await;
        let answer = sent.map_err(|error| Refused { reason: cause(&error.without_url()), again: true, spans: None })?;
        let status = answer.status();
        let body = read(answer).await;
        if !status.is_success() {
            let again = matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            );
            return Err(Refused { reason: format!("it answered {status}"), again, spans: None });
        }
        let answer = ExportTraceServiceResponse::decode(body.as_slice()).unwrap_or_default();
        match answer.partial_success.map_or(0, |partial| partial.rejected_spans) {
            0 => Ok(()),
            rejected => Err(Refused {
                reason: format!("it rejected {rejected} spans"),
                again: false,
                spans: u64::try_from(rejected).ok(),
            }),
        }
    }
}

/// The body of an answer, so that its connection can be used again; nothing of one that is too long.
async fn read(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Vec::new();
        }
        body.extend_from_slice(&chunk);
    }
    body
}

/// The first cause of an error, which is the one that tells.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// The sending of spans, until it is told to end.
#[derive(Debug)]
#[must_use = "the last spans are sent when it is told to end"]
pub struct Exporting(Option<(JoinHandle<()>, oneshot::Sender<()>)>);

impl Exporting {
    /// Nothing is sent.
    pub(crate) fn nothing() -> Self {
        Self(None)
    }

    pub(crate) fn new(task: JoinHandle<()>, end: oneshot::Sender<()>) -> Self {
        Self(Some((task, end)))
    }

    /// Sends the last spans, and waits for that a little.
    pub async fn end(self) {
        let Some((mut task, end)) = self.0 else { return };
        // It may have ended by itself.
        let _ = end.send(());
        if timeout(FLUSH_LIMIT, &mut task).await.is_err() {
            task.abort();
        }
    }
}
