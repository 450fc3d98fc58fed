//! The setting `answer`: a text or a page for accepted submissions, and a page for refused ones.

use crate::document::Reader;
use crate::media_type::is_media_type;
use crate::message::{DocumentFault, PermissionFault};
use crate::permission::answer::{Answer, MAX_ANSWER_BYTES, MAX_PAGE_BYTES, is_page};
use crate::spec::{self, Kind, Setting};

const STATUSES: [(&str, u16); 3] = [("200", 200), ("202", 202), ("204", 204)];

/// What stands in `answer`.
pub(super) const SETTINGS: [Setting; 5] = [
    Setting::new("status", Kind::Choice(&spec::words(&STATUSES))).or("200"),
    Setting::new("type", Kind::MediaType),
    Setting::new("body", Kind::Text(MAX_ANSWER_BYTES)),
    Setting::new("redirect", Kind::Text(MAX_PAGE_BYTES)),
    Setting::new("redirect_error", Kind::Text(MAX_PAGE_BYTES)),
];

/// What `answer` says.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub accepted: Option<Answer>,
    pub error_page: Option<String>,
}

pub(super) fn read(reader: &mut Reader) -> Answers {
    let Some(mut inner) = reader.inner("answer", &SETTINGS) else { return Answers::default() };
    let has_text = ["status", "type", "body"].iter().any(|key| inner.peek(key).is_some_and(|value| !value.is_null()));
    let text = text(&mut inner);
    let (page, error_page) = (page(&mut inner, "redirect"), page(&mut inner, "redirect_error"));
    if has_text && page.is_some() {
        inner.report("redirect", PermissionFault::RedirectAlone);
    }
    inner.finish();
    // Who names only the page for errors keeps the receipt as JSON.
    let accepted = page.map(Answer::Page).or_else(|| text.filter(|_| has_text || error_page.is_none()));
    Answers { accepted, error_page }
}

fn text(inner: &mut Reader) -> Option<Answer> {
    let (status, body) = (inner.choice("status", &STATUSES), inner.text("body").unwrap_or_default());
    let media_type = inner.text("type");
    if media_type.as_ref().is_some_and(|text| !is_media_type(text)) {
        inner.report("type", DocumentFault::MustBeMediaType { example: "text/xml; charset=utf-8".to_owned() });
    }
    if status == Some(204) && !body.is_empty() {
        inner.report("body", PermissionFault::AnswerNoBody);
    }
    Some(Answer::Text { status: status?, media_type, body })
}

fn page(inner: &mut Reader, key: &'static str) -> Option<String> {
    let page = inner.text(key)?;
    if is_page(&page) {
        return Some(page);
    }
    inner.report(key, PermissionFault::PageForm);
    None
}
