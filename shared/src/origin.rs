//! What the origin of a run says, which tells it from other runs of its receipt and workflow. It is empty for a run that
//! the submission started. One that a step of another run started has that run, the place of the step on its path and
//! the place of the item: `1@3.2` is of run `1`, its third step, the second item, and `2.1@3.2@5.1` of its child `2`. A
//! replay has its number behind: `1` of a run with an empty origin, `1@3.2~1` of another.

use crate::id::WorkflowId;
use crate::resume::RunKey;

/// An origin, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The step that started the run; none = the submission did.
    pub parent: Option<Parent>,
    /// Which replay it is; none = it is no replay.
    pub replay: Option<u32>,
}

/// The step that started a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The workflow of its run.
    pub workflow: WorkflowId,
    /// The origin of its run.
    pub origin: String,
    /// Its place on the path of its run, from 1.
    pub step: i32,
    /// The place of the run among those that it started, from 1.
    pub item: i32,
}

impl Origin {
    /// Reads what was written here.
    pub fn read(text: &str) -> Self {
        let (first, replay) = without_replay(text);
        let parent = first.rsplit_once('@').and_then(|(run, place)| {
            let (workflow, origin) = run.split_once('.').unwrap_or((run, ""));
            let (step, item) = place.split_once('.')?;
            Some(Parent {
                workflow: workflow.parse().ok()?,
                origin: origin.to_owned(),
                step: step.parse().ok()?,
                item: item.parse().ok()?,
            })
        });
        Self { parent, replay }
    }
}

/// The origin of a run that a step starts.
pub fn of_child(parent: &RunKey, step: i32, item: usize) -> String {
    let dot = if parent.origin.is_empty() { "" } else { "." };
    format!("{}{dot}{}@{step}.{item}", parent.workflow, parent.origin)
}

/// The origin of the run that was replayed first; its own if it is no replay.
pub fn first(text: &str) -> &str {
    without_replay(text).0
}

/// What stands before the number of a replay.
pub fn before_replay(first: &str) -> String {
    if first.is_empty() { String::new() } else { format!("{first}~") }
}

/// How many runs stand between it and the submission.
pub fn depth(text: &str) -> usize {
    text.matches('@').count()
}

fn without_replay(text: &str) -> (&str, Option<u32>) {
    let (first, number) = text.rsplit_once('~').unwrap_or(("", text));
    match number.parse() {
        Ok(number) => (first, Some(number)),
        Err(_) => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_names_the_step_that_started_the_run_and_the_number_of_its_replay() {
        for (text, parent, replay, first_run) in [
            ("", None, None, ""),
            ("2", None, Some(2), ""),
            ("1@3.2", Some((1, "", 3, 2)), None, "1@3.2"),
            ("1@3.2~4", Some((1, "", 3, 2)), Some(4), "1@3.2"),
            ("1.2@3.2", Some((1, "2", 3, 2)), None, "1.2@3.2"),
            ("2.1@3.2@5.1", Some((2, "1@3.2", 5, 1)), None, "2.1@3.2@5.1"),
            ("2.1@3.2~1@5.1", Some((2, "1@3.2~1", 5, 1)), None, "2.1@3.2~1@5.1"),
            ("2.1@3.2~1@5.1~7", Some((2, "1@3.2~1", 5, 1)), Some(7), "2.1@3.2~1@5.1"),
        ] {
            let origin = Origin::read(text);
            let found = origin.parent.as_ref().map(|one| (one.workflow.get(), one.origin.as_str(), one.step, one.item));
            assert_eq!((found, origin.replay, first(text)), (parent, replay, first_run), "{text}");
            let again = match replay {
                Some(number) => format!("{}{number}", before_replay(first_run)),
                None => text.to_owned(),
            };
            assert_eq!(again, text);
            if let Some(one) = origin.parent {
                let receipt = crate::id::ReceiptId::new();
                let run = RunKey { receipt, workflow: one.workflow, origin: one.origin };
                assert_eq!(of_child(&run, one.step, usize::try_from(one.item).unwrap()), first_run);
            }
        }
        assert_eq!((depth(""), depth("3"), depth("1@3.2~4"), depth("2.1@3.2~1@5.1")), (0, 0, 1, 2));
    }
}
