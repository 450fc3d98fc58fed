//! Hands mails to the mail server that the operator has set (RFC 5321, RFC 6409). Postern keeps no queue of its own: a mail
//! is sent when the server has taken it.

use std::error::Error;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message as MailMessage};
use percent_encoding::percent_decode_str;
use postern_shared::message::Message;
use postern_shared::rendered::Mail;
use postern_shared::secret::scrub::Scrubber;
use reqwest::Url;
use tokio::time::{Instant, timeout_at};

use super::call::{Failure, FailureKind, Reply};

/// How long the server may take to say good-bye to a mail that it has taken.
const GOODBYE: Duration = Duration::from_secs(1);

/// A mail to compose.
#[derive(Debug)]
pub struct Draft {
    pub from: Option<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tls {
    /// From its first byte.
    Implicit,
    /// After a greeting in the clear (RFC 3207); a server that cannot gets no mail.
    Upgrade,
    /// Not at all.
    Never,
}

/// The mail server of the operator: each mail goes on a connection of its own.
#[derive(Debug, Clone)]
pub struct MailServer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

impl MailServer {
    /// The one at a URL. The error does not hold the URL, in which a password may stand.
    pub fn new(url: &str) -> Result<Self, String> {
        const FORM: &str = "it must be smtp://user:password@host:587 or smtps://user:password@host:465; \
            smtp://host?tls=never sends in the clear";
        let url: Url = url.parse().map_err(|_| FORM)?;
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Tls::Implicit, 465),
            ("smtp", None) => (Tls::Upgrade, 587),
            ("smtp", Some("tls=never")) => (Tls::Never, 587),
            _ => return Err(FORM.into()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(FORM)?;
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let password = url.password().map(decoded);
        let credentials = password.map(|password| Credentials::new(decoded(url.username()), password));
        let host = host.trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), tls, credentials })
    }

    /// Sends one mail.
    pub async fn send(&self, mail: &Mail, limit: Duration) -> Result<Reply, Failure> {
        let envelope = envelope(mail)?;
        let until = Instant::now() + limit;
        let ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let late = || Message::MailSilent { ms };
        let hello = ClientId::Domain(envelope.from().map(|from| from.domain().to_owned()).unwrap_or_default());
        let mut connection = match timeout_at(until, self.connect(&hello)).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Failure::down(late(), FailureKind::NotSent)),
        };
        let (code, said) = match timeout_at(until, connection.send(&envelope, mail.message.as_bytes())).await {
            Ok(Ok(reply)) => (reply.code(), reply.message().collect::<Vec<_>>().join(" ")),
            Ok(Err(error)) => match error.status() {
                Some(code) => (code, error.source().map(ToString::to_string).unwrap_or_default()),
                None if error.is_client() => {
                    return Err(Failure::last(Message::MailAddresses).answered());
                }
                None => return Err(Failure::new(Message::MailBroke, FailureKind::Unclear).answered()),
            },
            Err(_) => return Err(Failure::down(late(), FailureKind::Unclear)),
        };
        // It has the mail, or not: what it says now changes nothing.
        let _ = timeout_at(Instant::now() + GOODBYE, connection.quit()).await;
        let (headers, body, scrubber) = (Vec::new(), said.into_bytes(), Scrubber::default());
        Ok(Reply { status: code.into(), headers, body, scrubber })
    }

    async fn connect(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure> {
        let Self { host, port, tls, credentials, .. } = self;
        let parameters = || TlsParameters::new(host.clone());
        let connecting = async {
            let implicit = if *tls == Tls::Implicit { Some(parameters()?) } else { None };
            let server = (host.as_str(), *port);
            let mut connection = AsyncSmtpConnection::connect_tokio1(server, None, hello, implicit, None).await?;
            if *tls == Tls::Upgrade {
                connection.starttls(parameters()?, hello).await?;
            }
            if let Some(credentials) = credentials {
                connection.auth(DEFAULT_MECHANISMS, credentials).await?;
            }
            Ok(connection)
        };
        connecting.await.map_err(|error: smtp::Error| {
            let kind =
                if error.is_permanent() || error.is_client() { FailureKind::Final } else { FailureKind::NotSent };
            match error.status() {
                Some(code) => Failure::new(Message::MailRefuses { status: code.into() }, kind).answered(),
                None if error.is_client() => Failure::new(Message::MailNoStarttls, kind).answered(),
                None if error.is_tls() => Failure::new(Message::MailTls, kind),
                None => Failure::down(Message::MailUnreachable, kind),
            }
        })
    }
}

/// Why a mail would not be handed to any server.
pub fn refusal(mail: &Mail) -> Option<Failure> {
    envelope(mail).err()
}

fn envelope(mail: &Mail) -> Result<Envelope, Failure> {
    let from = mail.from.as_ref();
    let none = || Failure::last(Message::MailNoSender);
    let wrong = |_| Failure::last(Message::MailAddresses);
    let from: Address = from.ok_or_else(none)?.parse().map_err(wrong)?;
    let to = mail.to.iter().map(|one| one.parse()).collect::<Result<Vec<Address>, _>>().map_err(wrong)?;
    Envelope::new(Some(from), to).map_err(|_| Failure::last(Message::MailAddresses))
}

/// Writes a mail as it goes over the wire. `key` is the name of this step of this run, and so of its `Message-ID`. A mail
/// that nobody sends has no text: it is refused when it is to be sent.
pub fn compose(draft: Draft, key: &str) -> Result<Mail, Message> {
    let Draft { from, reply_to, to, cc, bcc, subject, text, html } = draft;
    let people = [&to, &cc, &bcc].into_iter().flatten().map(|one| one.email.to_string()).collect();
    let Some(from) = from else { return Ok(Mail { from: None, to: people, message: String::new() }) };
    let sender = from.email.to_string();
    // An `@` divides the two parts of the id.
    let id = format!("<{}@{}>", key.replace('@', "-"), from.email.domain());
    // RFC 3834: nothing that answers by itself shall answer this.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let add = |builder, many: Vec<Mailbox>, one: fn(MessageBuilder, Mailbox) -> MessageBuilder| {
        many.into_iter().fold(builder, one)
    };
    let mut builder = MailMessage::builder().from(from).message_id(Some(id)).subject(subject).raw_header(automatic);
    builder = add(builder, to, MessageBuilder::to);
    builder = add(builder, cc, MessageBuilder::cc);
    builder = add(builder, bcc, MessageBuilder::bcc);
    builder = add(builder, reply_to.into_iter().collect(), MessageBuilder::reply_to);
    let message = match (text.as_deref().map(lines), html.as_deref().map(lines)) {
        (Some(text), Some(html)) => builder.multipart(MultiPart::alternative_plain_html(text, html)),
        (None, Some(html)) => builder.singlepart(SinglePart::html(html)),
        (text, None) => builder.singlepart(SinglePart::plain(text.unwrap_or_default())),
    };
    let message = message.map_err(|error| Message::MailImpossible { reason: error.to_string() })?;
    let message = String::from_utf8(message.formatted())
        .map_err(|error| Message::MailImpossible { reason: error.to_string() })?;
    Ok(Mail { from: Some(sender), to: people, message })
}

/// Lines end with CR and LF together, and with nothing else (RFC 5321, 2.3.8); a NUL cannot stand in a mail.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_read_from_its_url_and_is_encrypted_unless_told_otherwise() {
        for (url, expected) in [
            ("smtp://mail.example.org", Some(("mail.example.org", 587, Tls::Upgrade, false))),
            ("smtp://a%40b:p%2Fw@mail.example.org:25", Some(("mail.example.org", 25, Tls::Upgrade, true))),
            ("smtps://a:b@[::1]", Some(("::1", 465, Tls::Implicit, true))),
            ("smtp://127.0.0.1:2525?tls=never", Some(("127.0.0.1", 2525, Tls::Never, false))),
            ("smtps://mail.example.org?tls=never", None),
            ("smtp://mail.example.org?tls=no", None),
            ("https://secret@mail.example.org", None),
            ("smtp:secret", None),
            ("mail.example.org", None),
        ] {
            let read = MailServer::new(url);
            let found = read.as_ref().ok().map(|one| (one.host.as_str(), one.port, one.tls, one.credentials.is_some()));
            assert_eq!(found, expected, "{url}");
            assert!(!format!("{read:?}").contains("secret"), "{read:?}");
        }
    }
    #[test]
    fn lines_of_a_mail_end_in_one_way_only_and_nothing_of_it_comes_into_a_header() {
        let everybody = || vec!["\"a b\" <a@example.org>".parse().unwrap()];
        for text in ["a\r.\rMAIL FROM:<x@y.z>\rb", "a\n.\nb\r", "a\r\n.\r\nb", "\0\r\r\n\n", "ä\r.\rb\0"] {
            for is_html in [true, false] {
                let some = |is: bool| is.then(|| text.to_owned());
                let draft = Draft {
                    from: everybody().pop(),
                    reply_to: None,
                    to: everybody(),
                    cc: Vec::new(),
                    bcc: Vec::new(),
                    subject: "x\rBcc: c@d.e".to_owned(),
                    text: some(true),
                    html: some(is_html),
                };
                let mail = compose(draft, "key").unwrap();
                let rest = mail.message.replace("\r\n", "");
                assert!(!rest.contains(['\r', '\n', '\0']), "{:?}", mail.message);
                assert!(!mail.message.contains("\r\nBcc:"), "{:?}", mail.message);
            }
        }
    }
}
