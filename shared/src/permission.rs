//! Who may call, and what they may start. Denied by default: an address that no rule covers is a stranger.

pub mod address;
pub mod address_index;
pub mod answer;
mod document;
pub mod field_path;
pub mod headers;
pub mod limit;
pub mod origin;
pub mod pitfalls;
pub mod short_url;
pub mod signature;
pub mod token;
pub mod verify;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::finding::Finding;
use crate::id::{PermissionKey, SecretName, TriggerKey, WorkflowId};
use crate::submission::Target;
use address::AddressRule;
use answer::{Answer, Ping};
use field_path::FieldPath;
use limit::Limit;
use short_url::ShortUrl;
use signature::Signature;
use token::Token;
use verify::{Expected, Verify};

pub use document::SPEC;

/// One entry of "Settings: HTTP Handler".
#[derive(Debug, Clone)]
pub struct Permission {
    /// Its name when settings are applied again.
    pub key: PermissionKey,
    /// For people only.
    pub title: String,
    /// The callers it lets in.
    pub addresses: Vec<AddressRule>,
    /// The workflows that its callers may name.
    pub workflows: BTreeSet<WorkflowId>,
    /// The triggers that its callers may name.
    pub triggers: BTreeSet<TriggerKey>,
    /// Its own short URL; it then answers only there.
    pub short_url: Option<ShortUrl>,
    /// From this moment on it lets nobody in.
    pub expires_at: Option<SystemTime>,
    /// Off = lets nobody in.
    pub enabled: bool,
    /// The charset of forms, and of JSON that is no UTF-8, that do not name theirs.
    pub charset: Option<&'static encoding_rs::Encoding>,
    /// What becomes of a file in a multipart form.
    pub files: Files,
    /// What an accepted submission is answered; none = its receipt as JSON.
    pub answer: Option<Answer>,
    /// The page that a refused form lands on; none = the error as JSON.
    pub error_page: Option<String>,
    /// Which call is only a test.
    pub ping: Option<Ping>,
    /// The posted fields whose values make two submissions the same; none = only an `Idempotency-Key` does.
    pub dedupe_by: Vec<FieldPath>,
    /// How long a submission counts as already made, in days.
    pub dedupe_days: u16,
    /// Whether the variables of the query are `$env` names too; the body wins.
    pub query_is_env: bool,
    /// How long its callers wait for what a workflow responds, if they do not say so themselves.
    pub wait: Option<Duration>,
    /// The names of the headers that `$request["headers"]` holds, in lower case.
    pub headers: Vec<String>,
    /// The challenges of platforms that it answers.
    pub verify: Option<Verify>,
    /// What its callers show; none = their address is enough.
    pub token: Option<Token>,
    /// How its callers sign; none = they do not.
    pub signature: Option<Signature>,
    /// Whether a body is kept as one text, `$env["body"]`, whatever its type.
    pub raw: bool,
    /// Whether a JSON list is several submissions.
    pub batch: bool,
    /// How many calls it takes; none = as many as come.
    pub limit: Option<Limit>,
    /// The values of `Origin` that it answers; a request with another one is refused.
    pub origins: Vec<String>,
}

/// What becomes of a file in a multipart form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Files {
    /// 415, naming the part.
    #[default]
    Refuse,
    /// The file is left out, the rest is accepted.
    Drop,
}

impl Permission {
    /// Reads the document of a permission; every fault is a finding, and a rule that does not parse is one.
    pub fn from_document(document: &Value) -> Result<Self, Vec<Finding>> {
        document::read(document)
    }

    /// Whether it lets this address in at this moment. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn admits(&self, ip: IpAddr, now: SystemTime) -> bool {
        self.is_in_force(now) && self.addresses.iter().any(|rule| rule.matches(ip))
    }

    /// Whether a rule for this address stands in it, other than `any`.
    pub fn lists(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|rule| !rule.is_any() && rule.matches(ip))
    }

    /// Whether it lets anybody in at this moment.
    pub fn is_in_force(&self, now: SystemTime) -> bool {
        self.enabled && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it answers requests of pages of this origin. Browsers write origins in lower case and without the usual port;
    /// other programs do not.
    pub fn lists_origin(&self, origin: &str) -> bool {
        let origin = origin::origin(origin);
        origin.is_some_and(|origin| self.origins.contains(&origin))
    }

    /// Whether its callers may start this.
    pub fn allows(&self, target: &Target) -> bool {
        match target {
            Target::Workflow(id) => self.workflows.contains(id),
            Target::Trigger(key) => self.triggers.contains(key),
        }
    }

    /// The posted names that it reads by itself, whatever the workflows read.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let ping = self.ping.iter().flat_map(Ping::names);
        self.dedupe_by.iter().flat_map(FieldPath::names).chain(ping)
    }

    /// The secrets that it reads, each with the key of the document that names it.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &SecretName)> {
        let of_challenge = self.verify.as_ref().and_then(|verify| match verify.token.as_ref()? {
            (_, Expected::Secret(name)) => Some(("verify.token", name)),
            (_, Expected::Text(_)) => None,
        });
        let of_token = self.token.iter().map(|token| ("token", &token.secret));
        let of_signature = self.signature.iter().flat_map(|signature| &signature.secrets);
        of_challenge.into_iter().chain(of_token).chain(of_signature.map(|name| ("signature", name)))
    }

    /// What runs when the caller names nothing: the one target it allows, if it allows exactly one.
    pub fn default_target(&self) -> Option<Target> {
        let mut all = (self.workflows.iter().map(|id| Target::Workflow(*id)))
            .chain(self.triggers.iter().map(|key| Target::Trigger(key.clone())));
        all.next().filter(|_| all.next().is_none())
    }
}
