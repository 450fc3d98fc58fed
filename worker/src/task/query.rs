//! What a task asks of the database, and what the database answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use postern_shared::env::Env;
use postern_shared::id::{ModuleName, ReceiptId, RecordId};
use postern_shared::resume::RunKey;
use postern_shared::store::records::UniqueKey;
use postern_shared::store::run_results::OfStep;
use postern_shared::store::search::Shape;

use crate::outside::call::Report;

/// What a task asks of the database. Questions of one kind, of all runs of a bundle, are one statement.
#[derive(Debug)]
pub enum Query {
    /// Lock a record, so that the unit of work holds it. Answered by [`Answer::Loaded`].
    Lock(RecordId),
    /// Look at a record that is only read, without a lock. Answered by [`Answer::Loaded`].
    Look(RecordId),
    /// Create a record, or find the one that has its key. Answered by [`Answer::Created`].
    Create { module: ModuleName, key: Option<UniqueKey>, fields: Env },
    /// Give a record that the unit of work holds the unique key of its new values. Answered by [`Answer::Rekeyed`].
    Rekey { record: RecordId, module: ModuleName, key: Option<UniqueKey> },
    /// Find records. Answered by [`Answer::Found`] or [`Answer::CutOff`]. `again` = the run has searched before.
    Search { shape: Arc<Shape>, values: Vec<String>, again: bool },
    /// See how the runs stand that a step of a run has started. Answered by [`Answer::Children`].
    Children { parent: RunKey, step: i32 },
    /// Give more runs of the receipt their numbers. Answered by [`Answer::Numbers`].
    Numbers { receipt: ReceiptId, count: i16 },
    /// Draw the next number of each of these counters. Answered by [`Answer::Counted`].
    Count(BTreeSet<String>),
}

/// What the database answers.
#[derive(Debug)]
pub enum Answer {
    /// The unit of work knows the record now.
    Loaded,
    /// The record with this id is in the unit of work; `existing` = it had the key before.
    Created { id: RecordId, existing: bool },
    /// The record has this key now; or the holder has it, which is another record.
    Rekeyed { key: Option<UniqueKey>, holder: Option<RecordId> },
    /// The ids that were found, and the run's share of the time.
    Found { ids: Vec<RecordId>, took: Duration },
    /// The search took its time without an end; with no time at all there was none left for it.
    CutOff { took: Duration },
    /// The number of the first of the runs; none = the receipt has as many as it may have.
    Numbers(Option<i16>),
    /// The numbers that were drawn, by their counters.
    Counted(BTreeMap<String, i64>),
    /// The runs that the step has started.
    Children(OfStep),
    /// What came of [`Outcome::Outside`].
    Outside(Report),
}

/// What came of a call, if that is the answer.
pub fn reported(answer: Option<Answer>) -> Option<Report> {
    if let Some(Answer::Outside(report)) = answer { Some(report) } else { None }
}
