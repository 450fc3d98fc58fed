//! Failures that a step has handled: it waited for runs, and went on by its way for failures or collected them.

use deadpool_postgres::Transaction;

use super::StoreError;
use super::failure_groups::Failures;
use crate::id::StepName;
use crate::resume::RunKey;

/// The runs that a step waited for and that have failed, and those that they waited for: their failure is why they failed.
const NOTE: &str = "-- handled_failures::note
WITH RECURSIVE family (number) AS (
    SELECT number FROM runs WHERE receipt = $1 AND parent = $2 AND parent_step = $3 AND state = 'failed'
    UNION
    SELECT r.number FROM family f JOIN checkpoints c ON c.receipt = $1 AND c.run = f.number
    CROSS JOIN LATERAL json_array_elements(c.document -> 'pending') AS branch
    JOIN runs r ON r.receipt = $1 AND r.parent = (branch.value #>> '{awaits,run}')::int
        AND r.parent_step = (branch.value #>> '{awaits,step}')::int AND r.state = 'failed'
)
UPDATE runs SET handled_by = $4 FROM family WHERE runs.receipt = $1 AND runs.number = family.number
    AND runs.replaced_by IS NULL AND runs.handled_by IS NULL AND runs.dismissed_by IS NULL
RETURNING $COLUMNS";

/// A step that went on although runs failed that it waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The run that started them.
    pub parent: RunKey,
    /// The place on the path of that run of the step that started them.
    pub place: i32,
    /// The step that went on.
    pub step: StepName,
}

/// Notes that failures were handled; those that count as failed no longer are counted out of their groups.
pub async fn note(
    transaction: &Transaction<'_>,
    handled: &[Handled],
    failures: &mut Failures,
) -> Result<(), StoreError> {
    let statement = NOTE.replace("$COLUMNS", Failures::COLUMNS);
    for Handled { parent, place, step } in handled {
        let (receipt, step) = (parent.receipt.uuid(), step.as_str());
        for row in transaction.query(&statement, &[&receipt, &parent.number, place, &step]).await? {
            failures.remove(&row)?;
        }
    }
    Ok(())
}
