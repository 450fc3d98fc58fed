//! Floods of requests that are refused, on connections that are kept. The honest caller goes on, also behind the address
//! of the flood, and readiness blames nobody who is not at fault.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use postern_shared::id::ReceiptId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{SETTINGS, connect, others_go_on};
use crate::harness::{Postern, eventually};

/// Connections of one flood, and requests in one write of it.
const CONNECTIONS: usize = 20;
const TOGETHER: usize = 50;

/// Far more than an address may be refused in the time of a flood, and far less than it would be without a limit.
const MOST_ANSWERS: u64 = 2_000;

/// How long a flood lasts at least.
const FLOOD: Duration = Duration::from_secs(5);

/// Sends a request again and again ahead of its answers until `beside` has ended; returns how many were answered.
async fn flood(postern: &Postern, from: &str, request: &str, beside: impl Future<Output = ()>) -> u64 {
    let (answers, requests) = (AtomicU64::new(0), request.repeat(TOGETHER));
    let one = async || {
        // A connection that is closed is followed by the next.
        loop {
            let (mut reader, mut writer) = connect(from, postern.public()).await.into_split();
            let write = async { while writer.write_all(requests.as_bytes()).await.is_ok() {} };
            let read = async {
                let mut bytes = [0; 16 * 1024];
                while let Ok(length @ 1..) = reader.read(&mut bytes).await {
                    let heads = bytes[..length].windows(9).filter(|bytes| bytes == b"HTTP/1.1 ").count();
                    answers.fetch_add(u64::try_from(heads).unwrap(), Ordering::Relaxed);
                }
            };
            tokio::join!(write, read);
        }
    };
    tokio::select! {
        _ = join_all((0..CONNECTIONS).map(|_| one())) => unreachable!(),
        () = beside => {}
    }
    answers.load(Ordering::Relaxed)
}

/// An honest caller of this address posts for the time of a flood; each post must be accepted.
async fn honest(postern: &Postern, from: &str) {
    let begin = Instant::now();
    while begin.elapsed() < FLOOD {
        let answer = postern.post("/trigger").from(from).form("n=1").send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")
}

fn post(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nn=1")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refused_requests_is_answered_slowly_and_stops_nobody() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    for (from, request) in [
        ("127.0.0.3", post("/trigger")),
        ("127.0.0.4", get("/anything")),
        // From an address that is permitted.
        ("127.0.0.2", post("/unknown")),
        ("127.0.0.2", post("/trigger?workflow_id=2")),
        ("127.0.0.2", get(&format!("/receipts/{}", ReceiptId::new()))),
    ] {
        let answers = flood(&postern, from, &request, honest(&postern, "127.0.0.1")).await;
        assert!((100..MOST_ANSWERS).contains(&answers), "{answers} answers to {request}");
        others_go_on(&mut postern).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permitted_caller_behind_the_address_of_a_flood_is_not_held_back() {
    let postern = Postern::with_ingress(SETTINGS, &[]).await;
    let posts = async {
        honest(&postern, "127.0.0.2").await;
        let begin = Instant::now();
        for _ in 0..20 {
            assert_eq!(postern.post("/trigger").from("127.0.0.2").form("n=1").send().await.status, 202);
        }
        // Held back as refused requests are, 20 of them would take 40 s.
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    };
    assert!(flood(&postern, "127.0.0.2", &post("/unknown"), posts).await < MOST_ANSWERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_whose_answers_are_held_back_make_room_for_others() {
    let few = [("POSTERN_MAX_CONNECTIONS", "60"), ("POSTERN_MAX_CONNECTIONS_PER_ADDRESS", "30")];
    let mut postern = Postern::with_ingress(SETTINGS, &few).await;
    let request = get("/anything").repeat(1_000);
    for _ in 0..3 {
        let mut streams = Vec::new();
        for number in 0..120 {
            let mut stream = connect(&format!("127.0.0.{}", 3 + number % 4), postern.public()).await;
            let _ = stream.write_all(request.as_bytes()).await;
            streams.push(stream);
        }
        others_go_on(&mut postern).await;
    }
}

/// Whether a request on a connection of its own is answered.
async fn is_answered(postern: &Postern, from: &str, request: &str) -> bool {
    let mut stream = connect(from, postern.public()).await;
    let _ = stream.write_all(request.as_bytes()).await;
    matches!(stream.read(&mut [0; 16]).await, Ok(1..))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_connections_of_a_flooding_stranger_are_closed_unread() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    let stranger = async || is_answered(&postern, "127.0.0.3", &get("/anything")).await;
    let flood = async {
        loop {
            join_all((0..800).map(|_| stranger())).await;
        }
    };
    tokio::select! {
        () = flood => {}
        () = eventually("a connection is closed unread", async || (!stranger().await).then_some(())) => {}
    }
    let permitted = post("/unknown");
    let answered = join_all((0..800).map(|_| is_answered(&postern, "127.0.0.2", &permitted))).await;
    assert!(answered.into_iter().all(|is_answered| is_answered));
    assert!(is_answered(&postern, "127.0.0.4", &get("/anything")).await, "another stranger");
    others_go_on(&mut postern).await;
}
