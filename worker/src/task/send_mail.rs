//! `send_mail`: says what is to be sent and to whom, and what becomes of the server's reply. The sending is done outside
//! of every transaction; see `outside`.

use lettre::message::{Mailbox, Mailboxes};
use postern_shared::expression::{Template, render};
use postern_shared::rendered::Rendered;
use postern_shared::task::send_mail::SendMail;
use serde_json::{Value, json};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;
use super::tries::{self, Failed, Judgement};
use crate::outside::call::{Reply, Report};
use crate::outside::mail::{self, Draft};

/// The most people who receive one mail, copies included.
const MAX_RECIPIENTS: usize = 100;

pub fn perform(settings: &SendMail, report: Option<Report>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let prepare = |context: &mut Context<'_>| prepare(settings, context);
    tries::perform(&settings.tries, usize::MAX, report, context, prepare, |Reply { status, body, .. }| Judgement {
        found: json!({"status": status, "reply": String::from_utf8_lossy(&body)}),
        failure: (status >= 300).then_some(Failed {
            reason: TaskError::MailAnswered { status },
            // RFC 5321, 4.2.1: 4yz is for now, and a mail that was refused was not taken.
            again: status < 500,
            after: None,
        }),
    })
}

fn prepare(settings: &SendMail, context: &mut Context<'_>) -> Result<Rendered, TaskError> {
    let text = |name: &str, template: &Option<Template>, context: &mut Context<'_>| {
        template.as_ref().map(|template| context.value(name, template).map(|value| render(&value))).transpose()
    };
    let draft = Draft {
        text: text("text", &settings.text, context)?,
        html: text("html", &settings.html, context)?,
        subject: one_line(&render(&context.value("subject", &settings.subject)?)),
        from: one("from", settings.from.as_ref(), context)?.or_else(|| context.unit.sender()),
        reply_to: one("reply_to", settings.reply_to.as_ref(), context)?,
        to: several("send_mail", Some(&settings.to), context)?,
        cc: several("cc", settings.cc.as_ref(), context)?,
        bcc: several("bcc", settings.bcc.as_ref(), context)?,
    };
    if draft.to.is_empty() {
        return Err(TaskError::MailToNobody);
    }
    if draft.to.len() + draft.cc.len() + draft.bcc.len() > MAX_RECIPIENTS {
        return Err(TaskError::MailToTooMany { most: MAX_RECIPIENTS });
    }
    let key = format!("{}.{}", context.run, context.tries.first);
    mail::compose(draft, &key).map(Rendered::Mail)
}

fn several(name: &str, template: Option<&Template>, context: &mut Context<'_>) -> Result<Vec<Mailbox>, TaskError> {
    let Some(template) = template else { return Ok(Vec::new()) };
    let items = match context.value(name, template)? {
        Value::Array(items) => items,
        one => vec![one],
    };
    let mut found = Vec::new();
    for item in items {
        let text = one_line(&render(&item));
        if !text.trim().is_empty() {
            let several: Mailboxes = text.parse().map_err(|_| TaskError::NotAMailAddress { field: name.to_owned() })?;
            found.extend(several);
        }
    }
    Ok(found)
}

/// At most one; an empty text is none.
fn one(name: &str, template: Option<&Template>, context: &mut Context<'_>) -> Result<Option<Mailbox>, TaskError> {
    match <[Mailbox; 1]>::try_from(several(name, template, context)?) {
        Ok([one]) => Ok(Some(one)),
        Err(others) if others.is_empty() => Ok(None),
        Err(_) => Err(TaskError::SeveralMailAddresses { field: name.to_owned() }),
    }
}

/// A header is one line.
fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
