//! `stop`: ends the run; has no output.

use crate::document::Reader;
use crate::expression::Template;

/// Settings of a `stop` step.
#[derive(Debug)]
pub struct Stop {
    /// Whether the run counts as failed.
    pub failed: bool,
    /// Shown with the run.
    pub message: Option<Template>,
}

impl Stop {
    /// Its key in a step.
    pub const NAME: &str = "stop";
    /// It leads nowhere.
    pub const OUTPUTS: &[&str] = &[];

    /// Reads `stop: finished|failed` and `message`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.required(Self::NAME);
        let failed = reader.choice(Self::NAME, &[("finished", false), ("failed", true)]);
        let message = reader.template("message");
        Some(Self { failed: failed?, message })
    }
}
