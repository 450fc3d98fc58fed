//! The check of a vtiger CRM: whether its web service answers, and knows the user.

use postern_shared::connection::vtiger::Vtiger;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::HttpCall;
use serde_json::Value;

use super::{Said, api};
use crate::outside::Outside;

/// The most bytes of the answer.
const MAX_BYTES: usize = 64 * 1024;

pub(super) async fn check(outside: &Outside, to: &Vtiger) -> Said {
    let mut url = to.url.join("webservice.php").map_err(|_| Message::NotAUrl)?;
    url.query_pairs_mut().append_pair("operation", "getchallenge").append_pair("username", &to.user);
    let (method, headers) = ("GET".to_owned(), Vec::new());
    let request = HttpCall { method, url: url.to_string(), connection: None, headers, body: None, marks: None };
    let reply = outside.once(request, MAX_BYTES).await.map_err(|failure| failure.reason)?;
    // vtiger answers 200 to everything that it has understood.
    let said = api::judged(&url, &reply, true)?;
    let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
    match answer.as_ref().and_then(|answer| answer["success"].as_bool()) {
        Some(true) => Ok(said),
        Some(false) => Err(ConnectionFault::UserUnknown.into()),
        None => Err(ConnectionFault::NoVtiger { status: reply.status }.into()),
    }
}
