//! Reads the document of a permission. All faults are collected, so that one look is enough to mend it; a document
//! with a fault gives no permission at all, never one that lets in more than was written.

mod answer;
mod origins;
mod reader;
mod signature;
mod token;
mod verify;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use encoding_rs::Encoding;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use reader::{kind, list, parsed, text, texts};

use super::address::{AddressRule, parse_rules};
use super::field_path::FieldPath;
use super::headers::{self, MAX_HEADERS};
use super::short_url::{SECRET_SHORT_URL_CHARS, ShortUrl};
use super::token::{Place, Token};
use super::{Files, Permission};
use crate::body::encoding;
use crate::document::{self, Reader};
use crate::finding::Finding;
use crate::id::{TriggerKey, WorkflowId};
use crate::message::{Message, PermissionFault};
use crate::spec::{self, Kind, Setting, Spec};
use crate::yaml;

/// The longest that a submission can count as already made, in days: the claims of a year are kept, no more.
const MAX_DEDUPE_DAYS: u16 = 366;

/// The longest wait for what a workflow responds, in seconds: below the 30 s after which proxies and PHP give up.
pub const MAX_WAIT_S: i64 = 25;

const FILES: [(&str, Files); 2] = [("refuse", Files::Refuse), ("drop", Files::Drop)];
const QUERY_VALUES: [(&str, bool); 2] = [("query", false), ("env", true)];

/// A permission as it is described.
pub const SPEC: Spec = Spec {
    name: "permission",
    outputs: &[],
    settings: &[
        Setting::new("permission", Kind::Name(document::Kind::Permission)).required(),
        // As long as the document may be.
        Setting::new("title", Kind::Text(yaml::MAX_BYTES)),
        Setting::new("addresses", Kind::AddressRules).required(),
        Setting::new("workflows", Kind::Names(document::Kind::Workflow)),
        Setting::new("triggers", Kind::Names(document::Kind::Trigger)),
        Setting::new("short_url", Kind::ShortUrl),
        Setting::new("expires", Kind::Moment),
        Setting::flag("enabled", true),
        Setting::new("charset", Kind::Charset),
        Setting::new("files", Kind::Choice(&spec::words(&FILES))).or("refuse"),
        Setting::new("answer", Kind::Map("answer", &answer::SETTINGS)),
        Setting::new("ping", Kind::Pairs),
        Setting::new("dedupe_by", Kind::Texts),
        Setting::new("dedupe_days", Kind::Number(1, MAX_DEDUPE_DAYS as i64)).or("30"),
        Setting::new("origins", Kind::Origins),
        Setting::new("query_values", Kind::Choice(&spec::words(&QUERY_VALUES))).or("query"),
        Setting::new("wait", Kind::Number(1, MAX_WAIT_S)),
        Setting::new("headers", Kind::Texts),
        Setting::new("verify", Kind::Map("verify", &verify::SETTINGS)),
        Setting::new("token", Kind::SecretOr("token", &token::SETTINGS)),
        Setting::new("signature", Kind::Map("signature", &signature::SETTINGS)),
        Setting::flag("raw", false),
        Setting::flag("batch", false),
        Setting::new("limit", Kind::Rate),
    ],
    example: r"permission: landing-page
title: Landing page
addresses: [192.168.0.7, 10.0.0.0/8]
triggers: [web_lead]
short_url: landing
answer: {status: 200, body: OK}
dedupe_by: [lead_id]",
};

/// Reads a whole document; the error lists everything that is wrong with it.
pub(super) fn read(document: &Value) -> Result<Permission, Vec<Finding>> {
    let mut findings = Vec::new();
    let permission = Reader::new("", document, SPEC.settings, &mut findings).and_then(permission);
    permission.filter(|_| findings.is_empty()).ok_or(findings)
}

fn permission(mut reader: Reader) -> Option<Permission> {
    let key = parsed(&mut reader, "permission");
    let title = text(&mut reader, "title").unwrap_or_default().to_owned();
    let addresses = addresses(&mut reader);
    let (workflows, triggers) = (names(&mut reader, "workflows", workflow), names(&mut reader, "triggers", trigger));
    some_target(&mut reader, workflows.as_ref(), triggers.as_ref());
    let short_url = parsed(&mut reader, "short_url");
    any_needs_a_secret(&mut reader, &addresses, short_url.as_ref());
    let (expires_at, enabled) = (expires(&mut reader), reader.flag("enabled"));
    let (charset, files) = (charset(&mut reader), reader.choice("files", &FILES));
    let (answers, ping) = (answer::read(&mut reader), parsed(&mut reader, "ping"));
    let (dedupe_by, dedupe_days) = (dedupe_by(&mut reader), reader.number("dedupe_days"));
    let origins = origins::read(&mut reader);
    let (query_is_env, wait) = (reader.choice("query_values", &QUERY_VALUES), reader.number("wait"));
    let headers = headers(&mut reader);
    let (verify, raw) = (verify::read(&mut reader), reader.flag("raw"));
    let (token, signature) = (token::read(&mut reader), signature::read(&mut reader));
    if let Some(Token { place: Place::Header(name), .. }) = &token
        && headers.contains(name)
    {
        reader.report("headers", PermissionFault::HeaderToken { header: name.clone() });
    }
    let (batch, limit) = (reader.flag("batch"), parsed(&mut reader, "limit"));
    if batch && (wait.is_some() || raw) {
        reader.report("batch", PermissionFault::BatchAlone);
    }
    reader.finish();
    Some(Permission {
        key: key?,
        title,
        addresses,
        workflows: workflows?,
        triggers: triggers?,
        short_url,
        expires_at,
        enabled,
        charset,
        files: files?,
        answer: answers.accepted,
        error_page: answers.error_page,
        ping,
        dedupe_by,
        dedupe_days: dedupe_days?,
        query_is_env: query_is_env?,
        wait: wait.map(Duration::from_secs),
        headers,
        verify,
        token,
        signature,
        raw,
        batch,
        limit,
        origins,
    })
}

fn dedupe_by(reader: &mut Reader) -> Vec<FieldPath> {
    let mut paths = Vec::new();
    for text in texts(reader, "dedupe_by") {
        match text.parse::<FieldPath>() {
            Ok(path) => paths.push(path),
            Err(error) => reader.report("dedupe_by", error),
        }
    }
    paths
}

fn headers(reader: &mut Reader) -> Vec<String> {
    let mut names = Vec::new();
    for text in texts(reader, "headers") {
        match headers::name(text) {
            Ok(name) => names.push(name),
            Err(error) => reader.report("headers", error),
        }
    }
    if names.len() > MAX_HEADERS {
        reader.report("headers", PermissionFault::HeadersAbove { most: MAX_HEADERS });
    }
    names
}

fn addresses(reader: &mut Reader) -> Vec<AddressRule> {
    let texts = texts(reader, "addresses");
    match parse_rules(&texts.join("\n")) {
        Ok(rules) => {
            if rules.is_empty() && texts.iter().all(|text| text.trim().is_empty()) && !texts.is_empty() {
                reader.report("addresses", PermissionFault::AddressesEmpty);
            }
            rules
        }
        Err(faults) => {
            faults.into_iter().for_each(|fault| reader.report("addresses", fault));
            // Only the rules that parse are judged further; the document is refused in any case.
            Vec::new()
        }
    }
}

/// A list without doubles; none = something is wrong with it.
fn names<T: Ord>(
    reader: &mut Reader,
    key: &'static str,
    parse: fn(&Value) -> Result<T, Message>,
) -> Option<BTreeSet<T>> {
    let mut is_right = reader.value(key).is_none_or(Value::is_array);
    let mut names = BTreeSet::new();
    for item in list(reader, key) {
        match parse(item) {
            Ok(name) => _ = names.insert(name),
            Err(message) => {
                is_right = false;
                reader.report(key, message);
            }
        }
    }
    is_right.then_some(names)
}

fn workflow(item: &Value) -> Result<WorkflowId, Message> {
    match item.as_i64().map(WorkflowId::try_from) {
        Some(id) => id.map_err(Message::from),
        None => Err(PermissionFault::MustHoldWorkflows { found: kind(item) }.into()),
    }
}

fn trigger(item: &Value) -> Result<TriggerKey, Message> {
    match item.as_str().map(str::parse::<TriggerKey>) {
        Some(key) => key.map_err(Message::from),
        None => Err(PermissionFault::MustHoldTriggers { found: kind(item) }.into()),
    }
}

fn some_target(reader: &mut Reader, workflows: Option<&BTreeSet<WorkflowId>>, triggers: Option<&BTreeSet<TriggerKey>>) {
    let is_misspelt = reader.is_misspelt("workflows") || reader.is_misspelt("triggers");
    if workflows.is_some_and(BTreeSet::is_empty) && triggers.is_some_and(BTreeSet::is_empty) && !is_misspelt {
        reader.report("", PermissionFault::AllowsNothing);
    }
}

fn any_needs_a_secret(reader: &mut Reader, addresses: &[AddressRule], short_url: Option<&ShortUrl>) {
    let secret = short_url.is_some_and(ShortUrl::can_be_secret);
    if addresses.iter().any(AddressRule::is_any) && !secret {
        reader.report("short_url", PermissionFault::AnyNeedsShortUrl { chars: SECRET_SHORT_URL_CHARS });
    }
}

/// A moment, or a date, which is valid to its end (UTC).
fn expires(reader: &mut Reader) -> Option<SystemTime> {
    let text = text(reader, "expires")?.trim();
    let end = match text.parse::<Timestamp>() {
        Ok(moment) => SystemTime::try_from(moment).ok(),
        Err(_) if text.len() == "2026-12-31".len() => end_of_day(text),
        Err(_) => None,
    };
    if end.is_none() {
        reader.report("expires", PermissionFault::ExpiresForm);
    }
    end
}

/// A charset in which a form can be sent: WHATWG sends forms neither in UTF-16 nor in "replacement".
fn charset(reader: &mut Reader) -> Option<&'static Encoding> {
    let label = text(reader, "charset")?;
    let encoding = encoding(label).filter(|found| found.output_encoding() == *found);
    if encoding.is_none() {
        reader.report("charset", PermissionFault::CharsetForm);
    }
    encoding
}

fn end_of_day(text: &str) -> Option<SystemTime> {
    let midnight = text.parse::<Date>().ok()?.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    SystemTime::try_from(midnight).ok()
}

#[cfg(test)]
mod tests;
