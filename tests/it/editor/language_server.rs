//! The language server for YAML as a process, and the few requests of its protocol that an editor sends.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::harness::servers::setting;

/// A language server with one schema for all files.
pub struct LanguageServer {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    opened: u32,
    /// What the server is told when it asks for the settings of YAML.
    yaml: Value,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl LanguageServer {
    /// Starts it with a schema.
    pub async fn start(schema: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("schema.json");
        std::fs::write(&path, schema).unwrap();
        let program = format!("{}/yaml-language-server", setting("POSTERN_EDITOR_TOOLS"));
        let mut process = Command::new(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("run tests/run, which installs the language server");
        let (stdin, stdout) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let schemas = json!({format!("file://{}", path.display()): "*.yaml"});
        let yaml = json!({"schemas": schemas, "validate": true, "completion": true, "schemaStore": {"enable": false}});
        let mut server = Self { stdin, stdout, opened: 0, yaml, _process: process, _folder: folder };
        server.request("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}})).await;
        server.notify("initialized", json!({})).await;
        server.notify("workspace/didChangeConfiguration", json!({"settings": null})).await;
        server
    }

    /// What it offers where a `|` stands in a text.
    pub async fn complete(&mut self, text: &str) -> Vec<String> {
        let (before, after) = text.split_once('|').unwrap();
        let uri = self.open(&format!("{before}{after}")).await;
        self.diagnostics(&uri).await;
        let line = before.matches('\n').count();
        let character = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        let position = json!({"line": line, "character": character});
        let answer =
            self.request("textDocument/completion", json!({"textDocument": {"uri": uri}, "position": position})).await;
        answer["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    /// What it finds wrong in a text: `line: message`, lines from 0.
    pub async fn check(&mut self, text: &str) -> Vec<String> {
        let uri = self.open(text).await;
        let found = self.diagnostics(&uri).await;
        let line = |one: &Value| one["range"]["start"]["line"].to_string();
        found.iter().map(|one| format!("{}: {}", line(one), one["message"])).collect()
    }

    /// What it tells of a document by itself once it has read the schema.
    async fn diagnostics(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let message = self.read().await;
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == *uri {
                return message["params"]["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    async fn open(&mut self, text: &str) -> String {
        self.opened += 1;
        let uri = format!("file:///tmp/document-{}.yaml", self.opened);
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document})).await;
        uri
    }

    async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = json!(format!("{method} {}", self.opened));
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        loop {
            let message = self.read().await;
            if message["id"] == id && message.get("method").is_none() {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].clone();
            }
        }
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    async fn write(&mut self, message: &Value) {
        let text = message.to_string();
        self.stdin.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).await.unwrap();
    }

    /// The next message. The server asks for settings; another request of it gets an empty answer.
    async fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).await.unwrap() > 0, "the language server has ended");
            if line.trim().is_empty() {
                break;
            }
            if let Some(bytes) = line.strip_prefix("Content-Length: ") {
                length = bytes.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stdout.read_exact(&mut body).await.unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        if message.get("method").is_some() && message.get("id").is_some() {
            let settings = |item: &Value| if item["section"] == "yaml" { self.yaml.clone() } else { Value::Null };
            let asked =
                message["params"]["items"].as_array().filter(|_| message["method"] == "workspace/configuration");
            let result = asked.map_or(Value::Null, |items| items.iter().map(settings).collect());
            self.write(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).await;
        }
        message
    }
}
