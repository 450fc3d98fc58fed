//! `respond`: says what a caller gets that waits for it (`Prefer: wait=10`); leaves by `next`.

use crate::document::Reader;
use crate::expression::{Context, Template};
use crate::media_type::{is_markup, is_media_type};
use crate::message::{DocumentFault, StepFault};
use crate::spec::{Kind, Setting, Spec};

/// The most bytes of a response: it is kept in the database, and in memory once for each caller that waits.
pub const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "respond",
    outputs: &["next"],
    settings: &[
        Setting::new("respond", Kind::Status).required(),
        Setting::template("json"),
        Setting::template("text"),
        Setting::new("type", Kind::MediaType),
    ],
    example: r#"say:
  respond: 200
  json: {hello: '$env["lastname"]'}"#,
};

/// Settings of a `respond` step.
#[derive(Debug)]
pub struct Respond {
    /// 200 to 299, or 400 to 599. A redirect would need a `Location`, which is that of the receipt.
    pub status: u16,
    /// The media type of the body.
    pub content_type: String,
    /// What it says.
    pub body: Body,
}

/// The body of a response.
#[derive(Debug)]
pub enum Body {
    /// None.
    Empty,
    /// As JSON.
    Json(Template),
    /// As it is.
    Text(Template),
}

impl Respond {
    /// Reads `respond: <status>`, one of `json` and `text`, and `type`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let status = reader.whole(SPEC.name);
        let allowed = |status: &u16| matches!(status, 200..=299 | 400..=599);
        let code = status.and_then(|status| u16::try_from(status).ok()).filter(allowed);
        if status.is_some() && code.is_none() {
            reader.report(SPEC.name, StepFault::RespondStatus);
        }
        let content_type = reader.text("type");
        // A browser shows it.
        let context = if content_type.as_deref().is_some_and(is_markup) { Context::Html } else { Context::Text };
        let text = reader.value("text").and_then(|text| reader.template_for("text", text, context));
        let (body, default) = match (reader.template("json"), text) {
            (None, None) => (Body::Empty, ""),
            (Some(json), None) => (Body::Json(json), "application/json"),
            (None, Some(text)) => (Body::Text(text), "text/plain; charset=utf-8"),
            (Some(_), Some(_)) => {
                reader.report("", StepFault::OneBody { keys: "json and text".to_owned() });
                (Body::Empty, "")
            }
        };
        if matches!(code, Some(204 | 205)) && !matches!(body, Body::Empty) {
            reader.report(SPEC.name, StepFault::RespondNoBody);
        }
        if content_type.as_ref().is_some_and(|text| !is_media_type(text)) {
            reader.report("type", DocumentFault::MustBeMediaType { example: "text/html; charset=utf-8".to_owned() });
        }
        Some(Self { status: code?, content_type: content_type.unwrap_or(default.to_owned()), body })
    }
}
