//! The steps of one run in one transaction as one value: the bytes of postcard. They are read for as long as the history
//! keeps them, so an encoding that was released stays; another one is another variant of [`Stored`].

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Step;
use crate::id::RecordId;
use crate::message::Message;
use crate::record_ref::RecordRef;

/// The names of tasks and outputs that most steps have. A word is stored as its place in this list: words are added at the
/// end, and none is moved or removed.
const WORDS: [&str; 24] = [
    "comment",
    "condition",
    "create_record",
    "delay",
    "delete_record",
    "find_record",
    "http_request",
    "respond",
    "run_workflow",
    "send_mail",
    "set_env",
    "set_value",
    "stop",
    "next",
    "then",
    "else",
    "created",
    "existing",
    "found",
    "not_found",
    "failed",
    "switch",
    "for_each",
    "each",
];

/// A word of [`WORDS`] or another one.
#[derive(Serialize, Deserialize)]
enum Word<'a> {
    Known(u8),
    Other(&'a str),
}

impl<'a> Word<'a> {
    fn of(text: &'a str) -> Self {
        let known = WORDS.iter().position(|word| *word == text).and_then(|place| u8::try_from(place).ok());
        known.map_or(Self::Other(text), Self::Known)
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Known(place) => WORDS.get(usize::from(place)).copied(),
            Self::Other(text) => Some(text),
        }
    }
}

/// The stored forms.
#[derive(Serialize, Deserialize)]
enum Stored<'a> {
    V1(#[serde(borrow)] Vec<StepV1<'a>>),
    /// With records of other systems. Only steps that touched such a record are stored in this form.
    V2(#[serde(borrow)] Vec<(StepV1<'a>, Vec<&'a str>)>),
}

#[derive(Serialize, Deserialize)]
struct StepV1<'a> {
    step: &'a str,
    #[serde(borrow)]
    task: Word<'a>,
    output: Option<Word<'a>>,
    message: Option<&'a str>,
    after_ms: u64,
    took_us: u32,
    #[serde(serialize_with = "ids", deserialize_with = "records")]
    records: Vec<RecordId>,
    fields: Vec<&'a str>,
}

fn ids<S: Serializer>(records: &[RecordId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().map(|record| record.get().unsigned_abs()))
}

fn records<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RecordId>, D::Error> {
    let ids = Vec::<u64>::deserialize(deserializer)?;
    Ok(ids.into_iter().filter_map(|id| i64::try_from(id).ok()?.try_into().ok()).collect())
}

/// Steps as they are stored; none = there are none.
pub(super) fn encode(steps: &[Step]) -> Option<Vec<u8>> {
    let message = |step: &Step| step.message.as_ref().map(Message::stored);
    let messages: Vec<Option<String>> = steps.iter().map(message).collect();
    let connected: Vec<Vec<String>> = steps.iter().map(connected).collect();
    let stored = steps.iter().zip(&messages).map(|(step, message)| stored(step, message.as_deref()));
    let stored = if connected.iter().all(Vec::is_empty) {
        Stored::V1(stored.collect())
    } else {
        let connected = connected.iter().map(|all| all.iter().map(String::as_str).collect());
        Stored::V2(stored.zip(connected).collect())
    };
    // Numbers and texts can always be written.
    postcard::to_allocvec(&stored).ok().filter(|_| !steps.is_empty())
}

/// The records of other systems that a step touched, as texts.
fn connected(step: &Step) -> Vec<String> {
    step.records.iter().filter_map(RecordRef::connected).map(ToString::to_string).collect()
}

fn stored<'a>(step: &'a Step, message: Option<&'a str>) -> StepV1<'a> {
    StepV1 {
        step: &step.step,
        task: Word::of(&step.task),
        output: step.output.as_deref().map(Word::of),
        message,
        after_ms: step.after_ms,
        took_us: step.took_us,
        records: step.records.iter().filter_map(RecordRef::own).collect(),
        fields: step.fields.iter().map(String::as_str).collect(),
    }
}

/// Reads stored steps; none = a later version wrote them.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<Step>> {
    match postcard::from_bytes(bytes).ok()? {
        Stored::V1(steps) => steps.into_iter().map(|step| read(step, Vec::new())).collect(),
        Stored::V2(steps) => steps.into_iter().map(|(step, connected)| read(step, connected)).collect(),
    }
}

fn read(stored: StepV1<'_>, connected: Vec<&str>) -> Option<Step> {
    let own = stored.records.into_iter().map(RecordRef::from);
    let connected = connected.into_iter().filter_map(|record| record.parse().ok());
    Some(Step {
        step: stored.step.to_owned(),
        task: stored.task.text()?.to_owned(),
        output: stored.output.and_then(Word::text).map(str::to_owned),
        message: stored.message.map(Message::of_stored),
        after_ms: stored.after_ms,
        took_us: stored.took_us,
        records: own.chain(connected).collect(),
        fields: stored.fields.into_iter().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: &str, task: &str, output: Option<&str>) -> Step {
        Step {
            step: step.to_owned(),
            task: task.to_owned(),
            output: output.map(str::to_owned),
            message: None,
            after_ms: 3,
            took_us: 200,
            records: Vec::new(),
            fields: Vec::new(),
        }
    }

    #[test]
    fn steps_are_read_as_they_were_written_and_are_small() {
        let record = RecordId::try_from(i64::MAX).unwrap();
        let failed = Step { message: Some(Message::RecordMissing { record }), ..step("ä", "later", None) };
        let made =
            Step { records: vec![record.into()], fields: vec!["city".to_owned()], ..step("b", "set_value", None) };
        let said = Step { message: Some(Message::said("1 × workflow 2")), ..step("c", "run_workflow", Some("other")) };
        let all = [failed, made, said];
        assert_eq!(decode(&encode(&all).unwrap()).unwrap(), all);
        let lead = [
            step("usable", "condition", Some("then")),
            Step { records: vec!["100000".parse().unwrap()], ..step("lead", "create_record", Some("created")) },
            step("note", "comment", Some("next")),
        ];
        assert!(encode(&lead).unwrap().len() < 64);
        let both = vec!["852".parse().unwrap(), "crm/Leads/4x852".parse().unwrap()];
        let both =
            [step("usable", "condition", Some("then")), Step { records: both, ..step("lead", "set_value", None) }];
        assert_eq!(decode(&encode(&both).unwrap()).unwrap(), both);
        assert_eq!((encode(&[]), decode(b"\x07later")), (None, None));
    }

    #[test]
    fn a_word_has_one_place_which_it_keeps() {
        assert_eq!((WORDS[0], WORDS[13], WORDS[20]), ("comment", "next", "failed"));
        assert!(WORDS.iter().enumerate().all(|(at, word)| !WORDS[..at].contains(word)));
    }
}
