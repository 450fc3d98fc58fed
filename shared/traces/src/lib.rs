//! OpenTelemetry traces: spans of what ingress and workers have done, sent to a collector by OTLP over HTTP. Off unless an
//! endpoint is set; then nothing is made and nothing is sent. What ends a span hands it over and never waits: spans stand
//! in a bounded queue, and those for which it has no room are dropped and counted. No posted value, secret or
//! address stands in a span.

mod exporter;
mod metrics;
pub mod otlp;
mod sampler;
mod span;

use std::sync::Arc;

use postern_shared::log_limit::LogLimit;
use postern_shared::options::TraceOptions;
use postern_shared::service::Failure;
use postern_shared::trace::TraceContext;
use prometheus::Registry;
use tokio::sync::{mpsc, oneshot};

use exporter::Exporter;
pub use exporter::Exporting;
use metrics::SpanMetrics;
use sampler::Sampler;
pub use span::{Kind, Span};

/// The spans that wait for the collector, of about 1 KB each: a second of a thousand leads per second.
const MAX_WAITING: usize = 8_192;

/// Takes the spans of a service; clones share the way to the collector. The default takes none.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<On>>);

#[derive(Debug)]
struct On {
    sampler: Sampler,
    waiting: mpsc::Sender<Span>,
    metrics: SpanMetrics,
    dropped: LogLimit,
}

impl Traces {
    /// Begins to send the spans of a component, `ingress` or `worker`, if a collector is set.
    pub fn start(options: &TraceOptions, component: &str, registry: &Registry) -> Result<(Self, Exporting), Failure> {
        let metrics = SpanMetrics::register(registry, component)?;
        let Some(url) = options.url() else { return Ok((Self(None), Exporting::nothing())) };
        let (waiting, taken) = mpsc::channel(MAX_WAITING);
        let (end, ends) = oneshot::channel();
        let service = options.otel_service_name.clone().unwrap_or_else(|| format!("postern-{component}"));
        let exporter = Exporter::new(url, options.otlp_headers.as_ref(), service, (taken, metrics.clone()))?;
        let exporting = Exporting::new(tokio::spawn(exporter.run(ends)), end);
        let sampler = Sampler::new(options.otel_traces_sampler, options.otel_traces_sampler_arg);
        Ok((Self(Some(Arc::new(On { sampler, waiting, metrics, dropped: LogLimit::default() }))), exporting))
    }

    /// Whether spans are taken.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The first span here of a call, below that which its header names; none = traces are off.
    pub fn begin(&self, header: impl FnOnce() -> Option<TraceContext>) -> Option<Begun> {
        let on = self.0.as_ref()?;
        let parent = header();
        let mut context = parent.map_or_else(|| TraceContext::root(true), TraceContext::child);
        context.is_sampled = on.sampler.keeps(context.trace, parent.map(|parent| parent.is_sampled));
        Some(Begun { context, parent: parent.map(|parent| parent.span) })
    }

    /// Takes spans that have ended. Never waits.
    pub fn take(&self, spans: impl IntoIterator<Item = Span>) {
        let Some(on) = &self.0 else { return };
        for span in spans {
            if on.waiting.try_send(span).is_ok() {
                continue;
            }
            on.metrics.dropped.inc();
            if let Some(spans) = on.dropped.failed(1) {
                tracing::warn!(spans, "spans were dropped: the collector of traces does not take as many");
            }
        }
    }
}

/// The first span of a call.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// Itself.
    pub context: TraceContext,
    /// The span of the caller.
    pub parent: Option<u64>,
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Sample {
        #[command(flatten)]
        traces: TraceOptions,
    }

    #[tokio::test]
    async fn spans_for_which_there_is_no_room_are_dropped() {
        // It takes connections and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("--otlp-endpoint=http://{}", silent.local_addr().unwrap());
        let options = Sample::parse_from(["", &endpoint]).traces;
        let (traces, exporting) = Traces::start(&options, "test", &Registry::new()).unwrap();
        let begun = traces.begin(|| None).unwrap();
        let span = || Span::new(begun.context, begun.parent, "test", Kind::Internal, SystemTime::now());
        let began = Instant::now();
        traces.take((0..2 * MAX_WAITING).filter_map(|_| span()));
        let on = traces.0.as_ref().unwrap();
        assert_eq!((on.waiting.capacity(), on.waiting.max_capacity()), (0, MAX_WAITING));
        let dropped = on.metrics.dropped.get();
        assert!(dropped >= u64::try_from(MAX_WAITING).unwrap() - 512, "{dropped}");
        exporting.end().await;
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }

    #[test]
    fn without_an_endpoint_nothing_is_begun() {
        let (traces, _exporting) = Traces::start(&Sample::parse_from([""]).traces, "test", &Registry::new()).unwrap();
        assert!(!traces.is_on() && traces.begin(|| unreachable!("the header is not looked at")).is_none());
    }
}
