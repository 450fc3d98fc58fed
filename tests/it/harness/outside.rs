//! Another system, as workflows reach it: a real HTTP server that notes what it gets. What it answers stands in the
//! path: `/status/503`, `/later` (429 with `Retry-After` the first time of a key), `/silent` (never answers, until told
//! to), `/to/<port>/…` and `/<status>/to/<port>/…` (a redirect to that port), `/large` (more than a workflow takes),
//! `/heads` (the same, in headers), `/cyrillic` (text in windows-1251), `/wait/3` (503 with
//! `Retry-After` the first time of a key), `/token` (a token of OAuth 2.0 for every client but `wrong`), `/only/<token>` (401 to any other token), `/echo/503` (repeats the whole request, with this status); everything else is JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Got {
    pub line: String,
    /// By lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// A running target.
pub struct Outside {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    answers: watch::Sender<bool>,
}

impl Outside {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let (answers, heard) = watch::channel(false);
        let noted = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&noted), heard.clone()));
            }
        });
        Self { address, got, answers }
    }

    /// A URL of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that came so far.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The different idempotency keys that came.
    pub fn keys(&self) -> BTreeSet<String> {
        self.got().iter().map(|one| one.headers.get("idempotency-key").cloned().unwrap_or_default()).collect()
    }

    /// From now on `/silent` answers.
    pub fn speak(&self) {
        self.answers.send_replace(true);
    }
}

/// The status, and the port and the path to which a redirect leads.
fn redirect(path: &str) -> Option<(&str, (&str, &str))> {
    let (status, rest) = path.split_once("/to/")?;
    Some((if status.is_empty() { "307" } else { status.trim_start_matches('/') }, rest.split_once('/')?))
}

/// What a client gets: the token with this number, or a refusal of the client `wrong`.
fn token(form: &str, number: usize) -> String {
    let (status, body) = if form.contains("client_id=wrong") || !form.contains("client_id=") {
        (401, r#"{"error":"invalid_client"}"#.to_owned())
    } else {
        (200, serde_json::json!({"access_token": format!("token-{number}"), "expires_in": 3600}).to_string())
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// A greeting in windows-1251.
const CYRILLIC: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=windows-1251\r\ncontent-length: 6\r\nconnection: close\r\n\r\n\xcf\xf0\xe8\xe2\xe5\xf2";

/// The lines before the body; nothing if the other side ends before.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(0) | Err(_) => return None,
            Ok(_) if line.trim().is_empty() => return Some(lines),
            Ok(_) => lines.push(line.trim().to_owned()),
        }
    }
}

async fn serve(stream: TcpStream, noted: Arc<Mutex<Vec<Got>>>, mut answers: watch::Receiver<bool>) {
    let mut stream = BufReader::new(stream);
    let Some(lines) = head(&mut stream).await else { return };
    let headers: BTreeMap<String, String> = (lines.iter().skip(1))
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    let key = headers.get("idempotency-key").cloned();
    let line = lines[0].clone();
    // The base address of a connection ends with a slash.
    let path = line.split([' ', '?']).nth(1).unwrap().trim_end_matches('/').to_owned();
    let body = String::from_utf8(body).unwrap();
    let authorization = headers.get("authorization").cloned().unwrap_or_default();
    let (is_first, tokens) = {
        let mut noted = noted.lock().unwrap();
        let is_first = !noted.iter().any(|one: &Got| one.headers.get("idempotency-key").cloned() == key);
        noted.push(Got { line, headers, body: body.clone() });
        (is_first, noted.iter().filter(|one| one.line.starts_with("POST /token")).count())
    };
    let answer = if path == "/later" && is_first {
        "HTTP/1.1 429 Later\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()
    } else if let Some(seconds) = path.strip_prefix("/wait/").filter(|_| is_first) {
        format!("HTTP/1.1 503 Later\r\nretry-after: {seconds}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    } else if path == "/token" {
        // Those who ask meanwhile wait for the same token.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        token(&body, tokens)
    } else if let Some(token) = path.strip_prefix("/only/") {
        let status = if authorization == format!("Bearer {token}") { 200 } else { 401 };
        format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
    } else if let Some(status) = path.strip_prefix("/status/") {
        format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
    } else if let Some((status, (port, path))) = redirect(&path) {
        format!(
            "HTTP/1.1 {status} There\r\nlocation: http://127.0.0.1:{port}/{path}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    } else if let Some(status) = path.strip_prefix("/echo/") {
        let said = serde_json::json!({"head": lines, "body": body}).to_string();
        let (length, query) = (said.len(), lines[0].replace(['\r', '\n'], ""));
        format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nx-line: {query}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{said}"
        )
    } else if path == "/cyrillic" {
        return drop(stream.write_all(CYRILLIC).await);
    } else if path == "/heads" {
        let heads = format!("x-head: {}\r\n", "x".repeat(1_000)).repeat(60);
        format!("HTTP/1.1 200 OK\r\n{heads}content-length: 0\r\nconnection: close\r\n\r\n")
    } else if path == "/large" {
        format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\nconnection: close\r\n\r\n{}", "x".repeat(2_000))
    } else {
        if path == "/silent" && answers.wait_for(|speaks| *speaks).await.is_err() {
            return;
        }
        let body = r#"{"id":5,"tags":["a"]}"#;
        let length = body.len();
        format!(
            "HTTP/1.1 201 Made\r\ncontent-type: application/json\r\nx-more: yes\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    };
    // Who asked may be gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}
