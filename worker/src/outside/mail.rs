//! Hands mails to the mail server that the operator has set (RFC 5321, RFC 6409). Postern keeps no queue of its own: a mail
//! is sent when the server has taken it.

use std::error::Error;
use std::time::Duration;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use tokio::time::{Instant, timeout_at};

use super::{Failure, Kind, Reply};

/// How long the server may take to say good-bye to a mail that it has taken.
const GOODBYE: Duration = Duration::from_secs(1);

/// A mail to send.
#[derive(Debug)]
pub struct Mail {
    /// None = the sender whom the operator has set.
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
    from: Option<Mailbox>,
}

impl MailServer {
    /// The one at a URL; `from` sends those mails that name nobody. The error does not hold the URL, in which a password
    /// may stand.
    pub fn new(url: &str, from: Option<Mailbox>) -> Result<Self, String> {
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
        Ok(Self { host, port: url.port().unwrap_or(port), tls, credentials, from })
    }

    /// Sends one mail. `key` is the same whenever this step of this run is tried, and so is the `Message-ID`.
    pub async fn send(&self, mail: &Mail, limit: Duration, key: &str) -> Result<Reply, Failure> {
        let message = self.compose(mail, key)?;
        let until = Instant::now() + limit;
        let late = || format!("the mail server did not answer within {} ms", limit.as_millis());
        let hello = ClientId::Domain(domain(message.envelope().from()));
        let mut connection = match timeout_at(until, self.connect(&hello)).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Failure { reason: late(), kind: Kind::NotSent }),
        };
        let (code, said) = match timeout_at(until, connection.send(message.envelope(), &message.formatted())).await {
            Ok(Ok(reply)) => (reply.code(), reply.message().collect::<Vec<_>>().join(" ")),
            Ok(Err(error)) => match error.status() {
                Some(code) => (code, error.source().map(ToString::to_string).unwrap_or_default()),
                None if error.is_client() => return Err(Failure::last("the mail server cannot take such addresses")),
                None => {
                    let reason = "the connection broke before the mail server had taken the mail".to_owned();
                    return Err(Failure { reason, kind: Kind::Unclear });
                }
            },
            Err(_) => return Err(Failure { reason: late(), kind: Kind::Unclear }),
        };
        // It has the mail, or not: what it says now changes nothing.
        let _ = timeout_at(Instant::now() + GOODBYE, connection.quit()).await;
        Ok(Reply { status: code.into(), headers: Vec::new(), body: said.into_bytes() })
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
            let kind = if error.is_permanent() || error.is_client() { Kind::Final } else { Kind::NotSent };
            let reason = match error.status() {
                Some(code) => format!("the mail server refuses Postern with {code}"),
                None if error.is_client() => {
                    "the mail server offers no STARTTLS, or no log-in that Postern knows".into()
                }
                None if error.is_tls() => "no encrypted connection to the mail server came about".into(),
                None => "the mail server cannot be connected".into(),
            };
            Failure { reason, kind }
        })
    }

    fn compose(&self, mail: &Mail, key: &str) -> Result<Message, Failure> {
        let none = || Failure::last("nobody sends the mail: neither the step nor POSTERN_MAIL_FROM names one");
        let from = mail.from.clone().or_else(|| self.from.clone()).ok_or_else(none)?;
        // An `@` divides the two parts of the id.
        let id = format!("<{}@{}>", key.replace('@', "-"), from.email.domain());
        // RFC 3834: nothing that answers by itself shall answer this.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let add = |builder, many: &[Mailbox], one: fn(MessageBuilder, Mailbox) -> MessageBuilder| {
            many.iter().cloned().fold(builder, one)
        };
        let mut builder =
            Message::builder().from(from).message_id(Some(id)).subject(mail.subject.clone()).raw_header(automatic);
        builder = add(builder, &mail.to, MessageBuilder::to);
        builder = add(builder, &mail.cc, MessageBuilder::cc);
        builder = add(builder, &mail.bcc, MessageBuilder::bcc);
        builder = add(builder, mail.reply_to.as_slice(), MessageBuilder::reply_to);
        match (mail.text.clone(), mail.html.clone()) {
            (Some(text), Some(html)) => builder.multipart(MultiPart::alternative_plain_html(text, html)),
            (None, Some(html)) => builder.singlepart(SinglePart::html(html)),
            (text, None) => builder.singlepart(SinglePart::plain(text.unwrap_or_default())),
        }
        .map_err(|error| Failure::last(format!("the mail cannot be made: {error}")))
    }
}

/// That of an address; mail servers hear it as who greets them.
fn domain(address: Option<&lettre::Address>) -> String {
    address.map(|address| address.domain().to_owned()).unwrap_or_default()
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
            let read = MailServer::new(url, None);
            let found = read.as_ref().ok().map(|one| (one.host.as_str(), one.port, one.tls, one.credentials.is_some()));
            assert_eq!(found, expected, "{url}");
            assert!(!format!("{read:?}").contains("secret"), "{read:?}");
        }
    }
}
