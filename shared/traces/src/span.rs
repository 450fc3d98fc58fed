//! A span that has ended, or is about to.

use std::time::SystemTime;

use postern_shared::trace::TraceContext;

use crate::otlp::{self, AnyValue, KeyValue, Status, Value};

/// The status of a span that failed.
const FAILED: i32 = 2;

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Work within the service.
    Internal = 1,
    /// A request that came.
    Server = 2,
    /// A request to another system.
    Client = 3,
    /// A message that was handed on.
    Producer = 4,
    /// A message that was taken.
    Consumer = 5,
}

/// A span of a trace that is kept. Its end is set last.
#[derive(Debug, Clone)]
pub struct Span(otlp::Span);

impl Span {
    /// A span below another one. `parent` is none for the first of a trace. None if the trace is not kept.
    pub fn new(context: TraceContext, parent: Option<u64>, name: &str, kind: Kind, start: SystemTime) -> Option<Self> {
        context.is_sampled.then(|| {
            Self(otlp::Span {
                trace_id: context.trace.to_be_bytes().to_vec(),
                span_id: context.span.to_be_bytes().to_vec(),
                parent_span_id: parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
                name: name.to_owned(),
                kind: kind as i32,
                start_time_unix_nano: nanoseconds(start),
                flags: 1,
                ..otlp::Span::default()
            })
        })
    }

    /// With one more attribute. A text is a name or an id: never anything posted.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Attribute>) -> Self {
        let Attribute(value) = value.into();
        self.0.attributes.push(KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) });
        self
    }

    /// As a failure, if it is one.
    #[must_use]
    pub fn failed(mut self, has_failed: bool) -> Self {
        self.0.status = has_failed.then_some(Status { code: FAILED });
        self
    }

    /// Ended at this time.
    #[must_use]
    pub fn end(mut self, end: SystemTime) -> Self {
        // Clocks are set back now and then.
        self.0.end_time_unix_nano = nanoseconds(end).max(self.0.start_time_unix_nano);
        self
    }

    /// Whether it is this span of its trace.
    pub fn is(&self, context: TraceContext) -> bool {
        self.0.span_id == context.span.to_be_bytes()
    }

    /// It began at this time, if that was earlier.
    pub fn began(&mut self, start: SystemTime) {
        self.0.start_time_unix_nano = self.0.start_time_unix_nano.min(nanoseconds(start));
    }

    /// As it is sent.
    pub fn into_message(self) -> otlp::Span {
        self.0
    }
}

/// The value of an attribute.
#[derive(Debug, Clone)]
pub struct Attribute(Value);

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self(Value::Text(text))
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Self(Value::Number(number))
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
