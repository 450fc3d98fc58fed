//! Connections of callers that do not do their part.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{DEMO, Postern, SOON, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_never_finishes_its_header_is_cut_off() {
    let postern = Postern::without_worker(DEMO).await;
    let cut_off =
        ["", "POST /trigger HTTP/1.1\r\nhost: x\r\n", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"].map(async |begun| {
            let mut stream = TcpStream::connect(postern.public()).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let ended = timeout(SOON, stream.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "still connected after {begun:?}");
        });
    futures_util::future::join_all(cut_off).await;
}

/// One request as it is, and the status of its answer; 0 = the connection was closed without one.
async fn status(postern: &Postern, request: &str) -> u16 {
    let mut stream = TcpStream::connect(postern.public()).await.unwrap();
    // The answer may come, and the connection end, before all is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut head = [0; 12];
    match timeout(SOON, stream.read_exact(&mut head)).await.unwrap() {
        Ok(_) => std::str::from_utf8(&head[9..]).unwrap().parse().unwrap(),
        Err(_) => 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strange_requests_are_refused_and_the_next_one_is_answered() {
    let postern = Postern::without_worker(DEMO).await;
    let long = format!("POST /trigger?x={} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    for (request, statuses) in [
        ("CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n", [404, 405]),
        ("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", [404, 405]),
        ("POST http://x/trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", [202, 202]),
        ("POST /%74rigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", [202, 202]),
        ("POST //trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", [202, 202]),
        (
            "POST /trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            [400, 400],
        ),
        (
            "POST /trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            [400, 202],
        ),
        ("POST /trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", [400, 400]),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 0]),
        ("\u{16}\u{3}\u{1}\r\n\r\n", [400, 0]),
        (&long, [431, 431]),
    ] {
        let status = status(&postern, request).await;
        let begins: String = request.chars().take(60).collect();
        assert!(statuses.contains(&status), "{begins:?}: {status}\n{}", postern.ingress.log());
    }
    let answer = postern.post("/trigger?workflow_id=77").form("").send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_together_take_too_much_are_told_to_come_again() {
    let postern = Postern::without_worker(DEMO).await;
    let mut slow = Vec::new();
    let post = async || {
        let body = format!("a={}", "x".repeat(990_000));
        postern.post("/trigger?workflow_id=77").form(body).send().await
    };
    let refused = eventually("there is no room", async || {
        for _ in 0..10 {
            let mut stream = TcpStream::connect(postern.public()).await.unwrap();
            let head = "POST /trigger?workflow_id=77 HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            // Those without room are answered before all is sent.
            let _ = stream.write_all(&vec![b'x'; 900_000]).await;
            slow.push(stream);
        }
        Some(post().await).filter(|answer| answer.status == 429)
    })
    .await;
    assert_eq!((refused.code(), refused.header("retry-after").as_str()), ("too_busy", "2"));
    drop(slow);
    eventually("there is room again", async || (post().await.status == 202).then_some(())).await;
}
