//! `http`: the way to an API over HTTP.

use url::Url;

use super::address;
use crate::document::Reader;
use crate::expression::Template;
use crate::id::SecretName;
use crate::message::{ConnectionFault, StepFault};
use crate::spec::{Kind, Setting};
use crate::task::http_request;

/// The longest name, scope or audience, in bytes.
const MAX_TEXT_BYTES: usize = 1_000;

/// The ways to log in.
const WAYS: [&str; 3] = ["basic", "bearer", "oauth2_client_credentials"];

/// What stands in `http`.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting::new("base", Kind::Address).required(),
    Setting::new("headers", Kind::Headers),
    Setting::new("auth", Kind::Map("auth", &AUTH)),
];

/// What stands in `auth`.
const AUTH: [Setting; 3] = [
    Setting::new("basic", Kind::Map("basic", &BASIC)),
    Setting::new("bearer", Kind::Secret),
    Setting::new("oauth2_client_credentials", Kind::Map("oauth2", &OAUTH2)),
];

/// What stands in `basic`.
const BASIC: [Setting; 2] =
    [Setting::new("user", Kind::Text(MAX_TEXT_BYTES)).required(), Setting::new("password", Kind::Secret).required()];

/// What stands in `oauth2_client_credentials`.
const OAUTH2: [Setting; 5] = [
    Setting::new("token_url", Kind::Address).required(),
    Setting::new("client_id", Kind::Text(MAX_TEXT_BYTES)).required(),
    Setting::new("client_secret", Kind::Secret).required(),
    Setting::new("scope", Kind::Text(MAX_TEXT_BYTES)),
    Setting::new("audience", Kind::Text(MAX_TEXT_BYTES)),
];

/// The way to an API over HTTP.
#[derive(Debug)]
pub struct Http {
    /// The folder below which calls are made, with a slash at its end.
    pub base: Url,
    /// Headers of every call: texts and secrets.
    pub headers: Vec<(String, Template)>,
    /// How calls show who makes them; none = they do not, or a header does.
    pub auth: Option<Auth>,
}

/// How calls show who makes them.
#[derive(Debug, Clone, PartialEq)]
pub enum Auth {
    /// By name and password (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: SecretName,
    },
    /// By a token that does not change (RFC 6750).
    Bearer(SecretName),
    /// By a token that is fetched (RFC 6749, 4.4).
    ClientCredentials(ClientCredentials),
}

/// What a token is fetched with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientCredentials {
    /// Where it is fetched.
    pub token_url: Url,
    /// Who fetches it.
    pub client_id: String,
    /// What proves that.
    pub client_secret: SecretName,
    /// What the token shall allow.
    pub scope: Option<String>,
    /// For which API it shall be.
    pub audience: Option<String>,
}

impl Http {
    /// The headers of every call, with a mark for each secret.
    pub fn marked_headers(&self) -> impl Iterator<Item = (String, String)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.to_lowercase(), value.marked()?)))
    }

    /// The secrets that open it, each with the path to it.
    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretName)> {
        let of_headers = self.headers.iter().flat_map(|(_, value)| &value.reads().secrets);
        let of_auth = self.auth.as_ref().map(|auth| match auth {
            Auth::Basic { password, .. } => ("http.auth.basic.password", password),
            Auth::Bearer(token) => ("http.auth.bearer", token),
            Auth::ClientCredentials(one) => ("http.auth.oauth2_client_credentials.client_secret", &one.client_secret),
        });
        of_headers.map(|name| ("http.headers", name)).chain(of_auth).collect()
    }
}

pub(super) fn read(reader: &mut Reader) -> Option<Http> {
    let mut inner = reader.inner("http", &SETTINGS)?;
    let (base, headers) = (address::read_folder(&mut inner, "base"), headers(&mut inner));
    let has_auth = inner.value("auth").is_some();
    let auth = auth(&mut inner);
    if has_auth && headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        inner.report("headers", StepFault::HeaderOwn { header: "authorization".to_owned() });
    }
    inner.finish();
    Some(Http { base: base?, headers, auth })
}

/// A connection belongs to no run, so there is nothing that its headers could read but secrets.
fn headers(inner: &mut Reader) -> Vec<(String, Template)> {
    inner.take_secrets();
    let headers = http_request::headers(inner);
    for (name, value) in &headers {
        if value.marked().is_none() {
            inner.report(&format!("headers.{name}"), ConnectionFault::OnlySecrets);
        }
    }
    headers
}

fn auth(reader: &mut Reader) -> Option<Auth> {
    let mut inner = reader.inner("auth", &AUTH)?;
    let ways = WAYS.iter().filter(|way| inner.peek(way).is_some_and(|value| !value.is_null())).count();
    if ways != 1 && !WAYS.iter().any(|way| inner.is_misspelt(way)) {
        inner.report("", ConnectionFault::OneWay { ways: WAYS.join(", ") });
    }
    let (basic, bearer, oauth2) = (basic(&mut inner), inner.secret("bearer"), client_credentials(&mut inner));
    inner.finish();
    basic.or(bearer.map(Auth::Bearer)).or(oauth2.map(Auth::ClientCredentials))
}

fn basic(reader: &mut Reader) -> Option<Auth> {
    let mut inner = reader.inner("basic", &BASIC)?;
    let (user, password) = (inner.text("user"), inner.secret("password"));
    if user.as_ref().is_some_and(|user| user.contains(':')) {
        inner.report("user", ConnectionFault::UserColon);
    }
    inner.finish();
    Some(Auth::Basic { user: user?, password: password? })
}

fn client_credentials(reader: &mut Reader) -> Option<ClientCredentials> {
    let mut inner = reader.inner("oauth2_client_credentials", &OAUTH2)?;
    let (token_url, client_id) = (address::read(&mut inner, "token_url"), inner.text("client_id"));
    let client_secret = inner.secret("client_secret");
    let (scope, audience) = (inner.text("scope"), inner.text("audience"));
    inner.finish();
    Some(ClientCredentials {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scope,
        audience,
    })
}
