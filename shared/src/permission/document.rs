//! Reads the document of a permission. All faults are collected, so that one look is enough to mend it; a document
//! with a fault gives no permission at all, never one that lets in more than was written.

use std::collections::BTreeSet;
use std::time::SystemTime;

use encoding_rs::Encoding;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::address::{AddressRule, parse_rules};
use super::short_url::{SECRET_SHORT_URL_CHARS, ShortUrl};
use super::{Files, Permission};
use crate::finding::Finding;
use crate::id::{TriggerKey, WorkflowId};

const KEYS: [&str; 13] = [
    "permission",
    "title",
    "addresses",
    "workflows",
    "triggers",
    "short_url",
    "expires",
    "enabled",
    "charset",
    "files",
    "dedupe_by",
    "dedupe_days",
    "origins",
];

/// How long a submission counts as already made unless the permission says otherwise, in days.
const DEFAULT_DEDUPE_DAYS: u16 = 30;

/// The longest that it can count, in days: the claims of a year are kept, no more.
const MAX_DEDUPE_DAYS: u16 = 366;

/// Reads a whole document; the error lists everything that is wrong with it.
pub(super) fn read(document: &Value) -> Result<Permission, Vec<Finding>> {
    let Value::Object(map) = document else {
        return Err(vec![Finding::new("", "a permission is a map of keys")]);
    };
    let mut reader = Reader { map, findings: Vec::new() };
    reader.unknown_keys();
    let key = reader.parsed("permission");
    if key.is_none() && reader.findings.iter().all(|finding| finding.path != "permission") {
        reader.fault("permission", "is missing: it is the key by which the permission is known");
    }
    let title = reader.text("title").unwrap_or_default().to_owned();
    let addresses = reader.addresses();
    let workflows = reader.workflows();
    let triggers = reader.triggers();
    reader.some_target(&workflows, &triggers);
    let short_url = reader.parsed("short_url");
    reader.any_needs_a_secret(&addresses, short_url.as_ref());
    let expires_at = reader.expires();
    let enabled = reader.enabled();
    let charset = reader.charset();
    let files = reader.files();
    let dedupe_by = reader.dedupe_by();
    let dedupe_days = reader.dedupe_days();
    let origins = reader.origins();
    match key {
        Some(key) if reader.findings.is_empty() => Ok(Permission {
            key,
            title,
            addresses,
            workflows,
            triggers,
            short_url,
            expires_at,
            enabled,
            charset,
            files,
            dedupe_by,
            dedupe_days,
            origins,
        }),
        _ => Err(reader.findings),
    }
}

struct Reader<'a> {
    map: &'a Map<String, Value>,
    findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, path: &str, message: impl Into<String>) {
        self.findings.push(Finding::new(path, message));
    }

    /// The value of a key; null counts as missing.
    fn value(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    fn text(&mut self, key: &str) -> Option<&'a str> {
        let value = self.value(key)?;
        let text = value.as_str();
        if text.is_none() {
            self.fault(key, format!("must be a text, not {}", kind(value)));
        }
        text
    }

    fn parsed<T: std::str::FromStr<Err: ToString>>(&mut self, key: &str) -> Option<T> {
        let parsed = self.text(key)?.parse::<T>();
        parsed.map_err(|error| self.fault(key, error.to_string())).ok()
    }

    /// The items of a list.
    fn list(&mut self, key: &str) -> &'a [Value] {
        match self.value(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.fault(key, format!("must be a list, not {}", kind(other)));
                &[]
            }
        }
    }

    /// A text, or the texts of a list.
    fn texts(&mut self, key: &str) -> Vec<&'a str> {
        if let Some(Value::String(text)) = self.value(key) {
            return vec![text];
        }
        let mut texts = Vec::new();
        for item in self.list(key) {
            match item.as_str() {
                Some(text) => texts.push(text),
                None => self.fault(key, format!("must hold texts, not {}", kind(item))),
            }
        }
        texts
    }

    fn dedupe_by(&mut self) -> Vec<String> {
        let names = self.texts("dedupe_by");
        if names.iter().any(|name| name.trim().is_empty()) {
            self.fault("dedupe_by", "must name posted fields, such as lead_id");
        }
        names.into_iter().map(str::to_owned).collect()
    }

    fn dedupe_days(&mut self) -> u16 {
        let Some(value) = self.value("dedupe_days") else { return DEFAULT_DEDUPE_DAYS };
        let days = value.as_u64().and_then(|days| u16::try_from(days).ok());
        days.filter(|days| (1..=MAX_DEDUPE_DAYS).contains(days)).unwrap_or_else(|| {
            self.fault("dedupe_days", format!("must be a whole number from 1 to {MAX_DEDUPE_DAYS}"));
            DEFAULT_DEDUPE_DAYS
        })
    }

    fn unknown_keys(&mut self) {
        for key in self.map.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            let short: String = key.chars().take(40).collect();
            self.fault(&short, format!("unknown key {short:?}: a permission has {}", KEYS.join(", ")));
        }
    }

    fn addresses(&mut self) -> Vec<AddressRule> {
        let before = self.findings.len();
        let text = self.texts("addresses").join("\n");
        match parse_rules(&text) {
            Ok(rules) => {
                if rules.is_empty() && self.findings.len() == before {
                    self.fault("addresses", "is missing: without an address nobody is let in");
                }
                rules
            }
            Err(faults) => {
                self.findings.extend(faults.iter().map(|fault| Finding::new("addresses", fault.to_string())));
                // Only the rules that parse are judged further; the document is refused in any case.
                Vec::new()
            }
        }
    }

    fn workflows(&mut self) -> BTreeSet<WorkflowId> {
        let mut ids = BTreeSet::new();
        for item in self.list("workflows") {
            match item.as_i64().map(WorkflowId::try_from) {
                Some(Ok(id)) => _ = ids.insert(id),
                Some(Err(error)) => self.fault("workflows", error.to_string()),
                None => {
                    self.fault("workflows", format!("must hold the whole numbers of workflows, not {}", kind(item)))
                }
            }
        }
        ids
    }

    fn triggers(&mut self) -> BTreeSet<TriggerKey> {
        let mut keys = BTreeSet::new();
        for item in self.list("triggers") {
            match item.as_str().map(str::parse::<TriggerKey>) {
                Some(Ok(key)) => _ = keys.insert(key),
                Some(Err(error)) => self.fault("triggers", error.to_string()),
                None => self.fault("triggers", format!("must hold the keys of triggers, not {}", kind(item))),
            }
        }
        keys
    }

    fn some_target(&mut self, workflows: &BTreeSet<WorkflowId>, triggers: &BTreeSet<TriggerKey>) {
        let judged = self.findings.iter().any(|finding| matches!(finding.path.as_str(), "workflows" | "triggers"));
        if workflows.is_empty() && triggers.is_empty() && !judged {
            self.fault("", "allows nothing: list at least one workflow under `workflows` or one key under `triggers`");
        }
    }

    fn any_needs_a_secret(&mut self, addresses: &[AddressRule], short_url: Option<&ShortUrl>) {
        let secret = short_url.is_some_and(ShortUrl::can_be_secret);
        if addresses.iter().any(AddressRule::is_any) && !secret {
            self.fault(
                "short_url",
                format!(
                    "`any` address demands an own, generated short URL: at least {SECRET_SHORT_URL_CHARS} random \
                     characters of A-Z, a-z, 0-9, '_' and '-', which hold 128 random bits"
                ),
            );
        }
    }

    /// A moment, or a date, which is valid to its end (UTC).
    fn expires(&mut self) -> Option<SystemTime> {
        let text = self.text("expires")?.trim();
        let end = match text.parse::<Timestamp>() {
            Ok(moment) => SystemTime::try_from(moment).ok(),
            Err(_) if text.len() == "2026-12-31".len() => end_of_day(text),
            Err(_) => None,
        };
        if end.is_none() {
            self.fault("expires", "must be a moment such as 2026-12-31T18:00:00+01:00, or a date such as 2026-12-31");
        }
        end
    }

    fn enabled(&mut self) -> bool {
        match self.value("enabled") {
            None => true,
            Some(Value::Bool(enabled)) => *enabled,
            Some(other) => {
                self.fault("enabled", format!("must be true or false, not {}", kind(other)));
                false
            }
        }
    }

    /// A charset in which a form can be sent: WHATWG sends forms neither in UTF-16 nor in "replacement".
    fn charset(&mut self) -> Option<&'static Encoding> {
        let label = self.text("charset")?;
        let encoding = Encoding::for_label(label.as_bytes()).filter(|found| found.output_encoding() == *found);
        if encoding.is_none() {
            self.fault("charset", "must be a charset in which forms are sent, such as utf-8 or windows-1251");
        }
        encoding
    }

    fn files(&mut self) -> Files {
        match self.text("files") {
            None | Some("refuse") => Files::Refuse,
            Some("drop") => Files::Drop,
            Some(_) => {
                self.fault("files", "must be refuse or drop");
                Files::Refuse
            }
        }
    }

    fn origins(&mut self) -> Vec<String> {
        let mut origins = Vec::new();
        for text in self.texts("origins") {
            for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
                match origin(word) {
                    Some(origin) => origins.push(origin),
                    None => {
                        let short: String = word.chars().take(60).collect();
                        self.fault("origins", format!("{short:?} is not an origin such as https://www.example.com"));
                    }
                }
            }
        }
        origins
    }
}

fn end_of_day(text: &str) -> Option<SystemTime> {
    let midnight = text.parse::<Date>().ok()?.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    SystemTime::try_from(midnight).ok()
}

/// An origin as browsers write it (RFC 6454, 6.2): scheme, host, port if unusual, in lowercase, without a path.
/// `null` is none: every sandboxed page has it.
fn origin(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    (!host.is_empty() && host.bytes().all(allowed)).then_some(lower)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests;
