//! `send_mail`: leaves by `next` when the mail server has taken the mail, else by `failed`.

mod attachment;

use super::tries::{self, Tries};
use crate::document::{self, Reader};
use crate::expression::Template;
use crate::id::ConnectionName;
use crate::message::StepFault;
use crate::spec::{Kind, Setting, Spec};
pub use attachment::{Attachment, MAX_ATTACHMENTS};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "send_mail",
    outputs: &["next", "failed"],
    settings: &[
        Setting::new("send_mail", Kind::MailAddresses).required(),
        Setting::template("subject").required(),
        Setting::template("text"),
        Setting::new("html", Kind::Html),
        Setting::new("cc", Kind::MailAddresses),
        Setting::new("bcc", Kind::MailAddresses),
        Setting::new("from", Kind::MailAddresses),
        Setting::new("reply_to", Kind::MailAddresses),
        Setting::new("attachments", Kind::Maps("attachment", &attachment::SETTINGS)),
        Setting::new("connection", Kind::Name(document::Kind::Connection)),
        tries::TIMEOUT,
        tries::RETRIES,
        tries::AT_MOST_ONCE,
        tries::STORE,
    ],
    example: r#"tell:
  send_mail: [sales@example.org, '$env["email"]']
  subject: New lead $env["lastname"]
  text: Interested in {{ $env["tags"]|join(", ") }}
  failed: lost
lost:
  stop: failed
  message: the mail was not taken"#,
};

/// Settings of a `send_mail` step. Each of the people is a text of addresses joined by commas, or a list of them.
#[derive(Debug)]
pub struct SendMail {
    /// Whom it is for.
    pub to: Template,
    /// Who gets a copy.
    pub cc: Option<Template>,
    /// Who gets a copy of which the others do not know.
    pub bcc: Option<Template>,
    /// The files that go with it.
    pub attachments: Vec<Attachment>,
    /// The connection to the mail server; none = the one that the worker is set to.
    pub connection: Option<ConnectionName>,
    /// Who sends it; none = whom the connection or the worker is set to.
    pub from: Option<Template>,
    /// Who gets the replies; none = the sender.
    pub reply_to: Option<Template>,
    /// What it is about.
    pub subject: Template,
    /// What it says, without format.
    pub text: Option<Template>,
    /// What it says, as HTML.
    pub html: Option<Template>,
    /// What is stored is `status` and `reply`, or `error`.
    pub tries: Tries,
}

impl SendMail {
    /// Reads `send_mail: <to>`, `cc`, `bcc`, `from`, `reply_to`, `subject`, `text` and `html` of which one must be there,
    /// `attachments`, `connection`, and how it is tried.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let (text, html) = (reader.template("text"), reader.template("html"));
        let is_misspelt = reader.is_misspelt("text") || reader.is_misspelt("html");
        if text.is_none() && html.is_none() && !is_misspelt {
            reader.report("", StepFault::MailNoText);
        }
        let (to, subject) = (reader.template(SPEC.name), reader.template("subject"));
        let (cc, bcc) = (reader.template("cc"), reader.template("bcc"));
        let (from, reply_to) = (reader.template("from"), reader.template("reply_to"));
        let attachments = attachment::parse(reader);
        let connection = reader.value("connection").and_then(|_| reader.id("connection"));
        let tries = Tries::parse(reader);
        Some(Self {
            to: to?,
            cc,
            bcc,
            attachments,
            connection,
            from,
            reply_to,
            subject: subject?,
            text,
            html,
            tries: tries?,
        })
    }
}
