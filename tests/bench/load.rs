//! The load. A generator of our own instead of `oha`: it posts another lead each time, keeps the receipts (without
//! which the time to the commit cannot be told), and costs less of the two cores that everything shares, since it
//! speaks just as much HTTP as it needs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::lead;

/// The number of the next lead, over all measurements: no lead is posted twice.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Before a measurement by time begins to count.
const WARM_UP: Duration = Duration::from_secs(1);

/// Numbers for leads that nobody else posts.
pub fn numbers(count: u64) -> std::ops::Range<u64> {
    let first = NEXT.fetch_add(count, Ordering::Relaxed);
    first..first + count
}

/// The key of posts that are signed.
pub const KEY: &str = "a-secret-of-the-benchmark";

/// How leads are posted.
#[derive(Clone, Copy)]
pub struct Way {
    pub path: &'static str,
    /// Whether each post has a signature as GitHub makes it.
    pub is_signed: bool,
}

impl Way {
    /// Without a signature, to the workflow of the demo.
    const PLAIN: Self = Self { path: lead::PATH, is_signed: false };

    fn header(self, body: &str) -> String {
        if !self.is_signed {
            return String::new();
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        format!("x-hub-signature-256: sha256={}\r\n", HEXLOWER.encode(&mac.finalize().into_bytes()))
    }
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Connection {
    pub async fn open(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, request: Vec::new(), response: Vec::new() }
    }

    /// Posts a lead, which must be accepted; returns its receipt.
    pub async fn post(&mut self, number: u64) -> Uuid {
        self.post_to(lead::PATH, number).await
    }

    /// The same to another path.
    pub async fn post_to(&mut self, path: &str, number: u64) -> Uuid {
        self.send(path, "", &lead::form(number)).await
    }

    async fn post_by(&mut self, way: Way, number: u64) -> Uuid {
        let form = lead::form(number);
        self.send(way.path, &way.header(&form), &form).await
    }

    async fn send(&mut self, path: &str, headers: &str, form: &str) -> Uuid {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             {headers}content-length: {}\r\n\r\n",
            form.len()
        );
        let answer = self.call(&head, form).await;
        assert!(answer.starts_with("HTTP/1.1 202 "), "not accepted: {answer}");
        let (_, receipt) = answer.split_once(r#""receipt":""#).unwrap();
        receipt[..36].parse().unwrap()
    }

    /// What a path answers, with its head. A private listener answers to no other host than its address.
    pub async fn get(&mut self, path: &str) -> String {
        let host = self.stream.peer_addr().unwrap();
        self.call(&format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"), "").await.to_owned()
    }

    async fn call(&mut self, head: &str, body: &str) -> &str {
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await.unwrap();
        self.response.clear();
        while !is_whole(&self.response) {
            assert!(self.stream.read_buf(&mut self.response).await.unwrap() > 0, "the connection was closed");
        }
        std::str::from_utf8(&self.response).unwrap()
    }
}

/// All answers that are measured have a length.
fn is_whole(response: &[u8]) -> bool {
    let Some(end) = response.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = std::str::from_utf8(&response[..end]).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    response.len() >= end + 4 + length.parse::<usize>().unwrap()
}

/// What a closed loop saw.
pub struct Closed {
    pub per_second: f64,
    /// In milliseconds, sorted.
    pub latencies: Vec<f64>,
}

/// Posts as fast as it is answered, for a time.
pub async fn closed(to: SocketAddr, connections: usize, time: Duration) -> Closed {
    closed_by(Way::PLAIN, to, connections, time).await
}

/// The same in another way.
pub async fn closed_by(way: Way, to: SocketAddr, connections: usize, time: Duration) -> Closed {
    let begin = Instant::now() + WARM_UP;
    let end = begin + time;
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            tokio::spawn(async move {
                let mut connection = Connection::open(to).await;
                let mut latencies = Vec::new();
                loop {
                    let started = Instant::now();
                    if started > end {
                        return latencies;
                    }
                    connection.post_by(way, numbers(1).start).await;
                    if started >= begin {
                        latencies.push(milliseconds(started.elapsed()));
                    }
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    latencies.sort_unstable_by(f64::total_cmp);
    Closed { per_second: latencies.len() as f64 / time.as_secs_f64(), latencies }
}

/// Posts so many leads as fast as they are answered.
pub async fn burst(to: SocketAddr, connections: usize, leads: u64) {
    let all = numbers(leads);
    let next = Arc::new(AtomicU64::new(all.start));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                let mut connection = Connection::open(to).await;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= all.end {
                        return;
                    }
                    connection.post(number).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A post of an open loop. Its time runs from when it was due, whether or not it could be sent then: otherwise a
/// server that stands still would be asked less (coordinated omission).
pub struct Posted {
    pub receipt: Uuid,
    pub due: SystemTime,
    /// In milliseconds.
    pub answered: f64,
}

/// Posts so many a second, however fast they are answered. Each connection has its share of the posts, in turn.
pub async fn open(to: SocketAddr, connections: usize, per_second: u64, time: Duration) -> Vec<Posted> {
    let (mut senders, mut tasks) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let (sender, mut due) = mpsc::unbounded_channel::<(Instant, SystemTime)>();
        senders.push(sender);
        let mut connection = Connection::open(to).await;
        tasks.push(tokio::spawn(async move {
            let mut posted = Vec::new();
            while let Some((moment, due)) = due.recv().await {
                let receipt = connection.post(numbers(1).start).await;
                posted.push(Posted { receipt, due, answered: milliseconds(moment.elapsed()) });
            }
            posted
        }));
    }
    // A thread: its sleep is exact to some 50 µs, that of tokio to a millisecond.
    std::thread::spawn(move || {
        let (begin, clock) = (Instant::now(), SystemTime::now());
        let count = per_second * time.as_secs();
        for (number, sender) in (0..count).zip(senders.iter().cycle()) {
            let due = Duration::from_nanos(1_000_000_000 / per_second * number);
            std::thread::sleep((begin + due).saturating_duration_since(Instant::now()));
            sender.send((begin + due, clock + due)).unwrap();
        }
    });
    let mut posted = Vec::new();
    for task in tasks {
        posted.extend(task.await.unwrap());
    }
    posted
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
