//! Requests as PHP reads them, and answers as vtiger gives them: the status is 200 also of errors.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::multipart;

/// A request.
#[derive(Debug)]
pub struct Request {
    pub is_post: bool,
    pub path: String,
    /// The parameters of the query string.
    pub query: BTreeMap<String, String>,
    /// The parameters of the body.
    pub form: BTreeMap<String, String>,
}

impl Request {
    /// In lower case, from wherever it stands.
    pub fn operation(&self) -> String {
        self.either("operation").to_lowercase()
    }

    /// From wherever it stands.
    pub fn session(&self) -> String {
        self.either("sessionName").to_owned()
    }

    /// A parameter of the query string.
    pub fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A parameter of the body.
    pub fn posted(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// All parameters.
    pub fn all(&self) -> Vec<(String, String)> {
        self.query.iter().chain(&self.form).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn either(&self, name: &str) -> &str {
        match self.posted(name) {
            "" => self.asked(name),
            posted => posted,
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    kind: &'static str,
    /// Where a redirect leads.
    location: Option<String>,
    body: String,
}

const HTML: &str = "text/html; charset=UTF-8";

impl Answer {
    /// A success.
    pub fn result(result: &Value) -> Self {
        Self {
            status: 200,
            kind: "application/json",
            location: None,
            body: php(&json!({"success": true, "result": result})),
        }
    }

    /// An error.
    pub fn error(code: impl Into<Value>, message: &str) -> Self {
        let error = json!({"message": message, "code": code.into()});
        Self {
            status: 200,
            kind: "application/json",
            location: None,
            body: php(&json!({"success": false, "error": error})),
        }
    }

    /// A page of a web server.
    pub fn page(status: u16, text: &str) -> Self {
        Self { status, kind: HTML, location: None, body: text.to_owned() }
    }

    /// A redirect.
    pub fn redirect(to: &str) -> Self {
        Self { location: Some(to.to_owned()), ..Self::page(301, "") }
    }

    /// A page of PHP's, with status 200.
    pub fn html(text: &str) -> Self {
        Self::page(200, text)
    }

    /// The same behind the header of JSON.
    pub fn html_as_json(status: u16, text: &str) -> Self {
        Self { status, kind: "application/json", ..Self::html(text) }
    }

    /// A success behind a line of text, as PHP writes its warnings.
    pub fn behind(line: &str, result: &Value) -> Self {
        Self { kind: HTML, body: format!("{line}\n{}", Self::result(result).body), ..Self::html("") }
    }

    /// Status 500 without a body.
    pub fn empty() -> Self {
        Self::page(500, "")
    }

    /// No such file.
    pub fn not_found() -> Self {
        Self::page(404, "<h1>Not Found</h1>")
    }
}

/// Whether the caller begins with a handshake of TLS.
pub async fn is_encrypted(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first == [0x16]
}

/// Answers what is no request, in the clear.
pub async fn refuse(stream: &mut TcpStream) {
    // What is not read would reset the connection, and the answer would be lost. Who asked may be gone.
    let _ = stream.read(&mut [0; 4_096]).await;
    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
}

/// Reads a request; none if it is none.
pub async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut kind) = (0, String::new());
    loop {
        let mut header = String::new();
        if stream.read_line(&mut header).await.ok()? == 0 {
            return None;
        }
        let Some((name, value)) = header.trim().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "content-type" => value.trim().clone_into(&mut kind),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request {
        is_post: method == "POST",
        path: path.to_owned(),
        query: pairs(query.as_bytes()),
        form: match kind.split_once("boundary=") {
            Some((_, boundary)) => multipart::read(&body, boundary),
            None if kind.starts_with("application/x-www-form-urlencoded") => pairs(&body),
            None => BTreeMap::new(),
        },
    })
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// Writes an answer and closes the connection, as PHP's own server does.
pub async fn write(stream: &mut TcpStream, Answer { status, kind, location, body }: Answer) {
    let length = body.len();
    let location = location.map(|to| format!("location: {to}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} x\r\n{location}expires: Thu, 19 Nov 1981 08:52:00 GMT\r\ncache-control: no-store\r\npragma: no-cache\r\n\
         content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    // Who asked may be gone.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// JSON as PHP writes it: pure ASCII, and slashes escaped.
fn php(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}
