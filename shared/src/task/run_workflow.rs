//! `run_workflow`: starts another workflow, or the same one, on the run's record, on others, or once for each item of a
//! list; leaves by `next` without waiting for them, or waits for them and leaves by `next` or `failed`.

use std::time::Duration;

use crate::document::{self, Reader};
use crate::expression::Template;
use crate::id::WorkflowId;
use crate::message::StepFault;
use crate::spec::{Kind, Setting, Spec};

/// The most runs that one step starts: as many as a `find_record` finds.
pub const MAX_ITEMS: usize = 1_000;

/// How many runs may stand between a run and its submission: a workflow that starts itself must come to an end.
pub const MAX_DEPTH: usize = 10;

/// The longest wait for runs, as long as a delay: they may wait themselves.
pub const MAX_WAIT: Duration = Duration::from_secs(90 * 24 * 3600);

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "run_workflow",
    outputs: &["next", "failed"],
    settings: &[
        Setting::new("run_workflow", Kind::Name(document::Kind::Workflow)).required(),
        Setting::template("record"),
        Setting::template("for_each"),
        Setting::new("item", Kind::EnvName),
        Setting::new("index", Kind::EnvName),
        Setting::new("env", Kind::Env),
        Setting::flag("wait", false),
        Setting::new("timeout", Kind::Duration(MAX_WAIT)).or("7d"),
        Setting::new("store", Kind::EnvName),
    ],
    example: r#"each:
  run_workflow: 78
  for_each: $env["tags"]
  item: tag
  env: {from: a web form}
  wait: true
  store: answers
  next: tell
tell:
  set_env: {statuses: '{{ $env["answers"]|map(attribute="status")|list }}'}"#,
};

/// Settings of a `run_workflow` step.
#[derive(Debug)]
pub struct RunWorkflow {
    /// What to run.
    pub workflow: WorkflowId,
    /// The id of the record to run on, or a list of them, with a run on each; none = the record of this run.
    pub record: Option<Template>,
    /// With it there is a run for each item.
    pub for_each: Option<ForEach>,
    /// What the runs get into their `$env` beside what this run has there.
    pub env: Vec<(String, Template)>,
    /// With it the step waits for the runs.
    pub wait: Option<Wait>,
}

/// How a step waits for the runs that it starts.
#[derive(Debug)]
pub struct Wait {
    /// How long at most.
    pub timeout: Duration,
    /// The `$env` name that gets what they responded.
    pub store: Option<String>,
}

/// A list, and what its items are called.
#[derive(Debug)]
pub struct ForEach {
    /// The list.
    pub items: Template,
    /// The `$env` name of the item.
    pub item: String,
    /// The `$env` name of its place, from 1.
    pub index: String,
}

impl RunWorkflow {
    /// Reads `run_workflow: <number>`, `record`, `for_each` with `item` and `index`, and `env`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let workflow = reader.id(SPEC.name);
        let record = reader.template("record");
        let env = reader.env_templates("env");
        let (item, index) = (reader.env_name("item"), reader.env_name("index"));
        let for_each = if reader.value("for_each").is_some() {
            let (item, index) = (item.unwrap_or("item".to_owned()), index.unwrap_or("index".to_owned()));
            // Set for the settings above, by this step; the list itself is read before.
            reader.forget_reads(&[&item, &index]);
            reader.template("for_each").map(|items| ForEach { items, item, index })
        } else {
            for (key, name) in [("item", item), ("index", index)] {
                if name.is_some() {
                    reader.report(key, StepFault::NeedsForEach);
                }
            }
            None
        };
        let wait = wait(reader);
        Some(Self { workflow: workflow?, record, for_each, env, wait })
    }
}

fn wait(reader: &mut Reader) -> Option<Wait> {
    let waits = reader.flag("wait");
    let (timeout, store) = (reader.duration("timeout"), reader.env_name("store"));
    if !waits {
        for key in ["timeout", "store"] {
            if reader.peek(key).is_some_and(|value| !value.is_null()) {
                reader.report(key, StepFault::NeedsWait);
            }
        }
        reader.refuse("failed", StepFault::FailedNeedsWait);
        return None;
    }
    timeout.map(|timeout| Wait { timeout, store })
}
