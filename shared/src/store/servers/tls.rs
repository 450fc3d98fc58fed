//! TLS in the terms of the client of PostgreSQL: each connection takes the files as they are by then.

use rustls::ClientConfig;
use tokio_postgres::Socket;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::tls::client::{Check, ClientTls};

#[derive(Debug, Clone)]
pub(super) struct MakeTls(pub ClientTls);

/// What a connection with TLS is read from.
pub(super) type Stream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

impl MakeTls {
    /// Whether whoever answers is taken for the server.
    pub fn proves_nothing(&self) -> bool {
        self.0.check() == Check::Nothing
    }
}

impl MakeTlsConnect<Socket> for MakeTls {
    type Stream = Stream;
    type TlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, host: &str) -> Result<Self::TlsConnect, Self::Error> {
        // The sessions that may be resumed are shared by all copies.
        let config = ClientConfig::clone(&self.0.config());
        <MakeRustlsConnect as MakeTlsConnect<Socket>>::make_tls_connect(&mut MakeRustlsConnect::new(config), host)
    }
}
