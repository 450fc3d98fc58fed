//! What a program answers to those who watch over it: whether it lives, whether it should get work, and its metrics.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use postern_shared::telemetry;
use prometheus::{IntGauge, Registry};
use warp::http::StatusCode;
use warp::reply::{Response, with_status};
use warp::{Filter, Rejection, Reply};

/// Why a program should get no work, in words for the operator; none = it should.
type Asked = Arc<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// What an operator should know of a program that should get work, as part of a line.
type Noted = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// The answers of one program. In a process of several programs one listener may give those of all.
#[derive(Clone)]
pub struct Probe {
    asked: Asked,
    noted: Noted,
    ready: IntGauge,
    registries: Vec<Registry>,
}

impl Probe {
    /// Answers by asking each time why the program should get no work. `ready` follows what was answered, whenever
    /// metrics are read.
    pub fn new<F>(registry: Registry, ready: IntGauge, why_unready: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<String>> + Send + 'static,
    {
        let asked: Asked = Arc::new(move || Box::pin(why_unready()));
        Self { asked, noted: Arc::new(|| None), ready, registries: vec![registry] }
    }

    /// The same, which tells this as well while the program should get work.
    pub fn with_note(mut self, note: impl Fn() -> Option<String> + Send + Sync + 'static) -> Self {
        self.noted = Arc::new(note);
        self
    }

    /// The same with the metrics of other programs of this process.
    pub fn with_metrics(mut self, registries: Vec<Registry>) -> Self {
        self.registries.extend(registries);
        self
    }

    /// The routes of a private listener:
    ///
    /// - `GET /health/live`: 200 while the process runs.
    /// - `GET /health/ready`: 200 while the service can do its work, else 503 and the reason.
    /// - `GET /metrics`: metrics for Prometheus, in its text format.
    pub fn routes(self) -> impl Filter<Extract = (Response,), Error = Rejection> + Clone {
        let live = warp::path!("health" / "live").map(|| "alive\n".into_response());
        let asked = self.clone();
        let ready = warp::path!("health" / "ready").then(move || {
            let probe = asked.clone();
            async move {
                match (probe.asked)().await {
                    None => match (probe.noted)() {
                        Some(note) => format!("ready, {note}\n").into_response(),
                        None => "ready\n".into_response(),
                    },
                    Some(reason) => {
                        with_status(format!("not ready: {reason}\n"), StatusCode::SERVICE_UNAVAILABLE).into_response()
                    }
                }
            }
        });
        let metrics = warp::path!("metrics").then(move || {
            let probe = self.clone();
            async move {
                probe.ready.set(i64::from((probe.asked)().await.is_none()));
                telemetry::exposition(&probe.registries).into_response()
            }
        });
        warp::get().and(live.or(ready).unify().or(metrics).unify())
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}
