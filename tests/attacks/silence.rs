//! A server that accepts and never answers: the hanging target, and the silent mail server. It stands at an address of
//! its own, so that what is limited by address does not meet the targets of honest workflows.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Accepts for as long as the program runs; returns its address.
pub async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.9:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut said = [0; 4096];
                while stream.read(&mut said).await.is_ok_and(|length| length > 0) {}
            });
        }
    });
    address
}
