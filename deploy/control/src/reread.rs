//! A refused body is read again as if it came now: under its permission as it is now, within the limits in force, as the
//! call that it was. What is accepted takes the place of the refused body in one statement, so it is submitted once,
//! whoever asks for it, and how often; what is refused again stays, with the new reason.

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::Bytes;
use encoding_rs::Encoding;
use postern_http::body::inflated;
use postern_shared::body;
use postern_shared::body::fields::{self, FieldSettings, Posted};
use postern_shared::env::Env;
use postern_shared::id::{PermissionKey, ReceiptId};
use postern_shared::intake::call::{Call, described, encode, field_settings, with_query};
use postern_shared::intake::dedupe;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::intake::selector::{self, Replaced};
use postern_shared::lane::Lane;
use postern_shared::message::Message;
use postern_shared::permission::Permission;
use postern_shared::store::refused_bodies::{self, Proof, Refusal, Reread};
use postern_shared::store::settings::Versioned;
use postern_shared::store::{Connection, StoreError, permissions};
use postern_shared::submission::{Submission, bundle};
use serde_json::{Map, Value};
use warp::http::HeaderMap;

use crate::state::State;

/// The most bodies that one call reads again: a day's worth of a form that is set up wrong, within seconds.
pub const MAX_AT_ONCE: i64 = 1_000;

/// Which refused bodies are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The one with this number.
    One(i64),
    /// Those of this permission that were kept whole.
    Permission(PermissionKey),
}

/// What became of them; those that are gone by now are in neither list.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Their numbers, and the receipts under which they run now.
    pub accepted: Vec<(i64, ReceiptId)>,
    /// Their numbers, and why they stay.
    pub refused: Vec<(i64, ApiError)>,
    /// How many of those chosen are left: one call reads [`MAX_AT_ONCE`] at most.
    pub left: i64,
}

/// The encoding with this label, as a person may choose it.
pub fn charset(label: &str) -> Option<&'static Encoding> {
    body::encoding(label)
}

/// What a person knows better than the caller of a refused body.
#[derive(Debug, Clone, Default)]
pub struct Told<'t> {
    /// Takes the place of whatever charset the body names.
    pub charset: Option<&'static Encoding>,
    /// Takes the place of the content type.
    pub content_type: Option<&'t str>,
    /// Takes the place of the target and of the record that the query names.
    pub selected: Replaced,
    /// Takes the place of the permission, whatever addresses that one lets in.
    pub permission: Option<PermissionKey>,
    /// Whether it is taken although its caller did not prove to have sent it.
    pub is_unverified: bool,
}

/// Replays refused bodies as what they are told to be.
pub async fn replay(state: &State, account: &str, choice: &Choice, told: Told<'_>) -> Result<Replayed, StoreError> {
    state.clock.check_now().map_err(|wrong| StoreError::Away(wrong.to_string()))?;
    let connection = state.store.connection().await?;
    // Those of the store: who has just mended a permission need not wait until this process holds it.
    let permissions = permissions::load(&connection).await?;
    let ids = match choice {
        Choice::One(id) => vec![*id],
        Choice::Permission(key) => refused_bodies::of_permission(&connection, key, MAX_AT_ONCE).await?,
    };
    let mut replayed = Replayed::default();
    for id in ids {
        let Some((kept, body)) = refused_bodies::find(&connection, id).await? else { continue };
        match read(state, &permissions, &kept, body.map(Bytes::from), &told) {
            Ok((submissions, message)) => {
                let charset = told.charset.map(Encoding::name);
                let bytes = message.len() / submissions.len().max(1);
                let lanes = submissions.iter().map(|one| state.flows.lane(&one.permission, &one.target, bytes));
                let lane = lanes.last().unwrap_or(Lane::Default);
                let receipts = submissions.iter().map(|one| one.receipt).collect::<Vec<_>>();
                let new = Reread { id, receipts: &receipts, message: &message, lane, charset };
                if refused_bodies::replay(&connection, account, &new).await? {
                    replayed.accepted.extend(receipts.into_iter().map(|receipt| (id, receipt)));
                    for one in submissions {
                        one.ticket.into_iter().for_each(|ticket| state.tickets.answered(ticket, one.receipt));
                    }
                }
            }
            Err(error) => {
                note(&connection, &kept, &error).await?;
                replayed.refused.push((id, error));
            }
        }
    }
    if let Choice::Permission(key) = choice {
        replayed.left = refused_bodies::count(&connection, key).await?;
    }
    Ok(replayed)
}

/// Why a body was not kept says more than that it was not, and why it was refused more than that nobody has vouched for it.
async fn note(connection: &Connection, kept: &Refusal, error: &ApiError) -> Result<(), StoreError> {
    match kept.bytes {
        None => Ok(()),
        Some(_) if error.message == Message::NotProven => Ok(()),
        Some(_) => refused_bodies::refuse_again(connection, kept.id, error.code.as_str(), &error.message).await,
    }
}

/// The submissions that a refused body is now, and the message that carries them.
fn read(
    state: &State,
    permissions: &Versioned<Vec<Value>>,
    kept: &Refusal,
    body: Option<Bytes>,
    told: &Told<'_>,
) -> Result<(Vec<Submission>, Vec<u8>), ApiError> {
    let not_kept = || ApiError::new(ErrorCode::InvalidBody, Message::BodyNotKept);
    let body = body.ok_or_else(not_kept)?;
    let (charset, content_type) = (told.charset, told.content_type);
    let permission = admitting(&permissions.value, kept, told.permission.as_ref())?;
    if !told.is_unverified && refused_bodies::needs_consent(kept.proof, &permission) {
        let code =
            if kept.proof == Some(Proof::WrongToken) { ErrorCode::TokenDenied } else { ErrorCode::SignatureDenied };
        return Err(ApiError::new(code, Message::NotProven));
    }
    let selectors = selector::replaced(&kept.query, told.selected.clone())?;
    let target = match selectors.target {
        Some(target) if permission.allows(&target) => target,
        Some(_) => return Err(ApiError::target_denied()),
        None => permission.default_target().ok_or_else(ApiError::target_missing)?,
    };
    if body.len() > state.limits.body_bytes {
        let message = Message::BodyTooLarge { most: state.limits.body_bytes };
        return Err(ApiError::new(ErrorCode::BodyTooLarge, message));
    }
    let body = inflated(&HeaderMap::new(), &body, state.limits.body_bytes)?;
    let settings = FieldSettings { overriding: charset, ..field_settings(state.limits, &permission) };
    let posted = fields::posted(content_type.or(kept.content_type.as_deref()), &body, &settings);
    // What could not be inflated is no text: its encoding is what is wrong, and its caller alone can mend it.
    let is_of_encoding = matches!(kept.message, Message::BodyEncoding { .. } | Message::BodyDamaged { .. });
    let of_encoding = |_| ApiError::new(ErrorCode::UnsupportedType, kept.message.clone());
    let mut posted = if is_of_encoding { posted.map_err(of_encoding)? } else { posted? };
    let query = selectors.query.read(charset.or(permission.charset), &state.limits);
    let is_challenge = |env: &Env| permission.verify.as_ref().is_some_and(|it| it.is_challenge(&body, env, &query.env));
    let is_ping = |env: &Env| permission.ping.as_ref().is_some_and(|ping| ping.matches(env, &query.env));
    let test_call = || ApiError::new(ErrorCode::InvalidBody, Message::TestCall);
    if matches!(&posted, Posted::One(fields) if is_challenge(&fields.env)) {
        return Err(test_call());
    }
    posted.each(|fields| with_query(&permission, fields, &query));
    if matches!(&posted, Posted::One(fields) if is_ping(&fields.env)) {
        return Err(test_call());
    }
    let call = Call {
        receipt: state.clock.receipt()?,
        target,
        record: selectors.record,
        query,
        request: request(&permission, kept),
        settings_version: permissions.version,
    };
    let submissions = submissions(state, &permission, call, posted, kept.idempotency_key.as_deref())?;
    let message = bundle([encode(&submissions)?.as_slice()]);
    Ok((submissions, message))
}

/// What `$request` reads, with the headers that were kept.
fn request(permission: &Permission, kept: &Refusal) -> Env {
    let mut request = described(&kept.address, kept.refused_at);
    let headers = kept.headers.as_deref().and_then(|headers| serde_json::from_str(headers).ok());
    let headers: Option<Map<String, Value>> = headers.or_else(|| (!permission.headers.is_empty()).then(Map::new));
    if let Some(headers) = headers {
        request.set("headers", Value::Object(headers));
    }
    request
}

/// The submission of a call, or those of its list.
fn submissions(
    state: &State,
    permission: &Permission,
    call: Call,
    posted: Posted,
    key: Option<&str>,
) -> Result<Vec<Submission>, ApiError> {
    let items = match posted {
        Posted::One(fields) => {
            let dedupe = dedupe::dedupe(key, &fields.env, permission);
            return Ok(vec![call.submission(Some(state.tickets.next()), permission, fields, dedupe)]);
        }
        Posted::Several(items) if items.is_empty() => {
            return Err(ApiError::new(ErrorCode::InvalidBody, Message::BodyListEmpty));
        }
        Posted::Several(items) => items,
    };
    let numbered = items.into_iter().zip(1..);
    numbered
        .map(|(fields, number)| {
            let dedupe = dedupe::of_item(key, number, &fields.env, permission);
            let call = Call { receipt: state.clock.receipt()?, ..call.clone() };
            Ok(call.submission(Some(state.tickets.next()), permission, fields, dedupe))
        })
        .collect()
}

/// The permission under which a refused body is read again: the permission that a person chose, else the permission of
/// the body if the permission still admits the sender.
fn admitting(permissions: &[Value], kept: &Refusal, chosen: Option<&PermissionKey>) -> Result<Permission, ApiError> {
    let key = chosen.map_or(kept.permission.as_str(), PermissionKey::as_str);
    let name = || key.to_owned();
    let denied = |message| ApiError::new(ErrorCode::AddressDenied, message);
    let stored = permissions.iter().find(|one| one["permission"] == key);
    let permission =
        Permission::from_document(stored.ok_or_else(|| denied(Message::PermissionGone { permission: name() }))?);
    let permission = permission.map_err(|_| denied(Message::PermissionUnreadable { permission: name() }))?;
    let now = SystemTime::now();
    let address = kept.address.parse::<IpAddr>();
    if !permission.enabled {
        Err(denied(Message::PermissionOff { permission: name() }))
    } else if permission.expires_at.is_some_and(|end| end <= now) {
        Err(denied(Message::PermissionExpired { permission: name() }))
    } else if chosen.is_some() || address.is_ok_and(|address| permission.admits(address, now)) {
        Ok(permission)
    } else {
        Err(denied(Message::PermissionDenies { permission: name(), address: kept.address.clone() }))
    }
}
