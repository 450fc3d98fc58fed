//! The metrics of connections, by listener.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// Those of all listeners of a program.
#[derive(Debug)]
pub struct ConnectionMetrics {
    held: IntGaugeVec,
    closed: IntCounterVec,
}

/// Those of one listener.
#[derive(Debug)]
pub struct ListenerMetrics {
    held: IntGauge,
    idle: IntCounter,
    full: IntCounter,
    stalled: IntCounter,
    unsecured: IntCounter,
}

/// Why a limit has closed a connection.
#[derive(Debug, Clone, Copy)]
pub enum Closed {
    /// It was the oldest idle one of the address with most.
    Idle,
    /// It was new, and no other was idle.
    Full,
    /// Its peer did not read.
    Stalled,
    /// Its peer did not shake hands by TLS in time.
    Unsecured,
}

impl ConnectionMetrics {
    /// Registers them.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let held = IntGaugeVec::new(
            Opts::new("postern_connections", "Open connections, by listener: public, private, control."),
            &["listener"],
        )?;
        let closed = IntCounterVec::new(
            Opts::new(
                "postern_connections_closed_total",
                "Connections that a limit has closed, by listener and reason: idle (the oldest of the address with most \
                 made room), full (it was new, and no other was idle), stalled (its peer did not read), unsecured (its peer \
                 did not shake hands by TLS in time).",
            ),
            &["listener", "reason"],
        )?;
        registry.register(Box::new(held.clone()))?;
        registry.register(Box::new(closed.clone()))?;
        Ok(Self { held, closed })
    }

    /// Those of one listener: `public`, `private` or `control`.
    pub fn listener(&self, name: &'static str) -> ListenerMetrics {
        let closed = |reason| self.closed.with_label_values(&[name, reason]);
        ListenerMetrics {
            held: self.held.with_label_values(&[name]),
            idle: closed("idle"),
            full: closed("full"),
            stalled: closed("stalled"),
            unsecured: closed("unsecured"),
        }
    }
}

impl ListenerMetrics {
    /// So many connections are open.
    pub fn held(&self, connections: usize) {
        self.held.set(i64::try_from(connections).unwrap_or(i64::MAX));
    }

    /// A limit has closed a connection.
    pub fn closed(&self, reason: Closed) {
        match reason {
            Closed::Idle => self.idle.inc(),
            Closed::Full => self.full.inc(),
            Closed::Stalled => self.stalled.inc(),
            Closed::Unsecured => self.unsecured.inc(),
        }
    }
}
