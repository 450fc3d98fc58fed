//! What a step would send to another system, and the sample that stands for the answer.

use postern_shared::dry_run::{HttpRequest, Mail, Sample, Sent};
use postern_shared::expression::{Scope, Template, render};
use postern_shared::rendered::{self, HttpCall, Rendered};
use postern_shared::secret::mark;
use postern_shared::secret::scrub::Scrubber;
use postern_shared::task::Task;
use postern_shared::task::http_request;
use postern_shared::task::send_mail::SendMail;
use serde_json::{Map, Value};

use crate::outside::Outside;
use crate::outside::call::{Call, Reply, Report};

/// The reply of a mail server that has taken a mail (RFC 5321, 4.2.3).
const TAKEN: u16 = 250;

/// What would be sent, and what came of it: what is known to stop it, or else the sample. Without a sample the answer is
/// one that the step expects.
pub fn answer(
    task: Option<&Task>,
    scope: &Scope,
    call: &Call,
    (sample, outside): (Option<&Sample>, &Outside),
) -> (Sent, Report) {
    let (request, mail) = match (&*call.request, task) {
        (Rendered::Http(call), _) => (Some(request(call)), None),
        (Rendered::Mail(mail), Some(Task::SendMail(settings))) => (None, Some(written(mail, settings, scope))),
        (Rendered::Mail(_) | Rendered::Connected(_), _) => (None, None),
    };
    if let Some(failure) = outside.refusal(&call.request) {
        return (Sent { request, mail, answer: None }, Report::Failed(failure));
    }
    let sample = sample.cloned().unwrap_or_else(|| expected(task));
    let report = Report::Answered(reply(&sample));
    (Sent { request, mail, answer: Some(sample) }, report)
}

/// An answer that a step expects.
fn expected(task: Option<&Task>) -> Sample {
    match task {
        Some(Task::HttpRequest(settings)) => Sample { status: status(settings), body: Value::Object(Map::new()) },
        _ => Sample { status: TAKEN, body: "OK".into() },
    }
}

fn status(settings: &http_request::HttpRequest) -> u16 {
    let first = || settings.expect.first().map_or(200, |(from, _)| *from);
    if settings.expects(200) { 200 } else { first() }
}

fn reply(sample: &Sample) -> Reply {
    let (kind, body) = match &sample.body {
        Value::Null => (None, Vec::new()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), text.clone().into_bytes()),
        value => (Some("application/json"), value.to_string().into_bytes()),
    };
    let headers = kind.map(|kind| ("content-type".to_owned(), kind.to_owned())).into_iter().collect();
    Reply { status: sample.status, headers, body, scrubber: Scrubber::default() }
}

fn request(call: &HttpCall) -> HttpRequest {
    let shown = |text: &str| call.marks.as_ref().map_or_else(|| text.to_owned(), |marks| mark::shown(text, marks));
    HttpRequest {
        method: call.method.clone(),
        url: shown(&call.url),
        headers: call.headers.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        body: call.body.as_deref().map(shown),
    }
}

/// On the wire a mail is encoded: its texts are rendered once more as people read them.
fn written(mail: &rendered::Mail, settings: &SendMail, scope: &Scope) -> Mail {
    let text = |template: &Template| template.value(scope).map(|value| render(&value)).unwrap_or_default();
    Mail {
        from: mail.from.clone(),
        to: mail.to.clone(),
        subject: text(&settings.subject),
        text: settings.text.as_ref().map(text),
        html: settings.html.as_ref().map(text),
    }
}
