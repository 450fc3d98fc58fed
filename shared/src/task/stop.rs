//! `stop`: ends the run; has no output.

use crate::expression::Template;

/// Settings of a `stop` step.
#[derive(Debug)]
pub struct Stop {
    /// Whether the run counts as failed.
    pub failed: bool,
    /// Shown with the run.
    pub message: Option<Template>,
}
