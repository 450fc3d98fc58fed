//! Bodies that are begun and not ended.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{SETTINGS, connect, others_go_on};
use crate::harness::{Postern, SOON, eventually};

/// Bodies of `length` bytes of which the last does not come, sent by a permitted caller.
async fn stalled(postern: &Postern, from: &str, count: usize, length: usize) -> Vec<TcpStream> {
    let head = format!("POST /trigger HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", length + 1);
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = connect(from, postern.public()).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // A body without room is answered before all is sent.
        let _ = stream.write_all(&vec![b'x'; length]).await;
        streams.push(stream);
    }
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_bodies_of_a_caller_refuse_only_its_own() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    for (count, length) in [(80, 1_040_000), (2_000, 60_000)] {
        let streams = stalled(&postern, "127.0.0.2", count, length).await;
        others_go_on(&mut postern).await;
        let large = postern.post("/trigger").form(format!("a={}", "x".repeat(900_000))).send().await;
        assert_eq!(large.status, 202, "{}", large.json);
        let large = postern.post("/trigger").from("127.0.0.2").form(format!("a={}", "x".repeat(900_000))).send().await;
        assert_eq!((large.status, large.header("retry-after").as_str()), (429, "2"), "{}", large.json);
        drop(streams);
        eventually("there is room again", async || {
            let again = postern.post("/trigger").from("127.0.0.2").form("a=1").send().await;
            (again.status == 202).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_too_slowly_gets_408_long_before_its_time_out() {
    let mut postern = Postern::with_ingress(SETTINGS, &[("POSTERN_BODY_TIMEOUT_S", "600")]).await;
    let mut stalled = stalled(&postern, "127.0.0.2", 1, 500_000).await.remove(0);
    let mut dripping = connect("127.0.0.2", postern.public()).await;
    let head = "POST /trigger HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    dripping.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let status = timeout(SOON, async {
        loop {
            let _ = dripping.write_all(b"x").await;
            if let Ok(read) = timeout(std::time::Duration::from_millis(300), dripping.read(&mut answer)).await {
                return read.unwrap();
            }
        }
    });
    assert_eq!((status.await.unwrap(), &answer[9..]), (12, &b"408"[..]));
    timeout(SOON, stalled.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer[9..], b"408");
    others_go_on(&mut postern).await;
}
