//! Why an address is admitted or not, by the permissions that are in force at this moment.

use std::net::IpAddr;
use std::time::SystemTime;

use postern_shared::clock::time;
use postern_shared::id::PermissionKey;
use postern_shared::message::{Coded, Message, PermissionFault};
use postern_shared::permission::Permission;
use postern_shared::store::accounts::Role;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Error, Operation, Who};
use crate::state::State;

/// Explains an address.
#[derive(Debug)]
pub struct ExplainAddress;

/// Which address.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
}

/// What the permissions make of an address.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The address.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// Whether a permission admits it.
    pub admitted: bool,
    /// The version of the settings.
    pub settings_version: i64,
    /// What each permission makes of it.
    pub permissions: Vec<Verdict>,
}

/// What a permission makes of an address.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The permission.
    pub permission: PermissionKey,
    /// Its title.
    pub title: String,
    /// Whether it admits the address.
    pub admits: bool,
    /// Why, or why not, in the language that the request accepts.
    pub reason: String,
    /// Why, or why not, for programs.
    pub reason_code: Coded,
    /// Those of its rules that cover the address.
    pub rules: Vec<String>,
    /// The path that it admits to; a viewer does not see a short URL.
    pub answers_at: String,
}

impl Operation for ExplainAddress {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::post(
        "explainAddress",
        "/explain",
        "which permissions admit an address, and why the others do not",
        (
            r#"{"address": "192.0.2.1"}"#,
            r#"{"address": "192.0.2.1", "admitted": true, "settings_version": 3, "permissions": [{"permission": "office", "title": "Office", "admits": true, "reason": "its rule 192.0.2.* covers the address", "reason_code": {"code": "rule-covers", "rules": "192.0.2.*"}, "rules": ["192.0.2.*"], "answers_at": "/trigger"}]}"#,
        ),
    )
    .for_role(Role::Viewer);

    async fn run(state: &State, who: &Who, input: Input) -> Result<Output, Error> {
        let address = input.address.to_canonical();
        let connection = state.store.connection().await?;
        let (settings_version, _, permissions) = state.documents.permissions(&connection).await?;
        let now = SystemTime::now();
        // Those that cannot be read admit nobody.
        let readable = || permissions.iter().flatten();
        let verdict = |one: &Permission| describe(state, one, (address, now), who);
        Ok(Output {
            address,
            admitted: readable().any(|one| one.admits(address, now)),
            settings_version,
            permissions: readable().map(verdict).collect(),
        })
    }
}

fn describe(state: &State, permission: &Permission, (address, now): (IpAddr, SystemTime), who: &Who) -> Verdict {
    let rules: Vec<String> =
        permission.addresses.iter().filter(|rule| rule.matches(address)).map(ToString::to_string).collect();
    let reason = match permission.expires_at {
        _ if rules.is_empty() => PermissionFault::NoRuleCovers,
        _ if !permission.enabled => PermissionFault::NotEnabled,
        Some(end) if end <= now => PermissionFault::ExpiredAt { until: time(end) },
        _ => PermissionFault::RuleCovers { rules: rules.join(", ") },
    };
    let reason = Message::from(reason);
    let short_url = match &permission.short_url {
        Some(own) => who.sight().short_url(own.as_str()),
        None => state.short_url.as_str().to_owned(),
    };
    Verdict {
        permission: permission.key.clone(),
        title: permission.title.clone(),
        admits: permission.admits(address, now),
        reason: reason.text(who.language),
        reason_code: reason.coded(),
        rules,
        answers_at: format!("/{short_url}"),
    }
}
