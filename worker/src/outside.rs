//! Reaches out, outside of every transaction: one HTTP call, or one mail. Nothing of it stands in a log line.

pub mod breaker;
mod guard;
pub mod http;
pub mod mail;
mod redirect;

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use postern_shared::rendered::Rendered;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::spool;
use prometheus::IntGauge;
use reqwest::Url;
use tokio::time::Instant;

use breaker::{Breakers, Came};
use http::Http;
use mail::MailServer;

/// What is added to a time-out before an outcome that nobody wrote down counts as unknown.
pub const MARGIN: Duration = Duration::from_secs(10);

/// What a step needs of the outside.
#[derive(Debug)]
pub struct Call {
    pub request: Arc<Rendered>,
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    pub at_most_once: bool,
    /// Of the answer, its headers included.
    pub max_bytes: usize,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Report {
    Answered(Reply),
    Failed(Failure),
    /// A person said what came of it.
    Decided(Decision),
}

/// An answer of HTTP or SMTP.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// In words, without any value.
    pub reason: String,
    pub kind: Kind,
    /// Whether the target was silent, or could not be connected: so may be the next call.
    pub is_down: bool,
}

/// What is known when there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The target got nothing.
    NotSent,
    /// It may have got it.
    Unclear,
    /// Trying again would not help.
    Final,
}

impl Failure {
    /// A failure of this one call.
    pub fn new(reason: impl Into<String>, kind: Kind) -> Self {
        Self { reason: reason.into(), kind, is_down: false }
    }

    /// The target does not answer, or not in time.
    fn down(reason: impl Into<String>, kind: Kind) -> Self {
        Self { is_down: true, ..Self::new(reason, kind) }
    }

    /// One that another try would not mend.
    fn last(reason: impl Into<String>) -> Self {
        Self::new(reason, Kind::Final)
    }
}

/// The name of the target of a request: scheme, host and port, or the mail server of the worker.
pub fn target(request: &Rendered) -> String {
    let name = match request {
        Rendered::Http(call) => call.url.parse::<Url>().map(|url| url.origin().ascii_serialization()),
        Rendered::Mail(_) => Ok("mail".to_owned()),
    };
    spool::target(name.unwrap_or_default())
}

/// Makes calls; clones share their connections and what is known of the targets.
#[derive(Debug, Clone)]
pub struct Outside {
    http: Http,
    mail: Option<MailServer>,
    pub breakers: Arc<Breakers>,
}

impl Outside {
    /// Only public targets, and those in these networks; mails go by this server. The gauge counts the targets that rest.
    pub fn new(allowed: Vec<IpNet>, mail: Option<MailServer>, resting: IntGauge) -> Result<Self, reqwest::Error> {
        Ok(Self { http: Http::new(allowed)?, mail, breakers: Arc::new(Breakers::new(resting)) })
    }

    /// Makes one call. `key` is the same whenever this step of this run is tried. A target that rests is not asked: only
    /// a call that has waited for too long comes here meanwhile.
    pub async fn call(&self, call: &Call, key: &str) -> Report {
        let target = target(&call.request);
        if self.breakers.rests(&target, Instant::now()) {
            let reason = "the target has not answered for a while, and was not asked again";
            return Report::Failed(Failure::new(reason, Kind::NotSent));
        }
        let reply = match (&*call.request, &self.mail) {
            (Rendered::Http(request), _) => self.http.call(request, call.max_bytes, call.timeout, key).await,
            (Rendered::Mail(mail), Some(server)) => server.send(mail, call.timeout).await,
            (Rendered::Mail(_), None) => {
                Err(Failure::last("the worker knows no mail server: POSTERN_SMTP_URL is not set"))
            }
        };
        let came = match &reply {
            Ok(_) => Some(Came::Answer),
            Err(Failure { is_down: true, .. }) => Some(Came::Silence),
            Err(_) => None,
        };
        if let Some(came) = came {
            self.breakers.note(&target, came, Instant::now());
        }
        reply.map_or_else(Report::Failed, Report::Answered)
    }
}
