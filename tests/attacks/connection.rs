//! A TCP connection from an address of the attacker's choice, and as much HTTP as an attack needs.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::{InForce, stranger};

/// How long an attacker waits for a connection or an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The wait before a connection that the server closed is opened again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long connections may take to have written, and the wait between two looks at that.
const BEGIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

pub async fn open(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    timeout(PATIENCE, socket.connect(to)).await?
}

/// The head and the body of what is answered to a request. The body must have a length.
pub async fn call(stream: &mut TcpStream, request: &str) -> io::Result<String> {
    timeout(PATIENCE, async {
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        while !is_whole(&answer) {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    })
    .await?
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.to_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    answer.len() >= head.len() + 4 + length
}

/// The header that sends back the cookies which an answer sets.
pub fn cookies(answer: &str) -> String {
    let set = answer.lines().filter_map(|line| line.split_once(": "));
    let set = set.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs: Vec<&str> = set.filter_map(|(_, value)| value.split(';').next()).collect();
    format!("cookie: {}\r\n", pairs.join("; "))
}

/// A GET of a path.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
}

/// A POST of a form.
pub fn post(path: &str, headers: &str, form: &str) -> String {
    let length = form.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n\r\n{form}"
    )
}

/// Sends requests without an end, ahead of their answers, and reads all answers, for ever.
pub async fn pour(from: Ipv4Addr, to: SocketAddr, requests: String) {
    loop {
        if let Ok(mut stream) = open(from, to).await {
            let (mut reader, mut writer) = stream.split();
            let write = async { while writer.write_all(requests.as_bytes()).await.is_ok() {} };
            let read = async {
                let mut answers = [0; 16 * 1024];
                while reader.read(&mut answers).await.is_ok_and(|length| length > 0) {}
            };
            tokio::select! {
                () = write => {}
                () = read => {}
            }
        }
        sleep(AGAIN_AFTER).await;
    }
}

/// Holds so many connections of strangers.
pub async fn hold_many(to: SocketAddr, count: usize, bytes: &[u8], in_force: InForce) {
    let from: Vec<Ipv4Addr> = (0..count).map(stranger).collect();
    hold_all(to, &from, bytes, in_force).await;
}

/// Holds a connection from each of these addresses. It is in force when each has written, or was kept from it for long.
pub async fn hold_all(to: SocketAddr, from: &[Ipv4Addr], bytes: &[u8], in_force: InForce) {
    let written = AtomicUsize::new(0);
    let count = || {
        written.fetch_add(1, Ordering::Relaxed);
    };
    let all = from.iter().map(|from| hold(*from, to, bytes, count));
    let begun = async {
        let begin = Instant::now();
        while written.load(Ordering::Relaxed) < from.len() && begin.elapsed() < BEGIN {
            sleep(LOOK).await;
        }
        let _ = in_force.send(());
    };
    tokio::join!(join_all(all), begun);
}

/// Writes to a connection, leaves it open until the server closes it, and does so again, for ever. What the server
/// answers is read and forgotten. `written` is called when the first connection has written all.
async fn hold(from: Ipv4Addr, to: SocketAddr, bytes: &[u8], written: impl FnOnce()) {
    let mut written = Some(written);
    loop {
        if let Ok(mut stream) = open(from, to).await {
            let _ = stream.write_all(bytes).await;
            written.take().into_iter().for_each(|written| written());
            let mut answer = [0; 4096];
            while stream.read(&mut answer).await.is_ok_and(|length| length > 0) {}
        }
        sleep(AGAIN_AFTER).await;
    }
}
