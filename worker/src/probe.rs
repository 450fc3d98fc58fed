//! The private listener: health and metrics, for operators only. A worker is ready only while deliveries can
//! reach it and what they ask for can be committed: a deaf worker is not. A connection carries one request and lives for
//! some seconds at most, and there are not many of them: nothing that is done here may cost the worker memory or
//! descriptors.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use postern_shared::host::{self, Host, HostName};
use postern_shared::telemetry;
use prometheus::{IntGauge, Registry};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use warp::http::header::HOST;
use warp::http::{Request, StatusCode, Version};
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1::Builder;
use warp::hyper::service::{Service, service_fn};
use warp::reply::{Response, with_status};
use warp::{Filter, Reply};

use crate::consume::health::Health;
use crate::consume::outages::{Outages, WAITS_TOO_LONG};

/// What readiness depends on.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// Of what is delivered.
    pub health: Health,
    /// Of calls and slow runs, which are in the spool alone.
    pub own_lanes: Health,
    /// Of what is taken from the spool while the broker takes nothing.
    pub stranded: Health,
    pub outages: Arc<Outages>,
}

/// Connections of the private listener of a worker. At the limit the oldest of the address with most of them is closed.
const MAX_CONNECTIONS: usize = 64;

/// How long a connection of the private listener may take for its request and its answer.
const MAX_LIFE: Duration = Duration::from_secs(15);

/// Bytes of a header: the least that hyper allows.
const MAX_HEADER_BYTES: usize = 8 * 1024;

/// The wait after a connection could not be accepted, for lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is dropped:
///
/// - `GET /health/live`: 200 while the process runs.
/// - `GET /health/ready`: 200 while the service can do its work, else 503 and the reason.
/// - `GET /metrics`: metrics for Prometheus, in its text format.
pub async fn serve(
    listener: TcpListener,
    names: Vec<HostName>,
    condition: Condition,
    ready_gauge: IntGauge,
    registry: Registry,
) {
    let live = warp::path!("health" / "live").map(|| "alive\n".to_owned());
    let asked = condition.clone();
    let ready = warp::path!("health" / "ready").map(move || match unready(&asked) {
        None => with_status("ready\n".to_owned(), StatusCode::OK),
        Some(reason) => with_status(format!("not ready: {reason}\n"), StatusCode::SERVICE_UNAVAILABLE),
    });
    let metrics = warp::path!("metrics").map(move || {
        ready_gauge.set(i64::from(unready(&condition).is_none()));
        telemetry::exposition(std::slice::from_ref(&registry))
    });
    let routes = TowerToHyperService::new(warp::service(warp::get().and(live.or(ready).or(metrics))));
    let service = service_fn(move |request: Request<Incoming>| {
        let (refused, answer) = (refused(&request, &names), routes.clone());
        async move {
            match refused {
                Some(refused) => Ok(refused),
                None => answer.call(request).await,
            }
        }
    });
    let mut open: Vec<(IpAddr, AbortHandle)> = Vec::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        open.retain(|(_, connection)| !connection.is_finished());
        if open.len() >= MAX_CONNECTIONS {
            make_room(&mut open);
        }
        let connection = connection(stream, service.clone());
        open.push((peer.ip(), tokio::spawn(timeout(MAX_LIFE, connection)).abort_handle()));
    }
}

async fn connection<S>(stream: TcpStream, service: S)
where
    S: Service<Request<Incoming>, Response = Response, Error = std::convert::Infallible>,
{
    let mut builder = Builder::new();
    builder.keep_alive(false).header_read_timeout(None).max_buf_size(MAX_HEADER_BYTES);
    // A caller that hangs up is no news.
    builder.serve_connection(TokioIo::new(stream), service).await.ok();
}

/// Closes the oldest connection of the address with most.
fn make_room(open: &mut Vec<(IpAddr, AbortHandle)>) {
    let held = |address: IpAddr| open.iter().filter(|(other, _)| *other == address).count();
    let most = open.iter().enumerate().max_by_key(|(at, (address, _))| (held(*address), usize::MAX - at));
    if let Some(at) = most.map(|(at, _)| at) {
        open.remove(at).1.abort();
    }
}

/// The answer to a request that does not name this listener by one valid host.
fn refused(request: &Request<Incoming>, names: &[HostName]) -> Option<Response> {
    let mut hosts = request.headers().get_all(HOST).iter().map(|host| host.to_str().ok().and_then(Host::read));
    let authority = request.uri().authority().map(|authority| Host::read(authority.as_str()));
    let header = match (hosts.next(), hosts.next()) {
        (None, _) if request.version() < Version::HTTP_11 => None,
        (Some(host), None) => Some(host),
        _ => Some(None),
    };
    let refuse = |text: String, status| Some(with_status(text, status).into_response());
    match [header, authority].into_iter().flatten().collect::<Option<Vec<_>>>() {
        None => refuse("the request must have exactly one valid Host header\n".to_owned(), StatusCode::BAD_REQUEST),
        Some(hosts) if hosts.iter().all(|host| host.is_private(names)) => None,
        Some(_) => refuse(
            format!("this listener does not answer to that Host; {} names those that it answers to\n", host::SETTING),
            StatusCode::MISDIRECTED_REQUEST,
        ),
    }
}

/// Why this worker does no work, in words for the operator; nothing if it does.
fn unready(condition: &Condition) -> Option<String> {
    let Condition { health, own_lanes, stranded, outages } = condition;
    for (what, deaf) in [
        ("messages", health.deaf()),
        ("calls and slow runs", own_lanes.deaf_for(WAITS_TOO_LONG)),
        ("what waits for the broker", stranded.deaf_for(WAITS_TOO_LONG)),
    ] {
        if let Some(reason) = deaf {
            let why = if reason.is_empty() { "it is starting" } else { &reason };
            return Some(format!("{what} cannot reach this worker: {why}"));
        }
    }
    outages.takes_no_commits().map(|reason| format!("postgresql takes no commits: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_of_which_one_consumer_takes_nothing_is_not_ready_and_names_it() {
        let condition = Condition::default();
        let Condition { health, own_lanes, stranded, .. } = &condition;
        for (consumer, what) in [
            (health, "messages cannot"),
            (own_lanes, "calls and slow runs cannot"),
            (stranded, "what waits for the broker cannot"),
        ] {
            assert!(unready(&condition).unwrap().starts_with(what), "{what}");
            consumer.lost("it has panicked".into());
            assert!(unready(&condition).unwrap().ends_with("it has panicked"), "{what}");
            consumer.hearing();
        }
        assert_eq!(unready(&condition), None);
        // A restart of PostgreSQL is shorter than what is told of the others.
        own_lanes.lost("postgresql restarts".into());
        assert_eq!(unready(&condition), None);
    }
}
