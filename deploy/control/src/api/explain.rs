//! Why an address is admitted or not, by the permissions that are in force at this moment.

use std::net::IpAddr;
use std::time::SystemTime;

use postern_shared::clock::time;
use postern_shared::permission::Permission;
use serde::Deserialize;
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::Refusal;
use super::request::Request;
use crate::state::State;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    address: IpAddr,
}

/// What every permission says to an address.
pub async fn explain(state: &State, request: &Request) -> Result<Response, Refusal> {
    let address = request.json::<Question>()?.address.to_canonical();
    let (settings, now) = (state.permissions().await?, SystemTime::now());
    let admitted = settings.value.iter().any(|one| one.admits(address, now));
    let permissions: Vec<Value> = settings.value.iter().map(|one| describe(state, one, address, now)).collect();
    let body = json!({
        "address": address, "admitted": admitted, "settings_version": settings.version, "permissions": permissions,
    });
    Ok(warp::reply::json(&body).into_response())
}

fn describe(state: &State, permission: &Permission, address: IpAddr, now: SystemTime) -> Value {
    let rules: Vec<String> =
        permission.addresses.iter().filter(|rule| rule.matches(address)).map(ToString::to_string).collect();
    let reason = match permission.expires_at {
        _ if rules.is_empty() => "none of its rules covers the address".to_owned(),
        _ if !permission.enabled => "it is not enabled".to_owned(),
        Some(end) if end <= now => format!("it expired at {}", time(end)),
        _ => format!("its rule {} covers the address", rules.join(", ")),
    };
    let short_url = permission.short_url.as_ref().unwrap_or(&state.short_url);
    json!({
        "permission": permission.key, "title": permission.title, "admits": permission.admits(address, now),
        "reason": reason, "rules": rules, "answers_at": format!("/{}", short_url.as_str()),
    })
}
