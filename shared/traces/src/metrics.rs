//! How many spans reach the collector.

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

/// The spans of a service.
#[derive(Debug, Clone)]
pub struct SpanMetrics {
    /// The collector took them.
    pub sent: IntCounter,
    /// The collector took too few, or none.
    pub dropped: IntCounter,
}

impl SpanMetrics {
    /// Registers them for a component: `ingress` or `worker`.
    pub fn register(registry: &Registry, component: &str) -> Result<Self, prometheus::Error> {
        let spans = IntCounterVec::new(
            Opts::new(
                "postern_trace_spans_total",
                "Spans of traces by component and outcome: sent, or dropped because the collector did not take them.",
            )
            .const_label("component", component),
            &["outcome"],
        )?;
        registry.register(Box::new(spans.clone()))?;
        let of = |outcome| spans.with_label_values(&[outcome]);
        Ok(Self { sent: of("sent"), dropped: of("dropped") })
    }
}
