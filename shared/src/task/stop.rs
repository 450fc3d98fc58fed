//! `stop`: ends the run; has no output.

use crate::document::Reader;
use crate::expression::Template;
use crate::spec::{self, Kind, Setting, Spec};

/// How a run can end, and whether that is a failure.
const ENDS: [(&str, bool); 2] = [("finished", false), ("failed", true)];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "stop",
    outputs: &[],
    settings: &[Setting::new("stop", Kind::Choice(&spec::words(&ENDS))).required(), Setting::template("message")],
    example: r#"end:
  stop: failed
  message: we do not serve $env["country"]"#,
};

/// Settings of a `stop` step.
#[derive(Debug)]
pub struct Stop {
    /// Whether the run counts as failed.
    pub failed: bool,
    /// Shown with the run.
    pub message: Option<Template>,
}

impl Stop {
    /// Reads `stop: finished|failed` and `message`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let failed = reader.choice(SPEC.name, &ENDS);
        let message = reader.template("message");
        Some(Self { failed: failed?, message })
    }
}
