//! What the runs of one transaction want written beside their records.

use std::sync::Arc;

use postern_shared::id::ReceiptId;
use postern_shared::store::comments::NewComment;
use postern_shared::store::responses::Response;
use postern_shared::store::runs::Run;

use crate::matching::catalog::Pinned;

/// What the runs of one transaction want written beside their records.
#[derive(Debug, Default)]
pub struct Effects {
    /// Comments on records that are there.
    pub comments: Vec<NewComment>,
    /// What callers get, if they wait.
    pub responses: Vec<(ReceiptId, Response)>,
    /// The runs that steps started.
    pub child_runs: Vec<ChildRun>,
}

/// A run that a step starts.
#[derive(Debug)]
pub struct ChildRun {
    pub run: Run,
    /// Its checkpoint.
    pub document: String,
    pub pinned: Arc<Pinned>,
}
