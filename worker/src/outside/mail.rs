//! Hands mails to the mail server that the operator has set, or to that of a connection (RFC 5321, RFC 6409). Postern keeps
//! no queue of its own: a mail is sent when the server has taken it.

mod compose;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use postern_shared::connection::smtp::{Security, Smtp};
use postern_shared::message::Message;
use postern_shared::rendered::Mail;
use postern_shared::secret::scrub::Scrubber;
use postern_shared::unreachable::Unreachable;
use reqwest::Url;
use tokio::time::{Instant, timeout_at};

pub use compose::{Draft, File, compose};

use super::call::{Failure, FailureKind, Reply};
use super::certificates;

/// How long the server may take to say good-bye to a mail that it has taken.
const GOODBYE: Duration = Duration::from_secs(1);

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

/// A mail server: each mail goes on a connection of its own.
#[derive(Debug, Clone)]
pub struct MailServer {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    /// Where it is, of a connection: the addresses that may be reached; none = its host says it.
    addresses: Option<Vec<SocketAddr>>,
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
        Ok(Self { host, port: url.port().unwrap_or(port), tls, credentials, addresses: None })
    }

    /// The one of a connection.
    pub fn of(smtp: &Smtp, password: Option<&str>, addresses: Vec<SocketAddr>) -> Self {
        let login = smtp.login.as_ref().zip(password);
        Self {
            host: smtp.host.clone(),
            port: smtp.port,
            tls: match smtp.security {
                Security::Tls => Tls::Implicit,
                Security::StartTls => Tls::Upgrade,
                Security::None => Tls::Never,
            },
            credentials: login.map(|(login, password)| Credentials::new(login.user.clone(), password.to_owned())),
            addresses: Some(addresses),
        }
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

    /// Connects, encrypts and logs in, and sends nothing.
    pub async fn check(&self, limit: Duration) -> Result<(), Message> {
        let until = Instant::now() + limit;
        let ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let connected = timeout_at(until, self.connect(&ClientId::default())).await;
        let mut connection =
            connected.map_err(|_| Message::MailSilent { ms })?.map_err(|failure: Failure| failure.reason)?;
        let _ = timeout_at(Instant::now() + GOODBYE, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure> {
        let Self { host, port, tls, credentials, addresses } = self;
        let parameters = || TlsParameters::new(host.clone());
        let connecting = async {
            let implicit = if *tls == Tls::Implicit { Some(parameters()?) } else { None };
            let mut connection = match addresses {
                Some(all) => AsyncSmtpConnection::connect_tokio1(&all[..], None, hello, implicit, None).await?,
                None => {
                    let server = (host.as_str(), *port);
                    AsyncSmtpConnection::connect_tokio1(server, None, hello, implicit, None).await?
                }
            };
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
                None => match certificates::fault_within(&error) {
                    Some(fault) => Failure::new(fault, kind),
                    None if error.is_tls() => Failure::new(Message::MailTls, kind),
                    None => Failure::down(unreachable(&error), kind),
                },
            }
        })
    }
}

/// Why there is no connection, if its causes tell.
fn unreachable(error: &smtp::Error) -> Message {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    match causes.find_map(|cause| cause.downcast_ref::<io::Error>()).map(Unreachable::of) {
        Some(Unreachable::NotResolved(_)) => Message::TargetNotResolved,
        Some(Unreachable::Refused) => Message::TargetRefused,
        Some(Unreachable::NoRoute) => Message::TargetNoRoute,
        _ => Message::MailUnreachable,
    }
}

fn envelope(mail: &Mail) -> Result<Envelope, Failure> {
    let from = mail.from.as_ref();
    let none = || Failure::last(Message::MailNoSender);
    let wrong = |_| Failure::last(Message::MailAddresses);
    let from: Address = from.ok_or_else(none)?.parse().map_err(wrong)?;
    let to = mail.to.iter().map(|one| one.parse()).collect::<Result<Vec<Address>, _>>().map_err(wrong)?;
    Envelope::new(Some(from), to).map_err(|_| Failure::last(Message::MailAddresses))
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
}
