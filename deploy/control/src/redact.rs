//! Who sees which values: one rule for every page, operation and export. A viewer sees names, states and shapes of
//! values; an editor sees values. [`redact`] decides, and [`Sight`] does what it decides.

mod documents;

use std::borrow::Cow;
use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::mask::{self, HIDDEN};
use postern_shared::message::{Coded, Language, Message};
use postern_shared::receipt::{Report, RunReport, SkippedReport, StepReport};
use postern_shared::store::accounts::Role;
use postern_shared::submission::{Dedupe, Submission};
use postern_shared::yaml;
use serde_json::Value;

use crate::operation::{Error, Who};

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was posted: variables, query, dedupe keys, bodies of dead letters.
    Posted,
    /// What was posted and refused: nobody needs it but to find out what is wrong with it.
    RefusedBody,
    /// The fields of a record.
    Record,
    /// A comment on a record.
    Comment,
    /// Why a run, a step or a submission ended as it did; it may quote what was posted.
    Message,
    /// What opens something: a short URL, a token in a step, the target of a step, the words of a test call.
    Secret,
}

/// How much of a value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All of it.
    Whole,
    /// Its shape; all of it on demand, which the audit log notes.
    OnDemand,
    /// Its first character and its length.
    Shape,
    /// The words that are Postern's own.
    OwnWords,
    /// That there is one.
    Hidden,
}

/// How much a role sees of a kind of value.
pub fn redact(role: Role, kind: Kind) -> Shown {
    match (role, kind) {
        (Role::Editor | Role::Admin, Kind::RefusedBody) => Shown::OnDemand,
        (Role::Editor | Role::Admin, _) => Shown::Whole,
        (Role::Viewer, Kind::Posted | Kind::RefusedBody | Kind::Record | Kind::Comment) => Shown::Shape,
        (Role::Viewer, Kind::Message) => Shown::OwnWords,
        (Role::Viewer, Kind::Secret) => Shown::Hidden,
    }
}

/// What a role sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight(pub Role);

impl Who {
    /// What it sees.
    pub fn sight(&self) -> Sight {
        Sight(self.role)
    }

    /// Whether it may see values of this kind on demand.
    ///
    /// # Errors
    /// The role that it needs.
    pub fn may_see(&self, kind: Kind) -> Result<(), Error> {
        match redact(self.role, kind) {
            Shown::Whole | Shown::OnDemand => Ok(()),
            Shown::Shape | Shown::OwnWords | Shown::Hidden => Err(Error::Forbidden(Role::Editor)),
        }
    }
}

impl Sight {
    fn sees(self, kind: Kind) -> bool {
        redact(self.0, kind) == Shown::Whole
    }

    /// A text of this kind.
    pub fn text(self, kind: Kind, text: &str) -> String {
        match redact(self.0, kind) {
            Shown::Whole => text.to_owned(),
            Shown::Shape | Shown::OnDemand => mask::text(text),
            Shown::OwnWords => self.message(&Message::said(text)).text(Language::English),
            Shown::Hidden => HIDDEN.to_owned(),
        }
    }

    /// Variables that were posted, or that a run holds.
    pub fn posted(self, env: &Env) -> Env {
        self.values(Kind::Posted, env)
    }

    /// The fields of a record.
    pub fn record(self, fields: &Env) -> Env {
        self.values(Kind::Record, fields)
    }

    fn values(self, kind: Kind, env: &Env) -> Env {
        if self.sees(kind) { env.clone() } else { mask::env(env) }
    }

    /// A text that was posted.
    pub fn posted_text(self, text: &str) -> String {
        self.text(Kind::Posted, text)
    }

    /// The body of a message.
    pub fn body(self, body: &[u8]) -> Cow<'_, [u8]> {
        if self.sees(Kind::Posted) { body.to_vec().into() } else { mask::message(body).into_bytes().into() }
    }

    /// A comment on a record.
    pub fn comment(self, text: &str) -> String {
        self.text(Kind::Comment, text)
    }

    /// A message of a run, a step or a submission.
    pub fn message(self, message: &Message) -> Coded {
        self.coded(message.coded())
    }

    /// The same, as the API answers it. Of a message that is no words of Postern a viewer sees the shape.
    fn coded(self, coded: Coded) -> Coded {
        if self.sees(Kind::Message) {
            return coded;
        }
        let text = coded.text(Language::English);
        coded.told().unwrap_or_else(|| Message::said(mask::text(&text)).coded())
    }

    /// A short URL.
    pub fn short_url(self, short_url: &str) -> String {
        self.text(Kind::Secret, short_url)
    }

    /// A workflow that did not run.
    pub fn skipped(self, skipped: SkippedReport) -> SkippedReport {
        let reason_code = skipped.reason_code.map(|coded| self.coded(coded));
        SkippedReport { reason: english(reason_code.as_ref()).unwrap_or_default(), reason_code, ..skipped }
    }

    /// A submission.
    pub fn submission(self, submission: Submission) -> Submission {
        let dedupe = submission.dedupe.map(|dedupe| Dedupe { key: self.posted_text(&dedupe.key), days: dedupe.days });
        Submission {
            env: Arc::new(self.posted(&submission.env)),
            query: Arc::new(self.posted(&submission.query)),
            request: Arc::new(self.posted(&submission.request)),
            dedupe,
            ..submission
        }
    }

    /// What became of a submission.
    pub fn report(self, report: Report) -> Report {
        let step = |step: StepReport| {
            let message_code = step.message_code.map(|coded| self.coded(coded));
            StepReport { message: english(message_code.as_ref()), message_code, ..step }
        };
        let run = |run: RunReport| {
            let message_code = run.message_code.map(|coded| self.coded(coded));
            let (message, path) = (english(message_code.as_ref()), run.path.into_iter().map(step).collect());
            RunReport { message, message_code, path, ..run }
        };
        let reason_code = report.reason_code.map(|coded| self.coded(coded));
        Report {
            reason: english(reason_code.as_ref()),
            reason_code,
            runs: report.runs.map(|runs| runs.into_iter().map(run).collect()),
            skipped: report.skipped.into_iter().map(|skipped| self.skipped(skipped)).collect(),
            ..report
        }
    }

    /// A document of settings and its text. What is not seen whole is written anew, without comments: a comment can hold
    /// anything.
    pub fn written(self, document: &Value, text: Option<String>) -> (Value, String) {
        let seen = self.document(document);
        let text = text.filter(|_| self.sees(Kind::Secret)).unwrap_or_else(|| yaml::write(&seen));
        (seen, text)
    }

    /// What the audit log keeps of a change to a thing of this kind. A dead letter and a refused body have their message there
    /// as it is stored, and a dead letter the words of the person who discarded it.
    pub fn noted(self, kind: &str, document: &Value) -> Value {
        let mut seen = self.document(document);
        let kept = seen.as_object_mut().filter(|_| ["dead_letter", "refused_body"].contains(&kind));
        for (name, value) in kept.into_iter().flatten() {
            let Some(text) = value.as_str() else { continue };
            *value = match name.as_str() {
                "dead_because" | "refused_because" => {
                    self.message(&Message::of_stored(text)).text(Language::English).into()
                }
                "reason" => self.comment(text).into(),
                _ => continue,
            };
        }
        seen
    }

    /// A document of settings.
    pub fn document(self, document: &Value) -> Value {
        if self.sees(Kind::Secret) { document.clone() } else { documents::without_secrets(document) }
    }
}

fn english(coded: Option<&Coded>) -> Option<String> {
    coded.map(|coded| coded.text(Language::English))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_viewer_sees_no_value_and_an_editor_all_but_refused_bodies_at_once() {
        for (kind, viewer, editor) in [
            (Kind::Posted, Shown::Shape, Shown::Whole),
            (Kind::RefusedBody, Shown::Shape, Shown::OnDemand),
            (Kind::Record, Shown::Shape, Shown::Whole),
            (Kind::Comment, Shown::Shape, Shown::Whole),
            (Kind::Message, Shown::OwnWords, Shown::Whole),
            (Kind::Secret, Shown::Hidden, Shown::Whole),
        ] {
            assert_eq!(redact(Role::Viewer, kind), viewer, "{kind:?}");
            assert_eq!(redact(Role::Editor, kind), editor, "{kind:?}");
            assert_eq!(redact(Role::Admin, kind), editor, "{kind:?}");
        }
    }

    #[test]
    fn texts_are_shown_as_it_decides() {
        for (kind, text, viewer) in [
            (Kind::Posted, "Lovelace", "L••• (8)"),
            (Kind::Comment, "Ada called", "A••• (10)"),
            (Kind::Message, "found Lovelace", "f••• (14)"),
            (Kind::Secret, "x7Kd", "•••"),
        ] {
            assert_eq!(Sight(Role::Viewer).text(kind, text), viewer);
            assert_eq!(Sight(Role::Editor).text(kind, text), text);
        }
    }

    #[test]
    fn a_viewer_sees_of_a_message_the_words_of_postern() {
        let refused = Message::StoreRefuses { reason: "Lovelace".into() };
        for (message, viewer) in [
            (Message::TargetAnswered { status: 503 }, "the target answered 503"),
            (refused, "postgresql refuses it: …"),
            (Message::said("found Lovelace"), "f••• (14)"),
        ] {
            let seen = |role| Sight(role).message(&message).text(Language::English);
            assert_eq!((seen(Role::Viewer), seen(Role::Editor)), (viewer.to_owned(), message.to_string()));
        }
    }

    #[test]
    fn a_viewer_sees_of_a_dead_letter_in_the_audit_log_the_words_of_postern() {
        let reason = Message::StoreRefuses { reason: "Lovelace".into() };
        let letter = |because: &str, reason: &str| json!({"id": 7, "dead_because": because, "reason": reason});
        let document = letter(&reason.stored(), "Ada asked for it");
        for (role, expected) in [
            (Role::Viewer, letter("postgresql refuses it: …", "A••• (16)")),
            (Role::Editor, letter("postgresql refuses it: Lovelace", "Ada asked for it")),
        ] {
            assert_eq!(Sight(role).noted("dead_letter", &document), expected);
        }
        let refused = Message::BodyNoJson { reason: "Lovelace".into() };
        let body = |because: &str| json!({"receipt": "r", "refused_because": because});
        let seen = Sight(Role::Viewer).noted("refused_body", &body(&refused.stored()));
        assert_eq!(seen, body("the body is not JSON: …"));
        let earlier = json!({"dead_because": "not read: Lovelace", "replayed_as": null});
        let shown = json!({"dead_because": "n••• (18)", "replayed_as": null});
        assert_eq!(Sight(Role::Viewer).noted("dead_letter", &earlier), shown);
    }
}
