//! `smtp`: the way to a mail server.

use std::net::IpAddr;

use crate::document::Reader;
use crate::expression::is_email;
use crate::host::HostName;
use crate::id::SecretName;
use crate::message::ConnectionFault;
use crate::spec::{self, Kind, Setting};

/// The longest name of a host (RFC 1035, 2.3.4), in bytes.
const MAX_HOST_BYTES: usize = 253;

/// The longest name of a user, and the longest sender, in bytes.
const MAX_TEXT_BYTES: usize = 320;

const SECURITIES: [(&str, Security); 3] =
    [("starttls", Security::StartTls), ("tls", Security::Tls), ("none", Security::None)];

/// What stands in `smtp`.
pub(super) const SETTINGS: [Setting; 6] = [
    Setting::new("host", Kind::Text(MAX_HOST_BYTES)).required(),
    Setting::new("port", Kind::Number(1, 65_535)),
    Setting::new("security", Kind::Choice(&spec::words(&SECURITIES))).or("starttls"),
    Setting::new("user", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("password", Kind::Secret),
    Setting::new("from", Kind::Text(MAX_TEXT_BYTES)),
];

/// The way to a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// How mails show who sends them; none = the server asks nobody.
    pub login: Option<Login>,
    /// Who sends the mails of steps that name no sender.
    pub from: Option<String>,
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From its first byte (RFC 8314).
    Tls,
    /// After a greeting in the clear (RFC 3207); a server that cannot gets no mail.
    StartTls,
    /// Not at all.
    None,
}

/// A user of a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: SecretName,
}

impl Security {
    /// The port where none is written (RFC 6409, RFC 8314).
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

pub(super) fn read(reader: &mut Reader) -> Option<Smtp> {
    let mut inner = reader.inner("smtp", &SETTINGS)?;
    let (host, port, security) = (host(&mut inner), inner.number("port"), inner.choice("security", &SECURITIES));
    let (user, password) = (inner.text("user"), inner.secret("password"));
    let has = |inner: &Reader, key: &str| inner.peek(key).is_some_and(|value| !value.is_null());
    for (one, other) in [("user", "password"), ("password", "user")] {
        if has(&inner, one) && !has(&inner, other) && !inner.is_misspelt(other) {
            inner.report(other, ConnectionFault::LoginHalf { key: one.to_owned() });
        }
    }
    let from = from(&mut inner);
    inner.finish();
    let (security, login) = (security?, user.zip(password).map(|(user, password)| Login { user, password }));
    Some(Smtp { host: host?, port: port.unwrap_or_else(|| security.port()), security, login, from })
}

fn host(inner: &mut Reader) -> Option<String> {
    let text = inner.text("host")?;
    let host = text.trim().to_owned();
    if host.parse::<HostName>().is_err() && host.parse::<IpAddr>().is_err() {
        inner.report("host", ConnectionFault::HostForm);
    }
    Some(host)
}

/// `sales@example.org` or `Sales <sales@example.org>`.
fn from(inner: &mut Reader) -> Option<String> {
    let text = inner.text("from")?;
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.trim().strip_suffix('>').unwrap_or_default(),
        None => text.trim(),
    };
    if !is_email(address) {
        inner.report("from", ConnectionFault::SenderForm);
    }
    Some(text)
}
