//! What permitted callers sent and Postern refused.

pub mod get;
pub mod list;
pub mod raw;
pub mod replay;

use postern_shared::intake::remedy::{self, Refused};
use postern_shared::message::{Coded, Language};
use postern_shared::store::refused_bodies::{self, Proof, Refusal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::Time;
use super::{Error, Who};
use crate::redact::{Kind, Sight};
use crate::state::State;

/// A refused body, without the body.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RefusedBody {
    /// Its number.
    pub id: i64,
    /// The permission that let the caller in.
    pub permission: String,
    /// The address of the caller.
    pub address: String,
    /// The code of the refusal.
    pub code: String,
    /// Why it was refused.
    pub message: String,
    /// The same as a code with arguments.
    pub message_code: Coded,
    /// The setting that would change that; null = only the caller can mend it.
    pub setting: Option<String>,
    /// The method of the call; null = an earlier version kept it.
    pub method: Option<String>,
    /// The path of the call; `•••` for a viewer, since a short URL may be a secret. Null = an earlier version kept it.
    pub path: Option<String>,
    /// What the call proved of its caller: `not_asked`, `right`, `wrong_token` or `wrong_signature`; null = an earlier version
    /// kept it. What is wrong is replayed only as `unverified`.
    pub proof: Option<Proof>,
    /// The query, with the shapes of its values.
    pub query: String,
    /// The type that the caller named.
    pub content_type: Option<String>,
    /// How many bytes the body has; null = it was not kept.
    pub bytes: Option<i32>,
    /// When it was refused.
    pub refused_at: Time,
}

fn describe(sight: Sight, refused: &Refusal) -> RefusedBody {
    let message_code = sight.message(&refused.message);
    RefusedBody {
        id: refused.id,
        permission: refused.permission.clone(),
        address: refused.address.clone(),
        code: refused.code.clone(),
        message: message_code.text(Language::English),
        message_code,
        setting: setting(refused).map(str::to_owned),
        method: refused.method.clone(),
        path: refused.path.as_deref().map(|path| sight.short_url(path)),
        proof: refused.proof,
        query: postern_shared::body::shape::of_query(&refused.query),
        content_type: refused.content_type.clone(),
        bytes: refused.bytes,
        refused_at: refused.refused_at.into(),
    }
}

/// The setting that would change a refusal; nothing if only the caller can mend it.
pub fn setting(refused: &Refusal) -> Option<&'static str> {
    let Refusal { message, query, content_type, .. } = refused;
    remedy::setting(Refused { message, query, content_type: content_type.as_deref() })
}

/// One with its body, of which only shapes may be shown.
pub async fn find(state: &State, id: i64) -> Result<(Refusal, Option<Vec<u8>>), Error> {
    refused_bodies::find(&state.store.connection().await?, id).await?.ok_or(Error::Unknown("refused body"))
}

/// One with its body, whose values may be shown: the role must allow it, and the audit log notes it.
pub async fn reveal(state: &State, who: &Who, id: i64) -> Result<(Refusal, Option<Vec<u8>>), Error> {
    who.may_see(Kind::RefusedBody)?;
    let connection = state.store.connection().await?;
    refused_bodies::reveal(&connection, &who.account, id).await?.ok_or(Error::Unknown("refused body"))
}
