//! The check of a vtiger CRM: its web service answers, lets the user in, and shows the modules that are declared with the
//! connection. What is wrong is said in the words of the setting that has to be changed.

use std::time::{Duration, SystemTime};

use postern_shared::id::ModuleName;
use postern_shared::message::{ConnectionFault, Message};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::access::{Access, hashed};
use super::wire::{Fault, Verb, Wire, jitter};
use crate::outside::call::Failure;
use crate::outside::http::Http;

/// How far the clock of vtiger may be off: times of records are written by it.
const MAX_SKEW: Duration = Duration::from_secs(120);

/// Log-ins that are tried: one may meet a log-in of a worker.
const LOG_INS: u32 = 3;

/// What is said of a connection that works, or what is wrong with it.
pub async fn check(http: Http, access: &Access, modules: &[ModuleName], until: Instant) -> Result<Message, Message> {
    let wire = Wire::new(http, &access.url);
    let mut times = 0;
    let welcome = loop {
        times += 1;
        let token = challenge(&wire, &access.user, until).await?;
        let key = hashed(&token, &access.access_key);
        let log_in = [("operation", "login"), ("username", access.user.as_str()), ("accessKey", &key)];
        match wire.call(Verb::Post, &log_in, until).await {
            Ok(welcome) => break welcome,
            Err(Fault::Refused { .. }) if times < LOG_INS => sleep(jitter(times)).await,
            Err(Fault::Refused { answer, .. }) if answer == "AUTHENTICATION_REQUIRED" => {
                return Err(ConnectionFault::UserInactive.into());
            }
            Err(Fault::Refused { answer, .. }) => return Err(ConnectionFault::KeyWrong { answer }.into()),
            Err(Fault::NoAnswer(failure)) => return Err(unreadable(failure)),
        }
    };
    let session = welcome["sessionName"].as_str().unwrap_or_default();
    let types = wire.call(Verb::Get, &[("operation", "listtypes"), ("sessionName", session)], until).await;
    let types = types.map_err(|fault| Failure::from(fault).reason)?;
    let is_shown = |module: &&ModuleName| names(&types).any(|name| name == module.as_str());
    if let Some(module) = modules.iter().find(|module| !is_shown(module)) {
        return Err(ConnectionFault::ModuleDenied { module: module.clone() }.into());
    }
    let version = welcome["vtigerVersion"].as_str().unwrap_or_default().to_owned();
    Ok(ConnectionFault::VtigerWorks { version }.into())
}

fn names(types: &Value) -> impl Iterator<Item = &str> {
    types["types"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// A token, from a vtiger whose clock is right.
async fn challenge(wire: &Wire, user: &str, until: Instant) -> Result<String, Message> {
    let answer = match wire.call(Verb::Get, &[("operation", "getchallenge"), ("username", user)], until).await {
        Ok(answer) => answer,
        Err(Fault::Refused { .. }) => return Err(ConnectionFault::UserUnknown.into()),
        Err(Fault::NoAnswer(failure)) => return Err(unreadable(failure)),
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let clock = Duration::from_secs(answer["serverTime"].as_u64().unwrap_or(now.as_secs()));
    let skew = clock.abs_diff(now);
    if skew > MAX_SKEW {
        return Err(ConnectionFault::ClockWrong { seconds: skew.as_secs() }.into());
    }
    Ok(answer["token"].as_str().unwrap_or_default().to_owned())
}

/// What an answer without JSON means when nothing but a greeting was sent.
fn unreadable(failure: Failure) -> Message {
    match failure.reason {
        Message::VtigerNoJson { status: status @ (401 | 403) } => ConnectionFault::WebserviceOff { status }.into(),
        Message::VtigerNoJson { status: status @ 500.. } => Message::TargetAnswered { status },
        Message::VtigerNoJson { status } => ConnectionFault::NoVtiger { status }.into(),
        Message::VtigerRedirects { to } if to.starts_with("https:") => ConnectionFault::RedirectsToHttps { to }.into(),
        Message::VtigerRedirects { to } => ConnectionFault::Redirects { to }.into(),
        reason => reason,
    }
}
