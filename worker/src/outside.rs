//! Reaches out, outside of every transaction: one HTTP call, or one mail. Nothing of it stands in a log line.

mod guard;
pub mod http;
pub mod mail;

use std::time::Duration;

use ipnet::IpNet;
use postern_shared::store::checkpoints::Decision;

use http::Http;
use mail::MailServer;

/// What is added to a time-out before an outcome that nobody wrote down counts as unknown.
pub const MARGIN: Duration = Duration::from_secs(10);

/// What a step needs of the outside.
#[derive(Debug)]
pub struct Call {
    pub target: Target,
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    pub at_most_once: bool,
}

/// What is reached, and with what.
#[derive(Debug)]
pub enum Target {
    Http(http::Request),
    Mail(mail::Mail),
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
    /// One that another try would not mend.
    fn last(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), kind: Kind::Final }
    }
}

/// Makes calls; clones share their connections.
#[derive(Debug, Clone)]
pub struct Outside {
    http: Http,
    mail: Option<MailServer>,
}

impl Outside {
    /// Only public targets, and those in these networks; mails go by this server.
    pub fn new(allowed: Vec<IpNet>, mail: Option<MailServer>) -> Result<Self, reqwest::Error> {
        Ok(Self { http: Http::new(allowed)?, mail })
    }

    /// Makes one call. `key` is the same whenever this step of this run is tried.
    pub async fn call(&self, call: &Call, key: &str) -> Report {
        let reply = match (&call.target, &self.mail) {
            (Target::Http(request), _) => self.http.call(request, call.timeout, key).await,
            (Target::Mail(mail), Some(server)) => server.send(mail, call.timeout, key).await,
            (Target::Mail(_), None) => {
                Err(Failure::last("the worker knows no mail server: POSTERN_SMTP_URL is not set"))
            }
        };
        reply.map_or_else(Report::Failed, Report::Answered)
    }
}
