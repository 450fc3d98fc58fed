//! Serves a filter on a listener. warp's own server lets a caller that sends nothing, or half a header, or that reads
//! nothing, keep its connection for ever; a few thousand of them, from any address, would keep all others out.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use postern_shared::intake::error::ApiError;
use postern_shared::log_limit::LogLimit;
use postern_shared::tls::server::ServerTls;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use warp::http::header::{CONNECTION, HeaderValue};
use warp::http::{Request, StatusCode};
use warp::hyper::body::Incoming;
use warp::hyper::server::conn::http1::Builder;
use warp::hyper::service::{Service, service_fn};
use warp::reply::Response;
use warp::{Filter, Rejection, Reply};

use super::answer::answer;
use super::attended::{Arriving, Attendance, Attended};
use super::connections::Connections;
use super::hosts::Hosts;
use super::proxy_header::{self, Announced};
use super::stall::Stalling;
use super::transport::Transport;

/// How long a request's header may take to arrive, from the connection's start or the answer before. Also how long an
/// idle connection is kept: longer than proxies pause between two requests of a busy site.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the handshake of TLS may take: two round trips, also over a slow mobile network.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that a peer may send until the handshake is done: several times what clients send, and little to be kept for one
/// that sends half of it.
const MAX_HANDSHAKE_BYTES: usize = 16 * 1024;

/// Bytes of a header, and of what is read ahead: twice what web servers take by default. hyper takes 100 fields.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// How long a proxy may take to announce a caller, which it does before anything else.
const ANNOUNCE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections whose proxy has announced nobody yet. At the limit a new one is closed.
const MAX_UNANNOUNCED: usize = 1_024;

/// The wait after a connection could not be accepted, which a lack of file descriptors does not end at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Who may come by a listener, and how many at once.
pub struct Door {
    /// Those that are open.
    pub connections: Arc<Connections>,
    /// How it is secured; none = it speaks HTTP without TLS.
    pub tls: Option<ServerTls>,
    /// Those that it answers to.
    pub hosts: Hosts,
    /// How a peer is known.
    pub standing: Box<dyn Fn(IpAddr) -> Standing + Send + Sync>,
    /// The peers that announce their callers by the PROXY protocol, and that are not answered otherwise.
    pub announcers: Vec<IpNet>,
    /// Counts what is refused before the filter sees it.
    pub refused: Box<dyn Fn(StatusCode) + Send + Sync>,
    /// Counts the peers whose requests cannot be read. hyper answers them without a body, and closes the connection.
    pub unreadable: Box<dyn Fn(IpAddr) + Send + Sync>,
}

/// How a peer is known when it opens a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its requests may be accepted.
    Caller,
    /// Nothing of it can be accepted: its connections go first when there are too many.
    Stranger,
    /// A stranger that floods: its connections are closed unread.
    Flooding,
}

/// Put into the extensions of an answer that is held back for a time.
#[derive(Debug, Clone, Copy)]
pub struct HoldBack(pub Duration);

/// The connection was chosen to be closed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is being closed")]
struct Closing;

/// Serves HTTP/1 until `stop`, and then until the answers under way are given. `filter` makes the filter for a peer, whose
/// address is canonical: IPv4 wherever it is one.
pub async fn serve<F>(
    listener: TcpListener,
    door: Door,
    filter: impl Fn(SocketAddr) -> F,
    stop: impl Future<Output = ()>,
) where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let (door, graceful) = (Arc::new(door), GracefulShutdown::new());
    let failures = LogLimit::default();
    let mut stop = std::pin::pin!(stop);
    let mut unannounced = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            Some(announced) = unannounced.join_next() => match announced {
                Ok(Some(came)) => came,
                _ => continue,
            },
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    // A listener on `[::]` sees callers by IPv4 as `::ffff:192.0.2.1`.
                    let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                    if door.announcers.iter().any(|network| network.contains(&peer.ip())) {
                        if unannounced.len() < MAX_UNANNOUNCED {
                            unannounced.spawn(announced(stream, peer));
                        }
                        continue;
                    }
                    (stream, peer)
                }
                Err(error) => {
                    not_accepted(&door, &failures, &error).await;
                    continue;
                }
            },
        };
        match (door.standing)(peer.ip()) {
            Standing::Flooding => drop(stream),
            standing => take(&door, &graceful, stream, (peer, standing), filter(peer)),
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn not_accepted(door: &Door, failures: &LogLimit, error: &io::Error) {
    if is_of_the_caller(error) {
        return;
    }
    let is_room = door.connections.shed();
    if let Some(times) = failures.failed(1) {
        tracing::error!(%error, is_room, times, "a connection could not be accepted");
    }
    sleep(ACCEPT_PAUSE).await;
}

/// A connection with the caller that its proxy announces; none if it announces nobody.
async fn announced(mut stream: TcpStream, proxy: SocketAddr) -> Option<(TcpStream, SocketAddr)> {
    match timeout(ANNOUNCE_TIMEOUT, proxy_header::read(&mut stream)).await.ok()? {
        Ok(Announced::Caller(caller)) => Some((stream, caller)),
        Ok(Announced::Proxy) => Some((stream, proxy)),
        Err(error) => {
            tracing::debug!(%error, proxy.address = %proxy.ip(), "a proxy announces no caller");
            None
        }
    }
}

/// Serves a connection beside the others, if there is a place for it.
fn take<F>(door: &Arc<Door>, graceful: &GracefulShutdown, stream: TcpStream, peer: (SocketAddr, Standing), filter: F)
where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let Some(place) = door.connections.open(peer.0.ip(), peer.1 == Standing::Stranger) else { return };
    let attendance = Arc::new(Attendance::new(place));
    let service = {
        let (door, attendance) = (Arc::clone(door), Arc::clone(&attendance));
        let filtered = TowerToHyperService::new(warp::service(filter));
        service_fn(move |request: Request<Incoming>| {
            let (door, attendance, filtered) = (Arc::clone(&door), Arc::clone(&attendance), filtered.clone());
            // hyper has room for this in every connection, also in one that is idle: in a box it takes none there.
            Box::pin(async move {
                let answering = Arc::clone(&attendance).request().await.ok_or(Closing)?;
                let response = match door.hosts.check(&request) {
                    Ok(()) => match filtered.call(request.map(|body| Arriving::new(body, attendance))).await {
                        Ok(response) => response,
                    },
                    Err(error) => refused(&door, &error),
                };
                if let Some(HoldBack(time)) = response.extensions().get()
                    && !answering.hold_back(*time).await
                {
                    return Err(Closing);
                }
                Ok::<_, Closing>(response.map(|body| Attended::new(body, answering)))
            })
        })
    };
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(MAX_HEADER_BYTES);
    let (stream, watcher) = (Stalling::new(stream, Arc::clone(&attendance)), graceful.watcher());
    let (door, peer) = (Arc::clone(door), peer.0.ip());
    let serving = {
        let attendance = Arc::clone(&attendance);
        async move {
            let Some(stream) = secured(&door, stream, (peer, &*attendance)).await else { return };
            let connection = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
            match attendance.in_turns(connection).await {
                Err(error) if error.is_parse() => (door.unreadable)(peer),
                // A caller that hangs up is no news.
                Ok(()) | Err(_) => {}
            }
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = serving => {}
            () = attendance.is_to_close() => {}
        }
    });
}

/// The connection with what secures it, if the listener is secured; none = the peer does not shake hands.
async fn secured(door: &Door, mut stream: Stalling, (peer, attendance): (IpAddr, &Attendance)) -> Option<Transport> {
    let Some(tls) = &door.tls else { return Some(Transport::Plain(stream)) };
    stream.bound(Some(MAX_HANDSHAKE_BYTES));
    match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
        Ok(Ok(mut stream)) => {
            stream.get_mut().0.bound(None);
            Some(Transport::Secured(Box::new(stream)))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, peer.address = %peer, "a peer does not shake hands by TLS");
            None
        }
        Err(_) => {
            attendance.is_unsecured();
            None
        }
    }
}

fn refused(door: &Door, error: &ApiError) -> Response {
    let mut response = answer(error);
    (door.refused)(response.status());
    // What stands behind such a request may be meant for another server.
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

fn is_of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
