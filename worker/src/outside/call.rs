//! One call of another system: what is sent, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use postern_shared::message::Message;
use postern_shared::record_ref::ConnectedRecord;
use postern_shared::rendered::Rendered;
use postern_shared::secret::scrub::Scrubber;
use postern_shared::store::checkpoints::Decision;
use postern_shared::store::spool;
use reqwest::Url;

use super::breaker::CallOutcome;
use super::connected::{Done, TARGET, What};

/// What is added to a time-out before an outcome that nobody wrote down counts as unknown.
pub const MARGIN: Duration = Duration::from_secs(10);

/// For so long a call of which nobody knows what came may still be at work in the other system: PHP and the servers before
/// it end a request within minutes.
pub const UNDER_WAY: Duration = Duration::from_secs(10 * 60);

/// What a step needs of the outside.
#[derive(Debug)]
pub struct Call {
    pub request: Arc<Rendered>,
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    pub at_most_once: bool,
    /// Of the answer, its headers included.
    pub max_bytes: usize,
    /// How long ago it was made before, if it was and nobody knows what came of that.
    pub unclear_for: Option<Duration>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Report {
    Answered(Reply),
    /// What was done to records of another system.
    Done(Box<Done>),
    Failed(Failure),
    /// A person said what came of it.
    Decided(Decision),
}

impl Report {
    /// The record of another system that is not there any more, as far as this says so.
    pub fn gone(&self) -> Option<&ConnectedRecord> {
        match self {
            Self::Done(done) => match &done.what {
                What::Gone(record) => Some(record),
                _ => None,
            },
            Self::Failed(failure) => match &failure.reason {
                Message::VtigerRecordMissing { record } => record.connected(),
                _ => None,
            },
            Self::Answered(_) | Self::Decided(_) => None,
        }
    }
}

/// An answer of HTTP or SMTP.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    /// Their names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Takes the secrets of the request out of what is kept of the answer.
    pub scrubber: Scrubber,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Without any value.
    pub reason: Message,
    pub kind: FailureKind,
    /// What came of the target: where it is silent, so it may be to the next call.
    pub came: CallOutcome,
    /// How long ago an earlier call was made of which nobody knows what came.
    pub unclear_for: Option<Duration>,
}

/// What is known when there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The target got nothing.
    NotSent,
    /// It may have got it.
    Unclear,
    /// Trying again would not help.
    Final,
}

impl Failure {
    /// The connection broke.
    pub fn new(reason: Message, kind: FailureKind) -> Self {
        Self { reason, kind, came: CallOutcome::Broken, unclear_for: None }
    }

    /// The target does not answer, or not in time.
    pub fn down(reason: Message, kind: FailureKind) -> Self {
        Self { came: CallOutcome::Silence, ..Self::new(reason, kind) }
    }

    /// The call cannot be made, and another try would not mend that.
    pub fn last(reason: Message) -> Self {
        Self::not_made(reason, FailureKind::Final)
    }

    /// The call was not made.
    pub fn not_made(reason: Message, kind: FailureKind) -> Self {
        Self { came: CallOutcome::NotMade, ..Self::new(reason, kind) }
    }

    /// The same, where the target has answered: the answer is what the step cannot use.
    pub fn answered(self) -> Self {
        Self { came: CallOutcome::Answer, ..self }
    }
}

/// The name of the target of a request: scheme, host and port, or a mail server.
pub fn target(request: &Rendered) -> String {
    let name = match request {
        Rendered::Http(call) => call.url.parse::<Url>().map(|url| url.origin().ascii_serialization()),
        Rendered::Mail(mail) => Ok(match &mail.connection {
            None => "mail".to_owned(),
            Some(connection) => format!("mail:{connection}"),
        }),
        Rendered::Connected(call) => Ok(format!("{TARGET}{}", call.connection)),
    };
    spool::target(name.unwrap_or_default())
}
