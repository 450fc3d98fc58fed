//! What was posted or is stored, by its search keys, as far as it is digested: the newest first, a part at a time. A filter
//! looks at [`LOOKED_AT`] of what has the keys, and no more, so that a search takes no longer than others wait for it.

mod kept;
mod key_table;
mod keyed;
mod reader;
mod receipts;
mod records;

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};

use super::StoreError;
use super::runs::State;
use crate::id::WorkflowId;
use crate::suggestion::did_you_mean;

pub use kept::{FoundLetter, FoundRefusal, dead_letters, refused_bodies};
pub use receipts::{FoundReceipt, receipts, touching};
pub use records::{FoundRecord, records};

/// How much of what has the keys is looked at for what passes a filter.
const LOOKED_AT: i64 = 1_000;

/// Planning a statement anew for each week of the history would take longer than the statement; and of a key that much has,
/// the newest are read in their order, without a look at the others.
const BEGIN: &str = "-- finding::begin
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL enable_sort = off";

/// What a search leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// What is older.
    pub from: Option<SystemTime>,
    /// What is not older.
    pub to: Option<SystemTime>,
    /// What stands otherwise.
    pub status: Option<Status>,
    /// What another permission let in.
    pub permission: Option<String>,
    /// What started, or was to start, other workflows.
    pub workflow: Option<WorkflowId>,
    /// What has another message: the code of a message of a run, of a refusal or of a dead letter, or the whole text that a
    /// workflow gives as one.
    pub message: Option<String>,
}

impl Filter {
    /// Whether it is about calls: no record passes it.
    pub fn is_of_calls(&self) -> bool {
        self.status.is_some() || self.permission.is_some() || self.workflow.is_some() || self.message.is_some()
    }

    /// How much is looked at for so many.
    fn looked_at(&self, last: i64) -> i64 {
        if *self == Self::default() { last.saturating_add(1) } else { LOOKED_AT }
    }

    /// What stands in the stored form of such a message, and in that of a message around it: its code, or its text.
    fn of_message(&self) -> Option<Vec<String>> {
        let text = serde_json::Value::from(self.message.as_deref()?);
        Some(["code", "text"].map(|name| format!("\"{name}\":{text}")).into())
    }
}

/// How a call stands: the state of its runs, or what became of it without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(&'static str);

impl Status {
    /// It was refused.
    pub const REFUSED: Self = Self("refused");
    /// Nobody could run it.
    pub const DEAD_LETTER: Self = Self("dead_letter");
    /// It started nothing.
    pub const UNMATCHED: Self = Self("unmatched");
    /// The same as an earlier one.
    pub const DUPLICATE: Self = Self("duplicate");
    /// On its way to a worker.
    pub const QUEUED: Self = Self("queued");

    /// All words.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let others = [Self::UNMATCHED, Self::DUPLICATE, Self::QUEUED, Self::DEAD_LETTER, Self::REFUSED];
        State::ALL.into_iter().map(|(_, word)| word).chain(others.map(|status| status.0))
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.0
    }
}

impl From<State> for Status {
    fn from(state: State) -> Self {
        Self(state.word())
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::words().find(|known| *known == word).map(Self);
        let meant = || did_you_mean(word, Self::words());
        known.ok_or_else(|| format!("must be one of {}{}", Self::words().collect::<Vec<_>>().join(", "), meant()))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Status {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "enum": Self::words().collect::<Vec<_>>()})
    }
}

/// A part of what a search finds, each item with its place: the greater, the newer.
#[derive(Debug)]
pub struct Found<P, T> {
    /// The items, the newest first.
    pub items: Vec<(P, T)>,
    /// Down to which place was looked; none = to the end.
    pub until: Option<P>,
}

impl<P, T> Default for Found<P, T> {
    fn default() -> Self {
        Self { items: Vec::new(), until: None }
    }
}

impl<P: Ord + Copy, T> Found<P, T> {
    /// Of all that was looked at, which is `most` at most; what does not pass is none. Less may be all down to `floor` alone.
    fn of(mut looked_at: Vec<(P, Option<T>)>, most: i64, floor: Option<P>) -> Self {
        looked_at.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let is_full = i64::try_from(looked_at.len()).is_ok_and(|count| count >= most);
        let until = looked_at.last().map(|(place, _)| *place).filter(|_| is_full).or(floor);
        let items = looked_at.into_iter().filter_map(|(place, item)| Some((place, item?))).collect();
        Self { items, until }
    }

    /// What several searches have found, each item once, at most `last`.
    pub fn merged(parts: impl IntoIterator<Item = Self>, last: i64) -> Self {
        let (mut items, mut until) = (Vec::new(), None);
        for part in parts {
            items.extend(part.items);
            until = until.max(part.until);
        }
        // Below that place one of the searches has not looked.
        items.retain(|(place, _)| until.is_none_or(|until| *place >= until));
        items.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        items.dedup_by_key(|(place, _)| *place);
        let last = usize::try_from(last).unwrap_or(usize::MAX);
        if items.len() > last {
            items.truncate(last);
            until = items.last().map(|(place, _)| *place);
        }
        Self { items, until }
    }
}

/// Begins a search: what it reads was committed at one time or another.
pub async fn begin(connection: &mut Object) -> Result<Transaction<'_>, StoreError> {
    let transaction = connection.transaction().await?;
    transaction.batch_execute(BEGIN).await?;
    Ok(transaction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(items: &[i64], until: Option<i64>) -> Found<i64, ()> {
        Found { items: items.iter().map(|place| (*place, ())).collect(), until }
    }

    #[test]
    fn searches_are_merged_down_to_where_all_of_them_have_looked() {
        for (parts, items, until) in [
            (vec![found(&[9, 7], None), found(&[8, 7], None)], vec![9, 8, 7], None),
            (vec![found(&[9, 7, 5, 3], Some(3)), found(&[2], None)], vec![9, 7, 5], Some(5)),
            (vec![found(&[9], Some(6)), found(&[8, 5], None)], vec![9, 8], Some(6)),
            (vec![found(&[], Some(6)), found(&[5], Some(5))], vec![], Some(6)),
            (vec![], vec![], None),
        ] {
            let merged = Found::merged(parts, 3);
            let places: Vec<i64> = merged.items.iter().map(|(place, ())| *place).collect();
            assert_eq!((places, merged.until), (items, until));
        }
    }

    #[test]
    fn what_was_looked_at_ends_before_the_end_if_it_is_full() {
        let looked_at = || vec![(8, None), (9, Some(()))];
        assert_eq!(Found::of(looked_at(), 2, None).until, Some(8));
        assert_eq!((Found::of(looked_at(), 3, None).until, Found::of(looked_at(), 3, None).items.len()), (None, 1));
        assert_eq!(Found::of(looked_at(), 3, Some(2)).until, Some(2), "less is all down to there");
    }
}
