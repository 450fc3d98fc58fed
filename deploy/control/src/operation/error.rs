//! Why an operation refuses: what a program can tell apart, and what a person reads.

use postern_http::body::BodyError;
use postern_shared::document::batch::Found;
use postern_shared::finding;
use postern_shared::message::{Coded, Language, Message};
use postern_shared::store::StoreError;
use postern_shared::store::accounts::Role;
use postern_shared::store::run_actions::Obstacle;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why an operation did nothing.
#[derive(Debug)]
pub enum Error {
    /// No token, or none that is valid.
    Unauthorized,
    /// It needs at least this role.
    Forbidden(Role),
    /// The query or the body cannot be read, or contradicts itself.
    Invalid(String),
    /// There is nothing of this kind and name.
    Unknown(&'static str),
    /// The path holds what cannot be a name, and why.
    NoName(String),
    /// There is nothing at this path.
    NoPath,
    /// The path takes only these methods.
    Method(String),
    /// The body took too long to arrive.
    BodyTimeout,
    /// The body cannot be read.
    Body(BodyError),
    /// The body has another type than the one that is named.
    Type(&'static str),
    /// It contradicts what is stored.
    Conflict(String),
    /// Something is in the way of what a run is to do.
    Run(Obstacle),
    /// A dry run gives no result, for this reason.
    NotTried(Message),
    /// The documents cannot be set as they are.
    Documents(Vec<Finding>),
    /// PostgreSQL did not do it.
    Store(StoreError),
}

/// The codes of `{"error": {"code", …}}`: a contract with callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No token, or none that is valid.
    Unauthorized,
    /// The role of the token is not enough.
    Forbidden,
    /// The query or the body cannot be read.
    InvalidRequest,
    /// Nothing here, or nothing of this name.
    NotFound,
    /// Not a method of this path.
    MethodNotAllowed,
    /// The body took too long to arrive.
    BodyTimeout,
    /// It contradicts what is there.
    Conflict,
    /// The body is above the limit.
    BodyTooLarge,
    /// A type or encoding that is not read here.
    UnsupportedType,
    /// Documents with findings.
    InvalidDocument,
    /// A fault of Postern's.
    Internal,
    /// It cannot be done now.
    Unavailable,
}

/// The body of every refusal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// What is wrong.
    pub error: Explained,
}

/// What is wrong.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Everything that is wrong with the documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<Finding>>,
}

/// One thing that is wrong in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Where in the document; empty = all of it.
    pub path: String,
    /// The line, from 1, in the text that was sent.
    pub line: usize,
    /// What is wrong, in the language that the request accepts.
    pub message: String,
    /// What is wrong, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_code: Option<Coded>,
}

impl Error {
    /// The code that programs read.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthorized => Code::Unauthorized,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Invalid(_) | Self::Body(BodyError::Truncated | BodyError::Damaged(_)) => Code::InvalidRequest,
            Self::Unknown(_) | Self::NoName(_) | Self::NoPath => Code::NotFound,
            Self::Method(_) => Code::MethodNotAllowed,
            Self::BodyTimeout => Code::BodyTimeout,
            Self::Body(BodyError::TooLarge(_)) => Code::BodyTooLarge,
            Self::Body(BodyError::UnsupportedEncoding(_)) | Self::Type(_) => Code::UnsupportedType,
            Self::Conflict(_) | Self::Run(_) => Code::Conflict,
            Self::NotTried(Message::DryRunNoWorker { .. } | Message::DryRunAway) => Code::Unavailable,
            Self::NotTried(_) => Code::Conflict,
            Self::Documents(_) => Code::InvalidDocument,
            Self::Store(StoreError::Away(_) | StoreError::TookTooLong(_) | StoreError::Conflict(_)) => {
                Code::Unavailable
            }
            Self::Store(_) => Code::Internal,
        }
    }

    /// What a person reads, without anything that was posted.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthorized => "a valid token is needed: Authorization: Bearer …".to_owned(),
            Self::Forbidden(role) => format!("this needs the role {}", role.word()),
            Self::Invalid(message) | Self::NoName(message) | Self::Conflict(message) => message.clone(),
            Self::Run(obstacle) => obstacle.sentence().to_owned(),
            Self::NotTried(reason) => reason.text(Language::English),
            Self::Unknown(what) => format!("there is no such {what}"),
            Self::NoPath => "there is nothing at this path".to_owned(),
            Self::Method(methods) => format!("the method must be one of {methods}"),
            Self::BodyTimeout => "the body took too long to arrive".to_owned(),
            Self::Body(error) => error.to_string(),
            Self::Type(types) => format!("send {types}"),
            Self::Documents(findings) => match findings.len() {
                1 => "1 finding in the documents".to_owned(),
                count => format!("{count} findings in the documents"),
            },
            Self::Store(_) if self.code() == Code::Unavailable => "postgresql cannot do this now".to_owned(),
            Self::Store(_) => "this failed; the log of control says why".to_owned(),
        }
    }

    /// What to do about it, if that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unauthorized => Some("an admin makes a token in the panel, under Tokens"),
            Self::Forbidden(_) => Some("use a token with this role, or ask an admin"),
            Self::NoPath | Self::Method(_) => Some("GET /api/v1/openapi.json lists all paths and methods"),
            Self::Documents(_) => Some("POST /api/v1/validate checks documents and sets nothing"),
            Self::Store(_) | Self::NotTried(_) if self.code() == Code::Unavailable => Some("try again in some seconds"),
            _ => None,
        }
    }

    /// As it is sent.
    pub fn explained(self) -> Refused {
        let (code, message, hint) = (self.code(), self.message(), self.hint().map(str::to_owned));
        let findings = if let Self::Documents(findings) = self { Some(findings) } else { None };
        Refused { error: Explained { code, message, hint, findings } }
    }
}

impl Finding {
    /// What is wrong with documents, for a reader of this language.
    pub fn all(found: &[Found], language: Language) -> Vec<Self> {
        found.iter().map(|one| Self::of(one.located.line, &one.located.finding, language)).collect()
    }

    /// A finding in a line, for a reader of this language.
    pub fn of(line: usize, finding: &finding::Finding, language: Language) -> Self {
        let (path, message) = (finding.path.clone(), &finding.message);
        Self { path, line, message: message.text(language), message_code: Some(message.coded()) }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}
