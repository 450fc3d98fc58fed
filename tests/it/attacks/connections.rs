//! Connections that are held and not used.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{SETTINGS, connect, others_go_on};
use crate::harness::{Postern, eventually, private};

/// What the ingress may take of memory under attack. At rest a debug build takes about 50 MB.
const MOST_MEGABYTES: f64 = 150.0;

/// Far fewer connections than by default, so that a test reaches them quickly.
const FEW: [(&str, &str); 2] = [("POSTERN_MAX_CONNECTIONS", "200"), ("POSTERN_MAX_CONNECTIONS_PER_ADDRESS", "120")];

/// Sends as much as the ingress takes, and not longer than a moment.
async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    // The ingress may have closed it, or may not take any more: both are what is wanted.
    let _ = timeout(Duration::from_millis(200), stream.write_all(bytes)).await;
}

/// The connections that the public listener holds.
async fn held(postern: &mut Postern) -> Option<usize> {
    let metrics = private(&mut postern.ingress, "/metrics").await.1;
    let line = metrics.lines().find_map(|line| line.strip_prefix("postern_connections{listener=\"public\"} "))?;
    line.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_never_end_take_little_memory_and_stop_nobody() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    let header = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}", "a".repeat(390_000));
    let mut streams = Vec::new();
    for n in 0..1_500 {
        let mut stream = connect("127.0.0.3", postern.public()).await;
        send(&mut stream, header.as_bytes()).await;
        streams.push(stream);
        if n % 500 == 499 {
            others_go_on(&mut postern).await;
        }
    }
    let peak = postern.ingress.peak_megabytes();
    assert!(peak < MOST_MEGABYTES, "{peak} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_sent_slowly_are_cut_off_and_stop_nobody() {
    let mut postern = Postern::with_ingress(SETTINGS, &FEW).await;
    let mut streams = Vec::new();
    for _ in 0..1_000 {
        let mut stream = connect("127.0.0.3", postern.public()).await;
        send(&mut stream, format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}", "a".repeat(15_000)).as_bytes()).await;
        streams.push(stream);
    }
    others_go_on(&mut postern).await;
    assert!(held(&mut postern).await.is_some_and(|held| held <= 121));
    let peak = postern.ingress.peak_megabytes();
    assert!(peak < MOST_MEGABYTES, "{peak} MB");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_of_many_addresses_stop_nobody() {
    let mut postern = Postern::with_ingress(SETTINGS, &FEW).await;
    let mut streams = Vec::new();
    for n in 0..800 {
        streams.push(connect(&format!("127.0.0.{}", 3 + n % 100), postern.public()).await);
    }
    others_go_on(&mut postern).await;
    let held = held(&mut postern).await;
    assert!(held.is_some_and(|held| (100..=200).contains(&held)), "{held:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_permitted_callers_without_their_bodies_stop_nobody() {
    let network = SETTINGS.replace("127.0.0.2", "127.0.4.0/24");
    let mut postern = Postern::with_ingress(&network, &FEW).await;
    let request = b"POST /trigger HTTP/1.1\r\nhost: x\r\ncontent-length: 60000\r\n\r\nn=1";
    let mut streams = Vec::new();
    for n in 0..200 {
        let mut stream = connect(&format!("127.0.4.{}", 1 + n % 4), postern.public()).await;
        send(&mut stream, request).await;
        streams.push(stream);
    }
    eventually("all places are taken", async || held(&mut postern).await.filter(|held| *held >= 199)).await;
    others_go_on(&mut postern).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_the_oldest_idle_connection_makes_room() {
    let postern = Postern::with_ingress(SETTINGS, &[]).await;
    let limit = format!("--nofile=100:{}", 20_000);
    let pid = postern.ingress.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    let mut streams = Vec::new();
    for _ in 0..300 {
        streams.push(connect("127.0.0.3", postern.public()).await);
    }
    let answer = postern.post("/trigger").form("n=1").send().await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    let complaints = postern.ingress.log().matches("could not be accepted").count();
    assert!(complaints < 5, "{complaints} complaints");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_never_read_take_little_memory_and_are_cut_off() {
    let mut postern = Postern::with_ingress(SETTINGS, &[]).await;
    // An answer with a body, and one without.
    let requests = ["GET", "HEAD"].map(|method| format!("{method} / HTTP/1.1\r\nhost: x\r\n\r\n").repeat(2_000));
    let mut streams = Vec::new();
    for n in 0..120 {
        // Strangers, and for every third a caller who is permitted.
        let from = if n % 3 == 0 { "127.0.0.2" } else { "127.0.0.3" };
        let socket = TcpSocket::new_v4().unwrap();
        // The less fits at this end, the sooner it is full.
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        streams.push(socket.connect(postern.public()).await.unwrap());
    }
    for _ in 0..10 {
        for (n, stream) in streams.iter().enumerate() {
            // As much as is taken at once, and an end to it.
            for _ in 0..10 {
                let _ = stream.try_write(requests[n % 2].as_bytes());
            }
        }
        others_go_on(&mut postern).await;
    }
    let peak = postern.ingress.peak_megabytes();
    assert!(peak < MOST_MEGABYTES, "{peak} MB");
    eventually("those that do not read are cut off", async || held(&mut postern).await.filter(|held| *held < 20)).await;
    drop(streams);
}
