//! `send_mail`: says what is to be sent and to whom, and what becomes of the server's reply. The sending is done outside
//! of every transaction; see `outside`.

use lettre::message::{Mailbox, Mailboxes};
use postern_shared::connection::{Connection, System};
use postern_shared::expression::{Template, render};
use postern_shared::message::StepFault;
use postern_shared::rendered::Rendered;
use postern_shared::task::send_mail::{Attachment, SendMail};
use serde_json::{Value, json};

use super::context::Context;
use super::error::TaskError;
use super::http_request::target;
use super::outcome::Outcome;
use super::tries::{self, Failed, Judgement};
use crate::outside::call::{Reply, Report};
use crate::outside::mail::{self, Draft, File};

/// The most people who receive one mail, copies included.
const MAX_RECIPIENTS: usize = 100;

/// The most bytes of all files of one mail: the rendered mail is kept with its run.
const MAX_ATTACHED_BYTES: usize = 1024 * 1024;

pub fn perform(settings: &SendMail, report: Option<Report>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let prepare = |context: &mut Context<'_>| prepare(settings, context);
    tries::perform(&settings.tries, usize::MAX, report, context, prepare, |Reply { status, body, .. }| {
        let found = json!({"status": status, "reply": String::from_utf8_lossy(&body)});
        let answered = TaskError::MailAnswered { status };
        let outcome = match status {
            ..300 => Ok(Some(answered)),
            // RFC 5321, 4.2.1: 4yz is for now, and a mail that was refused was not taken.
            _ => Err(Failed { reason: answered, again: status < 500, after: None }),
        };
        Judgement { found, outcome }
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
        from: match one("from", settings.from.as_ref(), context)? {
            Some(from) => Some(from),
            None => sender(settings, context)?.or_else(|| context.unit.sender()),
        },
        reply_to: one("reply_to", settings.reply_to.as_ref(), context)?,
        to: several("send_mail", Some(&settings.to), context)?,
        cc: several("cc", settings.cc.as_ref(), context)?,
        bcc: several("bcc", settings.bcc.as_ref(), context)?,
        attachments: settings.attachments.iter().map(|one| file(one, context)).collect::<Result<_, _>>()?,
        connection: settings.connection.clone(),
    };
    let bytes: usize = draft.attachments.iter().map(|file| file.text.len()).sum();
    if bytes > MAX_ATTACHED_BYTES {
        return Err(StepFault::AttachmentsLarge { most: MAX_ATTACHED_BYTES }.into());
    }
    if draft.to.is_empty() {
        return Err(TaskError::MailToNobody);
    }
    if draft.to.len() + draft.cc.len() + draft.bcc.len() > MAX_RECIPIENTS {
        return Err(TaskError::MailToTooMany { most: MAX_RECIPIENTS });
    }
    let key = format!("{}.{}", context.run, context.tries.first);
    mail::compose(draft, &key).map(Rendered::Mail)
}

/// The sender whom the connection names. The connection must be there.
fn sender(settings: &SendMail, context: &Context<'_>) -> Result<Option<Mailbox>, TaskError> {
    let Some(name) = &settings.connection else { return Ok(None) };
    let connections = context.unit.connections();
    let found = || connections.get(name).map(Connection::system);
    let smtp = connections.smtp(name).ok_or_else(|| target::missing(name, found(), System::Smtp))?;
    let read = |text: &String| text.parse().map_err(|_| TaskError::NotAMailAddress { field: "from".to_owned() });
    smtp.from.as_ref().map(read).transpose()
}

fn file(attachment: &Attachment, context: &mut Context<'_>) -> Result<File, TaskError> {
    Ok(File {
        name: one_line(&render(&context.value("name", &attachment.name)?)),
        text: render(&context.value("text", &attachment.text)?),
        content_type: attachment.content_type.clone(),
    })
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
