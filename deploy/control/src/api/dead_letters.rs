//! What nobody could run, and why: looked at, replayed or discarded, one by one or all that are alike.

use std::ops::RangeInclusive;

use postern_shared::clock::time;
use postern_shared::env::Env;
use postern_shared::store::dead_letters::{self, Choice, Group, Kept, MAX_REASON_CHARS, Moved};
use postern_shared::submission;
use serde::Deserialize;
use serde_json::{Value, json};
use warp::reply::{Reply, Response};

use super::refusal::{Code, Refusal};
use super::request::Request;
use crate::state::State;

/// How many letters a second may be replayed: with less the last of a call would be due in a month, with more no rate
/// is needed.
pub const RATE: RangeInclusive<f64> = 0.01..=1_000.0;

/// Exactly one of `id`, `group` and `all` says which letters are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    id: Option<i64>,
    group: Option<String>,
    #[serde(default)]
    all: bool,
    per_second: Option<f64>,
    env: Option<Env>,
    reason: Option<String>,
}

/// The dead letters that the query asks for, and the id before which the next page begins.
pub async fn list(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (group, before, last) = (request.variable::<String>("group")?, request.variable("before")?, request.last()?);
    let found = dead_letters::page(&state.store.connection().await?, group.as_deref(), before, last).await?;
    let next = Request::next(&found, last).map(|letter| letter.id);
    let letters: Vec<Value> = found.iter().map(describe).collect();
    Ok(warp::reply::json(&json!({"dead_letters": letters, "next": next})).into_response())
}

/// One with what it carries: as submissions if it can be read, else as text.
pub async fn get(state: &State, request: &Request) -> Result<Response, Refusal> {
    let (letter, body) = find(state, request.argument.parse().ok()).await?;
    let mut answer = describe(&letter);
    let submissions = submission::unbundle(&body).ok();
    answer["text"] = json!(submissions.is_none().then(|| String::from_utf8_lossy(&body)));
    answer["submissions"] = json!(submissions);
    Ok(warp::reply::json(&answer).into_response())
}

/// Those that are alike, together.
pub async fn groups(state: &State) -> Result<Response, Refusal> {
    let all = dead_letters::groups(&state.store.connection().await?).await?;
    let describe = |group: &Group| {
        json!({
            "group": group.id, "kind": group.kind, "target": group.target, "reason": group.reason,
            "count": group.count, "first_at": time(group.first_at), "last_at": time(group.last_at),
        })
    };
    Ok(warp::reply::json(&json!({"groups": all.iter().map(describe).collect::<Vec<_>>()})).into_response())
}

/// Puts letters back into the spool.
pub async fn replay(state: &State, request: &Request) -> Result<Response, Refusal> {
    let order: Order = request.json()?;
    let choice = choice(&order)?;
    if order.reason.is_some() {
        return Err(refused("reason: only a discard has one"));
    }
    let interval_s = match order.per_second {
        None => 0.0,
        Some(rate) if RATE.contains(&rate) => rate.recip(),
        Some(_) => return Err(refused(format!("per_second: must be from {} to {}", RATE.start(), RATE.end()))),
    };
    let body = match (order.env, &choice) {
        (None, _) => None,
        (Some(env), Choice::One(id)) => {
            let (_, body) = find(state, Some(*id)).await?;
            Some(submission::with_env(&body, env, &state.limits).map_err(|error| refused(error.to_string()))?)
        }
        (Some(_), _) => return Err(refused("env: goes with the id of one letter only")),
    };
    let mut connection = state.store.connection().await?;
    let moved = dead_letters::replay(&mut connection, &request.account, &choice, interval_s, body.as_deref()).await?;
    answer(&choice, "replayed", moved)
}

/// Removes letters for good.
pub async fn discard(state: &State, request: &Request) -> Result<Response, Refusal> {
    let order: Order = request.json()?;
    let choice = choice(&order)?;
    if order.env.is_some() || order.per_second.is_some() {
        return Err(refused("env, per_second: only a replay has them"));
    }
    let reason = order.reason.as_deref().and_then(dead_letters::discard_reason);
    let reason =
        reason.ok_or_else(|| refused(format!("reason: must be a text of 1 to {MAX_REASON_CHARS} characters")))?;
    let connection = state.store.connection().await?;
    let moved = dead_letters::discard(&connection, &request.account, &choice, reason).await?;
    answer(&choice, "discarded", moved)
}

fn choice(order: &Order) -> Result<Choice, Refusal> {
    match (order.id, &order.group, order.all) {
        (Some(id), None, false) => Ok(Choice::One(id)),
        (None, Some(group), false) if !group.contains('\0') => Ok(Choice::Group(group.clone())),
        (None, None, true) => Ok(Choice::All),
        _ => Err(refused("name one of: id, group, all")),
    }
}

async fn find(state: &State, id: Option<i64>) -> Result<(Kept, Vec<u8>), Refusal> {
    let unknown = || Refusal::unknown("dead letter");
    let id = id.ok_or_else(unknown)?;
    dead_letters::find(&state.store.connection().await?, id).await?.ok_or_else(unknown)
}

/// Of all none may be there; who names one or a group expects it.
fn answer(choice: &Choice, what: &str, Moved { moved, left }: Moved) -> Result<Response, Refusal> {
    match choice {
        Choice::One(_) if moved == 0 => Err(Refusal::unknown("dead letter")),
        Choice::Group(_) if moved == 0 => Err(Refusal::unknown("group of dead letters")),
        _ => Ok(warp::reply::json(&json!({what: moved, "left": left})).into_response()),
    }
}

fn describe(letter: &Kept) -> Value {
    json!({
        "id": letter.id, "receipt": letter.receipt, "kind": letter.kind, "bytes": letter.bytes,
        "reason": letter.reason, "attempt": letter.attempt, "created_at": time(letter.created_at),
        "target": letter.target, "group": letter.group,
    })
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(Code::InvalidRequest, message)
}
