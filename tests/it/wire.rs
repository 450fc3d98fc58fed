//! What only a raw connection shows.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::{DEMO, Postern};

const PATH: &str = "/trigger?workflow_id=77";

async fn connect(postern: &Postern, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(postern.public()).await.unwrap()
}

/// The first bytes that come back.
async fn reply(stream: &mut TcpStream) -> String {
    let mut buffer = vec![0; 4096];
    let read = timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

async fn expecting(postern: &Postern, from: &str) -> String {
    let mut stream = connect(postern, from).await;
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    reply(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_refused_before_its_body_is_asked_for() {
    let postern = Postern::without_worker(DEMO).await;
    assert!(expecting(&postern, "127.0.0.1").await.starts_with("HTTP/1.1 100 "));
    assert!(expecting(&postern, "127.0.0.2").await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_cut_off_is_not_accepted() {
    let postern = Postern::without_worker(DEMO).await;
    for (framing, body) in
        [("content-length: 50", "lastname=Love"), ("transfer-encoding: chunked", "d\r\nlastname=Love\r\n")]
    {
        let mut stream = connect(&postern, "127.0.0.1").await;
        let request = format!("POST {PATH} HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = reply(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{framing}: {answer}");
    }
    assert_eq!(postern.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_arrives_whole() {
    let postern = Postern::without_worker(DEMO).await;
    let mut stream = connect(&postern, "127.0.0.1").await;
    let request =
        format!("POST {PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nd\r\nlastname=Love\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(b"4\r\nlace\r\n0\r\n\r\n").await.unwrap();
    assert!(reply(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert_eq!(postern.servers().queued_env().await, [serde_json::json!({"lastname": "Lovelace"})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingress_told_to_stop_answers_what_it_has_begun() {
    let mut postern = Postern::without_worker(DEMO).await;
    let mut stream = connect(&postern, "127.0.0.1").await;
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 17\r\n\r\nlastname=");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    postern.ingress.terminate();
    tokio::time::sleep(Duration::from_millis(100)).await;
    stream.write_all(b"Lovelace").await.unwrap();
    assert!(reply(&mut stream).await.starts_with("HTTP/1.1 202 "));
    assert!(postern.ingress.ended().await, "{}", postern.ingress.log());
    assert_eq!(postern.queued().await, 1);
}
