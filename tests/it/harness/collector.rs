//! A collector of traces: a real HTTP server that reads what OTLP sends it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use postern_traces::otlp::{self, ExportTraceServiceRequest, Value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A span that came.
#[derive(Debug, Clone)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub trace: String,
    pub id: String,
    /// Empty if it is the first of its trace.
    pub parent: String,
    pub kind: i32,
    pub has_failed: bool,
    pub start: u64,
    pub end: u64,
    pub attributes: BTreeMap<String, String>,
}

/// What came.
#[derive(Debug, Default)]
struct Came {
    heads: Vec<String>,
    bodies: Vec<Vec<u8>>,
}

/// A running collector.
pub struct Collector {
    pub address: SocketAddr,
    came: Arc<Mutex<Came>>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::new(Mutex::new(Came::default()));
        let sink = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&sink)));
            }
        });
        Self { address, came }
    }

    /// The variable by which a process finds it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests.
    pub fn heads(&self) -> Vec<String> {
        self.came.lock().unwrap().heads.clone()
    }

    /// Whether these bytes stand anywhere in what came.
    pub fn has_seen(&self, text: &str) -> bool {
        let came = self.came.lock().unwrap();
        came.bodies.iter().any(|body| body.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// All spans that came so far.
    pub fn spans(&self) -> Vec<Span> {
        let came = self.came.lock().unwrap();
        let requests = came.bodies.iter().map(|body| otlp::decode(body).unwrap());
        requests.flat_map(|request: ExportTraceServiceRequest| request.resource_spans).flat_map(spans).collect()
    }
}

fn spans(of_service: otlp::ResourceSpans) -> Vec<Span> {
    let service = texts(&of_service.resource.unwrap().attributes)["service.name"].clone();
    let all = of_service.scope_spans.into_iter().flat_map(|scope| {
        assert_eq!(scope.scope.unwrap().name, "postern");
        scope.spans
    });
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let span = |span: otlp::Span| Span {
        service: service.clone(),
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        kind: span.kind,
        has_failed: span.status.is_some_and(|status| status.code == 2),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: texts(&span.attributes),
        name: span.name,
    };
    all.map(span).collect()
}

fn texts(attributes: &[otlp::KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &otlp::AnyValue| match value.value.clone().unwrap() {
        Value::Text(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
    };
    attributes.iter().map(|one| (one.key.clone(), text(one.value.as_ref().unwrap()))).collect()
}

async fn serve(stream: TcpStream, came: Arc<Mutex<Came>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) if line.trim().is_empty() => break,
                Ok(_) => head += &line,
            }
            if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        {
            let mut came = came.lock().unwrap();
            came.heads.push(head);
            came.bodies.push(body);
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}
