//! Writes mails as they go over the wire (RFC 5322).

use std::error::Error;

use lettre::Message as MailMessage;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, MessageBuilder, MultiPart, SinglePart};
use postern_shared::id::ConnectionName;
use postern_shared::message::Message;
use postern_shared::rendered::Mail;

/// A mail to compose.
#[derive(Debug)]
pub struct Draft {
    pub from: Option<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<File>,
    /// The connection to the mail server; none = that of the operator.
    pub connection: Option<ConnectionName>,
}

/// A file that goes with a mail.
#[derive(Debug)]
pub struct File {
    pub name: String,
    pub text: String,
    pub content_type: String,
}

/// Writes a mail as it goes over the wire. `key` is the name of this step of this run, and so of its `Message-ID`. A mail
/// that nobody sends has no text: it is refused when it is to be sent.
pub fn compose(draft: Draft, key: &str) -> Result<Mail, Message> {
    let Draft { from, reply_to, to, cc, bcc, subject, text, html, attachments, connection } = draft;
    let people = [&to, &cc, &bcc].into_iter().flatten().map(|one| one.email.to_string()).collect();
    let Some(from) = from else { return Ok(Mail { connection, from: None, to: people, message: String::new() }) };
    let sender = from.email.to_string();
    // An `@` divides the two parts of the id.
    let id = format!("<{}@{}>", key.replace('@', "-"), from.email.domain());
    // RFC 3834: nothing that answers by itself shall answer this.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let add = |builder, many: Vec<Mailbox>, one: fn(MessageBuilder, Mailbox) -> MessageBuilder| {
        many.into_iter().fold(builder, one)
    };
    let mut builder = MailMessage::builder().from(from).message_id(Some(id)).subject(subject).raw_header(automatic);
    builder = add(builder, to, MessageBuilder::to);
    builder = add(builder, cc, MessageBuilder::cc);
    builder = add(builder, bcc, MessageBuilder::bcc);
    builder = add(builder, reply_to.into_iter().collect(), MessageBuilder::reply_to);
    let words = match (text.as_deref().map(lines), html.as_deref().map(lines)) {
        (Some(text), Some(html)) => Words::Both(MultiPart::alternative_plain_html(text, html)),
        (None, Some(html)) => Words::One(SinglePart::html(html)),
        (text, None) => Words::One(SinglePart::plain(text.unwrap_or_default())),
    };
    let message = with_files(builder, words, attachments);
    let message = message.map_err(|error| Message::MailImpossible { reason: error.to_string() })?;
    let message = String::from_utf8(message.formatted())
        .map_err(|error| Message::MailImpossible { reason: error.to_string() })?;
    Ok(Mail { connection, from: Some(sender), to: people, message })
}

/// What a mail says: as text or as HTML, or as both.
enum Words {
    One(SinglePart),
    Both(MultiPart),
}

fn with_files(
    builder: MessageBuilder,
    words: Words,
    files: Vec<File>,
) -> Result<MailMessage, Box<dyn Error + Send + Sync>> {
    if files.is_empty() {
        return Ok(match words {
            Words::One(part) => builder.singlepart(part)?,
            Words::Both(parts) => builder.multipart(parts)?,
        });
    }
    let mut all = match words {
        Words::One(part) => MultiPart::mixed().singlepart(part),
        Words::Both(parts) => MultiPart::mixed().multipart(parts),
    };
    for File { name, text, content_type } in files {
        // Its bytes stay as they are, and no line of it can end the mail.
        let body = Body::new_with_encoding(text.into_bytes(), ContentTransferEncoding::Base64);
        let body = body.map_err(|_| "a file cannot be encoded")?;
        all = all.singlepart(Attachment::new(name).body(body, ContentType::parse(&content_type)?));
    }
    Ok(builder.multipart(all)?)
}

/// Lines end with CR and LF together, and with nothing else (RFC 5321, 2.3.8); a NUL cannot stand in a mail.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_mail_end_in_one_way_and_none_comes_into_a_header() {
        let everybody = || vec!["\"a b\" <a@example.org>".parse().unwrap()];
        for text in ["a\r.\rMAIL FROM:<x@y.z>\rb", "a\n.\nb\r", "a\r\n.\r\nb", "\0\r\r\n\n", "ä\r.\rb\0"] {
            for is_html in [true, false] {
                let some = |is: bool| is.then(|| text.to_owned());
                let draft = Draft {
                    from: everybody().pop(),
                    reply_to: None,
                    to: everybody(),
                    cc: Vec::new(),
                    bcc: Vec::new(),
                    subject: "x\rBcc: c@d.e".to_owned(),
                    text: some(true),
                    html: some(is_html),
                    attachments: Vec::new(),
                    connection: None,
                };
                let mail = compose(draft, "key").unwrap();
                let rest = mail.message.replace("\r\n", "");
                assert!(!rest.contains(['\r', '\n', '\0']), "{:?}", mail.message);
                assert!(!mail.message.contains("\r\nBcc:"), "{:?}", mail.message);
            }
        }
    }
}
