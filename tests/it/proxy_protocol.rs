//! Callers behind a proxy that carries bytes and announces them by the PROXY protocol.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::harness::{DEMO, Postern};

/// The addresses of the demo's permission are replaced by one that no caller of this machine has.
const ADMITTED: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

/// What comes back for a lead that is posted from `from` after these bytes; empty = the connection was closed.
async fn answer(to: SocketAddr, from: &str, first: &[u8]) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let post = "POST /trigger?workflow_id=77 HTTP/1.1\r\nHost: postern\r\nConnection: close\r\nContent-Length: 38\r\n\r\n\
                lastname=Li&email=li%40example.org&a=1";
    // A peer that refuses may have closed already.
    let _ = stream.write_all(&[first, post.as_bytes()].concat()).await;
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A header that announces a caller.
fn announce(caller: Ipv4Addr) -> Vec<u8> {
    let addresses = [&caller.octets()[..], &[10, 0, 0, 1], &[0x1f, 0x90], &[0, 80]].concat();
    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"[..], &addresses].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_caller_is_believed_of_a_listed_proxy_alone() {
    let settings = DEMO.replace("127.0.0.1", &ADMITTED.to_string());
    let listed = [("POSTERN_PROXY_PROTOCOL_PEERS", "127.0.0.2/32")];
    let postern = Postern::with_ingress(&settings, &listed).await;
    let public = postern.public();
    let (proxy, other) = ("127.0.0.2", "127.0.0.3");
    let accepted = answer(public, proxy, &announce(ADMITTED)).await;
    assert!(accepted.starts_with("HTTP/1.1 202"), "{accepted}");
    let denied = answer(public, proxy, &announce(Ipv4Addr::new(203, 0, 113, 8))).await;
    assert!(denied.starts_with("HTTP/1.1 403") && denied.contains("203.0.113.8"), "{denied}");
    assert_eq!(answer(public, proxy, b"").await, "");
    assert_eq!(answer(public, proxy, b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n").await, "");
    let own = answer(public, proxy, b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00").await;
    assert!(own.starts_with("HTTP/1.1 403") && own.contains(proxy), "{own}");
    let unlisted = answer(public, other, &announce(ADMITTED)).await;
    assert!(!unlisted.starts_with("HTTP/1.1 2"), "{unlisted}");
    assert!(answer(public, other, b"").await.starts_with("HTTP/1.1 403"));
}
