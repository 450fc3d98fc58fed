//! Serves a filter on a listener. warp's own server lets a caller that sends nothing, or half a header, keep its
//! connection for ever; a few thousand of them, from any address, would keep all others out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use warp::{Filter, Rejection, Reply};

/// How long a request's header may take to arrive, from the connection's start or the answer before. Also how long an
/// idle connection is kept: longer than proxies pause between two requests of a busy site.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// The wait after a connection could not be accepted, which a lack of file descriptors does not end at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves HTTP/1 until `stop`, and then until the answers under way are given. `filter` makes the filter for a peer.
pub async fn serve<F>(listener: TcpListener, filter: impl Fn(SocketAddr) -> F, stop: impl Future<Output = ()>)
where
    F: Filter<Error = Rejection> + Clone + Send + Sync + 'static,
    F::Extract: Reply,
{
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let service = TowerToHyperService::new(warp::service(filter(peer)));
                let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
                let connection = graceful.watch(connection);
                // A caller that hangs up is no news.
                tokio::spawn(async move { connection.await.ok() });
            }
            Err(error) if is_of_the_caller(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

fn is_of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
