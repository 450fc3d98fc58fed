//! One visit: who comes, what is asked for, what the form holds, in which language.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Buf;
use futures_util::Stream;
use percent_encoding::percent_decode_str;
use postern_http::body::body_bytes;
use postern_http::client_address::client_address;
use postern_shared::store::accounts::Role;
use postern_shared::store::{Connection, sessions};
use postern_shared::yaml;
use tokio::time::timeout;
use warp::http::HeaderMap;
use warp::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST};

use super::Panel;
use super::password::{Busy, Rank};
use super::reply::Refusal;
use super::session::{self, Token};
use super::words::Language;
use crate::operation::Who;

/// The cookie of a session.
pub const SESSION: &str = "postern-session";
/// The cookie that stands in for a session where there is none yet: the forms of log-in and set-up.
pub const VISITOR: &str = "postern-visitor";
/// The cookie of a log-in that owes the code of a second factor.
pub const PENDING: &str = "postern-log-in";
/// The cookie of the chosen theme.
pub const THEME: &str = "postern-theme";
/// The cookie of the chosen language.
pub const LANGUAGE: &str = "postern-language";

/// The most bytes of a form of someone who is logged in: a workflow, whose every byte may become three.
const MAX_FORM_BYTES: usize = 3 * yaml::MAX_BYTES;
/// The most bytes of a form of anybody else: a name and a password.
pub const MAX_OPEN_FORM_BYTES: usize = 16 * 1024;
/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(30);

/// A request whose body was not touched yet.
#[derive(Debug)]
pub struct Caller {
    pub peer: IpAddr,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
}

/// Names and values, in the order in which they came.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Of a query or an urlencoded form.
    pub fn read(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Whether a name or a value holds a NUL, which PostgreSQL keeps in no text: nothing that is stored has it.
    pub fn holds_nul(&self) -> bool {
        self.0.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'))
    }

    /// The first value of a name; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// All, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All values of a name.
    pub fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = &'s str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// One visit.
#[derive(Debug)]
pub struct Visit<'p> {
    pub panel: &'p Panel,
    pub path: String,
    /// The segment that stands for the `{}` of the route.
    pub argument: String,
    pub raw_query: String,
    pub query: Pairs,
    pub form: Pairs,
    /// The name of the account that is logged in.
    pub account: Option<String>,
    /// What that account may do.
    pub role: Option<Role>,
    /// Whether the account must have a second factor and has none yet.
    pub lacks_second_factor: bool,
    /// What the store knows a log-in by that owes the code of a second factor.
    pub pending: Option<Token>,
    /// The address of the visitor: behind a trusted proxy the one that the proxy names.
    pub peer: IpAddr,
    pub language: Language,
    /// `light`, `dark`, or empty for what the system says.
    pub theme: &'static str,
    /// The name in the address bar, without a port.
    pub host: String,
    /// Whether a proxy in front speaks HTTPS: cookies then never leave it.
    pub is_secure: bool,
    /// What the token of the forms is made of: the session, or that of a visitor without one.
    pub secret: Token,
    /// Whether the visitor's secret was made just now and must become a cookie.
    pub secret_is_new: bool,
    session: Option<Token>,
}

impl<'p> Visit<'p> {
    /// What headers and query say.
    pub fn new(panel: &'p Panel, caller: Caller) -> Self {
        let text = |name| caller.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let visitor = cookie(&caller.headers, VISITOR).and_then(|text| Token::read(&text));
        let language = cookie(&caller.headers, LANGUAGE).unwrap_or_default();
        let language = Language::of_code(&language).unwrap_or_else(|| Language::accepted(text(ACCEPT_LANGUAGE)));
        let host = text(HOST);
        Self {
            panel,
            argument: String::new(),
            query: Pairs::read(caller.query.as_bytes()),
            form: Pairs::default(),
            account: None,
            role: None,
            lacks_second_factor: false,
            pending: cookie(&caller.headers, PENDING).and_then(|text| Token::read(&text)),
            peer: client_address(caller.peer, &caller.headers, &panel.state.trusted_proxies).unwrap_or(caller.peer),
            language,
            theme: match cookie(&caller.headers, THEME).as_deref() {
                Some("light") => "light",
                Some("dark") => "dark",
                _ => "",
            },
            host: host
                .rsplit_once(':')
                .filter(|(_, port)| !port.ends_with(']'))
                .map_or(host, |(host, _)| host)
                .to_owned(),
            is_secure: caller.headers.get("x-forwarded-proto").is_some_and(|value| value == "https"),
            secret_is_new: visitor.is_none(),
            secret: visitor.unwrap_or_else(Token::new),
            session: cookie(&caller.headers, SESSION).and_then(|text| Token::read(&text)),
            path: caller.path,
            raw_query: caller.query,
        }
    }

    /// Looks the session up.
    pub async fn identify(&mut self) -> Result<(), Refusal> {
        let Some(token) = self.session.take() else { return Ok(()) };
        if let Some(found) = sessions::find(&self.connection().await?, &token.hash()).await? {
            self.account = Some(found.account);
            self.role = Some(found.role);
            self.lacks_second_factor = found.lacks_second_factor;
            self.secret = token;
            self.secret_is_new = false;
        }
        Ok(())
    }

    /// Reads the form and refuses it without its token.
    pub async fn read_form<S, B>(&mut self, headers: &HeaderMap, body: S) -> Result<(), Refusal>
    where
        S: Stream<Item = Result<B, warp::Error>>,
        B: Buf,
    {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Refusal::NoToken);
        }
        let limit = if self.account.is_some() { MAX_FORM_BYTES } else { MAX_OPEN_FORM_BYTES };
        let read = timeout(FORM_TIMEOUT, body_bytes(headers, body, limit)).await.map_err(|_| Refusal::Unreadable)?;
        self.form = Pairs::read(&read.map_err(|_| Refusal::Unreadable)?);
        if self.form.holds_nul() {
            return Err(Refusal::Unreadable);
        }
        let sent = self.form.get("csrf");
        if session::is_same(sent.as_bytes(), self.csrf().as_bytes()) { Ok(()) } else { Err(Refusal::NoToken) }
    }

    /// What every form of this visitor carries: another origin can make a browser send our cookie, but cannot read it.
    pub fn csrf(&self) -> String {
        self.secret.form_token()
    }

    /// A connection to the store.
    pub async fn connection(&self) -> Result<Connection, Refusal> {
        Ok(self.panel.state.store.connection().await?)
    }

    /// The hash of a new password of someone who is known.
    pub async fn hashed(&self, password: &str) -> Result<String, Refusal> {
        let passwords = &self.panel.passwords;
        let place = passwords.place(self.peer, Rank::Known).map_err(|Busy| Refusal::TooBusy)?;
        let slot = passwords.slot(place).await.map_err(|Busy| Refusal::TooBusy)?;
        slot.hash(password).await.ok_or(Refusal::Unreadable)
    }

    /// The name of who is logged in; empty on open pages.
    pub fn account(&self) -> &str {
        self.account.as_deref().unwrap_or_default()
    }

    /// Who asks an operation.
    pub fn who(&self) -> Who {
        let (account, role) = (self.account().to_owned(), self.role.unwrap_or(Role::Viewer));
        Who { account, role, language: self.language }
    }

    /// A text in the language of the visitor.
    pub fn t(&self, key: &str) -> String {
        self.panel.words.text(self.language, key, None)
    }

    /// A text that counts something.
    pub fn n(&self, key: &str, n: impl Into<i64>) -> String {
        self.panel.words.text(self.language, key, Some(n.into()))
    }
}

/// A segment or a value without its percent signs.
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_and_forms_are_read_by_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; postern-theme=dark".parse().unwrap());
        headers.append(COOKIE, "b=2".parse().unwrap());
        assert_eq!(cookie(&headers, "postern-theme").as_deref(), Some("dark"));
        assert_eq!(cookie(&headers, "b").as_deref(), Some("2"));
        assert_eq!(cookie(&headers, "theme"), None);
        let pairs = Pairs::read(b"workflows=77&title=a+b%26c&workflows=78");
        assert_eq!((pairs.get("title"), pairs.get("none")), ("a b&c", ""));
        assert_eq!(pairs.all("workflows").collect::<Vec<_>>(), ["77", "78"]);
    }
}
