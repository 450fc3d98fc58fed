//! A mail server, as workers reach it: real SMTP (RFC 5321) that notes what it takes, and lets only `postern` with the
//! password `secret` in. What it answers stands in the first recipient: `later@` is refused for now the first time of a
//! mail, `nobody@` for good, of a mail for `silent@` it never says that it took it; everything else is taken.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use super::{eventually, tls};

/// A mail that was handed over.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Its headers, an empty line and its body.
    pub text: String,
}

impl Mail {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (headers, _) = self.text.split_once("\n\n").unwrap();
        headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A running mail server.
pub struct MailServer {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    pub async fn start() -> Self {
        Self::start_with_password("secret").await
    }

    /// One with another password.
    pub async fn start_with_password(password: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&got);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (from, to) = stream.into_split();
                tokio::spawn(converse(from, to, Arc::clone(&noted), (true, password)));
            }
        });
        Self { address, got }
    }

    /// One that is encrypted from the first byte, with the certificate of a folder; for one connection.
    pub fn encrypted(folder: &Path) -> Self {
        Self::behind_tls(folder, (true, "secret"))
    }

    /// One that is encrypted after a greeting in the clear (RFC 3207), with the certificate of a folder; for one connection.
    pub async fn upgrading(folder: &Path, password: &'static str) -> Self {
        let behind = Self::behind_tls(folder, (false, password));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = behind.address;
        let mut inner = eventually("openssl listens", async || TcpStream::connect(inner).await.ok()).await;
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.ok()?;
            let mut stream = upgrade(stream).await?;
            tokio::io::copy_bidirectional(&mut stream, &mut inner).await.ok()
        });
        Self { address, got: behind.got }
    }

    fn behind_tls(folder: &Path, how: (bool, &'static str)) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let arguments = format!("s_server -quiet -naccept 1 -accept {address} -cert cert.pem -key key.pem");
        let mut command = Command::from(tls::openssl(folder, &arguments));
        let mut openssl = command.stdin(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&got);
        tokio::spawn(async move {
            converse(openssl.stdout.take().unwrap(), openssl.stdin.take().unwrap(), noted, how).await;
            openssl.wait().await
        });
        Self { address, got }
    }

    /// As workers are told of it.
    pub fn url(&self) -> String {
        format!("smtp://postern:secret@{}?tls=never", self.address)
    }

    /// Everything that was handed over so far, taken or not.
    pub fn got(&self) -> Vec<Mail> {
        self.got.lock().unwrap().clone()
    }
}

struct Conversation<R, W> {
    lines: Lines<BufReader<R>>,
    to: W,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Conversation<R, W> {
    async fn say(&mut self, line: &str) {
        // Who asked may be gone.
        let _ = self.to.write_all(format!("{line}\r\n").as_bytes()).await;
    }

    /// Up to a line that is a lone dot; of other lines a first dot is a second one (RFC 5321, 4.5.2).
    async fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.lines.next_line().await.ok()??.as_str() {
                "." => return Some(text),
                line => text += &format!("{}\n", line.strip_prefix('.').unwrap_or(line)),
            }
        }
    }
}

async fn converse<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    from: R,
    to: W,
    noted: Arc<Mutex<Vec<Mail>>>,
    (greets, password): (bool, &str),
) -> Option<()> {
    // NUL postern NUL password, as RFC 4616 has it.
    let login = format!("AUTH PLAIN {}", BASE64.encode(format!("\0postern\0{password}").as_bytes()));
    let mut other = Conversation { lines: BufReader::new(from).lines(), to };
    let (mut mail, mut knows) = (Mail::default(), false);
    if greets {
        other.say("220 test").await;
    }
    loop {
        let line = other.lines.next_line().await.ok()??;
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match line.split([' ', ':']).next()? {
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "AUTH" if line == login => {
                knows = true;
                "235 welcome"
            }
            "AUTH" => "535 who is that",
            _ if !knows => "530 log in first",
            "MAIL" => {
                mail.from = address();
                "250 from"
            }
            "RCPT" => {
                mail.to.push(address());
                "250 to"
            }
            "DATA" => {
                other.say("354 go on").await;
                mail.text = other.text().await?;
                match hand_over(std::mem::take(&mut mail), &noted) {
                    Some(answer) => answer,
                    None => std::future::pending().await,
                }
            }
            "QUIT" => "221 bye",
            _ => "500 what",
        };
        other.say(answer).await;
    }
}

/// The conversation up to the encryption; nothing if the other side leaves.
async fn upgrade(stream: TcpStream) -> Option<TcpStream> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        let (answer, ends): (&[u8], bool) = match line.split([' ', '\r']).next()? {
            "EHLO" => (b"250-test\r\n250 STARTTLS\r\n", false),
            "STARTTLS" => (b"220 go on\r\n", true),
            _ => (b"530 encrypt first\r\n", false),
        };
        stream.write_all(answer).await.ok()?;
        if ends {
            return Some(stream.into_inner());
        }
    }
}

/// What is said of a mail; none = nothing.
fn hand_over(mail: Mail, noted: &Mutex<Vec<Mail>>) -> Option<&'static str> {
    let mut noted = noted.lock().unwrap();
    let is_first = !noted.iter().any(|one| one.header("Message-ID") == mail.header("Message-ID"));
    let first = mail.to[0].clone();
    noted.push(mail);
    match first.split('@').next()? {
        "later" if is_first => Some("451 4.7.1 come again"),
        "nobody" => Some("550 5.1.1 there is nobody"),
        "silent" => None,
        _ => Some("250 2.0.0 taken as 5"),
    }
}
