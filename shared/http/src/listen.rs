//! Opens a listener. Its connections inherit what is set here.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Bytes that the system keeps of an answer that is not read; it allows itself twice as much.
const SEND_BUFFER: u32 = 64 * 1024;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}")]
pub struct CannotListen {
    address: SocketAddr,
    error: io::Error,
}

/// Opens a listener on an address.
pub fn listen(address: SocketAddr) -> Result<TcpListener, CannotListen> {
    let opened = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        // Connections inherit it. By itself the system keeps some MB for a peer that does not read.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    opened().map_err(|error| CannotListen { address, error })
}
