//! What a run has done that would be done twice if it ran again from the start: by the steps of the run, of its replays and
//! of the runs that they started. And the values with which the run started.

use std::collections::BTreeMap;

use deadpool_postgres::Object;

use super::run_steps::{self, Entry};
use super::runs::{self, Run};
use super::{StoreError, parsed};
use crate::env::Env;
use crate::id::WorkflowId;
use crate::message::Message;
use crate::record_ref::RecordRef;
use crate::resume::RunKey;

/// The run, its replays, and the runs that they started.
const FAMILY: &str = "-- run_effects::family
WITH RECURSIVE family (number) AS (
    SELECT f.number FROM runs r
    JOIN runs f ON f.receipt = r.receipt AND coalesce(r.replays, r.number) IN (f.number, f.replays)
    WHERE r.receipt = $1 AND r.number = $2
    UNION
    SELECT child.number FROM family JOIN runs child ON child.parent = family.number WHERE child.receipt = $1
)
SELECT receipt, number, workflow, version, state::text, steps_taken, record, message, started_at, ended_at,
    parent, parent_step, item, replays, replaced_by, connected, handled_by, dismissed_by
FROM runs WHERE receipt = $1 AND number IN (SELECT number FROM family) ORDER BY number LIMIT $3";

/// Calls that were begun, and of which it is not known what came of them.
const OPEN_CALLS: &str = "-- run_effects::open_calls
SELECT run FROM outside_calls WHERE receipt = $1 AND run = ANY ($2) AND done_at IS NULL";

/// The values of a run that another one started are those that its checkpoint has.
const START_VALUES: &str = "-- run_effects::start_values
SELECT r.workflow, r.version, w.version, r.parent IS NOT NULL,
    CASE WHEN r.parent IS NULL THEN q.env::text ELSE (c.document -> 'env')::text END
FROM runs r JOIN receipts q ON q.id = r.receipt LEFT JOIN workflows w ON w.id = r.workflow
LEFT JOIN checkpoints c ON c.receipt = r.receipt AND c.run = r.number
WHERE r.receipt = $1 AND r.number = $2";

/// The most runs that are looked at.
const MAX_RUNS: usize = 1_000;

/// The most records that are named of one step.
const MAX_RECORDS: usize = 20;

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// It created a record.
    Created,
    /// It changed fields of a record.
    Changed,
    /// It deleted a record.
    Deleted,
    /// It wrote a comment.
    Commented,
    /// It sent a request.
    Requested,
    /// It sent a mail.
    Mailed,
    /// It began a request or a mail, and it is not known whether that arrived.
    Unclear,
}

impl What {
    /// All, with their words.
    pub const ALL: [(Self, &str); 7] = [
        (Self::Created, "record_created"),
        (Self::Changed, "record_changed"),
        (Self::Deleted, "record_deleted"),
        (Self::Commented, "comment_written"),
        (Self::Requested, "request_sent"),
        (Self::Mailed, "mail_sent"),
        (Self::Unclear, "unclear"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }
}

/// What one step has done, however often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What it did.
    pub what: What,
    /// The workflow of the step.
    pub workflow: WorkflowId,
    /// The name of the step; empty = its run is at it.
    pub step: String,
    /// How often.
    pub count: i64,
    /// The records, at most [`MAX_RECORDS`].
    pub records: Vec<RecordRef>,
}

/// What has been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// In the order of workflows and steps.
    pub effects: Vec<Effect>,
    /// Whether all steps were kept and looked at.
    pub is_complete: bool,
}

/// With what a run started.
#[derive(Debug, Clone)]
pub struct Start {
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its version.
    pub version: i32,
    /// The newest version; none = the workflow was removed.
    pub newest: Option<i32>,
    /// Whether another run started it.
    pub has_parent: bool,
    /// The values; none = they were not kept.
    pub env: Option<Env>,
}

/// The values with which a run started; nothing if there is no such run.
pub async fn start_values(connection: &Object, run: RunKey) -> Result<Option<Start>, StoreError> {
    let Some(row) = connection.query_opt(START_VALUES, &[&run.receipt.uuid(), &run.number]).await? else {
        return Ok(None);
    };
    let workflow = row.get::<_, i64>(0).try_into();
    Ok(Some(Start {
        workflow: workflow.map_err(|error| StoreError::Refused(format!("a stored run: {error}")))?,
        version: row.get(1),
        newest: row.get(2),
        has_parent: row.get(3),
        env: row.get::<_, Option<&str>>(4).map(parsed).transpose()?,
    }))
}

/// What a run, its replays and the runs that they started have done.
pub async fn of(connection: &Object, run: RunKey) -> Result<Done, StoreError> {
    let limit = i64::try_from(MAX_RUNS).unwrap_or(i64::MAX) + 1;
    let receipt = run.receipt.uuid();
    let rows = connection.query(FAMILY, &[&receipt, &run.number, &limit]).await?;
    let mut family = rows.iter().map(runs::read).collect::<Result<Vec<Run>, _>>()?;
    let mut is_complete = family.len() <= MAX_RUNS;
    family.truncate(MAX_RUNS);
    let entries = run_steps::of(connection, run.receipt, &family, i64::MAX).await?;
    let taken: i64 = family.iter().map(|run| i64::from(run.steps)).sum();
    is_complete &= i64::try_from(entries.len()) == Ok(taken);
    let mut found = BTreeMap::new();
    for Entry { run, step, .. } in &entries {
        if let (Some(what), Some(workflow)) = (what(step), workflow(&family, *run)) {
            add(&mut found, (workflow, step.step.clone(), what), &step.records);
        }
    }
    let numbers: Vec<i16> = family.iter().map(|run| run.number).collect();
    for row in connection.query(OPEN_CALLS, &[&receipt, &numbers]).await? {
        if let Some(workflow) = workflow(&family, row.get(0)) {
            add(&mut found, (workflow, String::new(), What::Unclear), &[]);
        }
    }
    let effect = |((workflow, step, what), (count, records))| Effect { what, workflow, step, count, records };
    Ok(Done { effects: found.into_iter().map(effect).collect(), is_complete })
}

type Found = BTreeMap<(WorkflowId, String, What), (i64, Vec<RecordRef>)>;

fn add(found: &mut Found, key: (WorkflowId, String, What), more: &[RecordRef]) {
    let (count, records) = found.entry(key).or_default();
    *count += 1;
    let room = MAX_RECORDS.saturating_sub(records.len());
    let more: Vec<RecordRef> = more.iter().filter(|record| !records.contains(record)).take(room).cloned().collect();
    records.extend(more);
}

fn workflow(family: &[Run], number: i16) -> Option<WorkflowId> {
    family.iter().find(|run| run.number == number).map(|run| run.workflow)
}

/// What a step has done to others; nothing if it only read, or went on.
fn what(step: &run_steps::Step) -> Option<What> {
    let output = step.output.as_deref();
    let touched = !step.records.is_empty();
    match step.task.as_str() {
        "create_record" if output == Some("created") => Some(What::Created),
        "create_record" | "set_value" if touched && !step.fields.is_empty() => Some(What::Changed),
        "delete_record" if touched => Some(What::Deleted),
        "comment" if touched => Some(What::Commented),
        "http_request" if output == Some("next") => Some(What::Requested),
        "send_mail" if output == Some("next") => Some(What::Mailed),
        "http_request" | "send_mail" if !is_only_waiting(step) => Some(What::Unclear),
        _ => None,
    }
}

/// A call that was put off, and not made.
fn is_only_waiting(step: &run_steps::Step) -> bool {
    matches!(step.message, Some(Message::WentOnAlone { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(task: &str, output: &str, is_touched: bool, fields: &[&str]) -> run_steps::Step {
        let record: RecordRef = "852".parse().unwrap();
        run_steps::Step {
            step: "a".to_owned(),
            task: task.to_owned(),
            output: Some(output.to_owned()).filter(|output| !output.is_empty()),
            message: None,
            after_ms: 1,
            took_us: 1,
            records: if is_touched { vec![record.clone()] } else { Vec::new() },
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
        }
    }

    #[test]
    fn a_step_has_done_what_its_output_and_its_records_tell() {
        for (task, output, is_touched, fields, expected) in [
            ("create_record", "created", true, &[][..], Some(What::Created)),
            ("create_record", "existing", true, &["city"], Some(What::Changed)),
            ("create_record", "existing", true, &[], None),
            ("set_value", "next", true, &["city"], Some(What::Changed)),
            ("set_value", "", false, &[], None),
            ("delete_record", "next", true, &[], Some(What::Deleted)),
            ("delete_record", "next", false, &[], None),
            ("comment", "next", true, &[], Some(What::Commented)),
            ("http_request", "next", false, &[], Some(What::Requested)),
            ("http_request", "failed", false, &[], Some(What::Unclear)),
            ("send_mail", "", false, &[], Some(What::Unclear)),
            ("condition", "then", false, &[], None),
        ] {
            assert_eq!(what(&step(task, output, is_touched, fields)), expected, "{task} {output}");
        }
    }
}
