//! Connections to RabbitMQ with TLS. lapin is handed a stream that is encrypted already, so that PostgreSQL and RabbitMQ are
//! reached by the same rules about certificates.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use async_compat::{Compat, CompatExt};
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::Stream;
use lapin::uri::AMQPUri;
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::client::ClientTls;

/// What lapin reads from.
type Secured = Compat<TlsStream<TcpStream>>;

/// Opens a connection whose stream is encrypted.
pub(super) async fn connect(
    uri: AMQPUri,
    tls: ClientTls,
    properties: ConnectionProperties,
) -> Result<Connection, lapin::Error> {
    let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), Secure(Tokio::current())));
    let open = async move |uri: AMQPUri, _| Ok(AsyncTcpStream::Plain(open(&uri, &tls).await?));
    Connection::connector(uri, runtime, open, properties).await
}

async fn open(uri: &AMQPUri, tls: &ClientTls) -> io::Result<Secured> {
    let (host, port) = (uri.authority.host.as_str(), uri.authority.port);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(TlsConnector::from(tls.config()).connect(name, stream).await?.compat())
}

/// Tokio, as lapin knows it, with streams that are encrypted. lapin never opens one by it: [`open`] does.
#[derive(Debug, Clone)]
struct Secure(Tokio);

impl Reactor for Secure {
    type TcpStream = Secured;
    type Sleep = <Tokio as Reactor>::Sleep;

    #[expect(refining_impl_trait, reason = "the trait's own bounds cannot be named here")]
    fn register<H: Read + Write + Send + 'static>(&self, _: H) -> io::Result<Secured> {
        Err(ErrorKind::Unsupported.into())
    }

    fn sleep(&self, time: Duration) -> Self::Sleep {
        self.0.sleep(time)
    }

    fn interval(&self, time: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(time)
    }

    fn tcp_connect_addr(&self, _: SocketAddr) -> impl Future<Output = io::Result<Secured>> + Send + 'static {
        std::future::ready(Err(ErrorKind::Unsupported.into()))
    }
}
