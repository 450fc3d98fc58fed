//! What a text names: a receipt or a run, a record by its number, the receipt of an `Idempotency-Key`.

use postern_shared::id::{ReceiptId, RecordId};
use postern_shared::intake::dedupe::SENT;
use postern_shared::receipt::{self, Audience, Report};
use postern_shared::resume::RunKey;
use postern_shared::store::{Connection, claims, records};
use postern_shared::submission::Target;

use super::{FoundReceipt, FoundRecord, Output};
use crate::operation::Error;
use crate::state::State;

/// Adds it to what was found.
pub async fn add(connection: &Connection, state: &State, text: &str, output: &mut Output) -> Result<(), Error> {
    let (run, receipts) = match (text.parse::<RunKey>(), text.parse::<ReceiptId>()) {
        (Ok(run), _) => (Some(run.number), vec![run.receipt]),
        (_, Ok(receipt)) => (None, vec![receipt]),
        _ => (None, claims::of_permissions(connection, &format!("{SENT}{text}")).await?),
    };
    for id in receipts {
        output.receipts.retain(|one| one.receipt != id);
        let report = receipt::find(connection, &state.clock, id, Audience::Operators).await?;
        output.receipts.extend(report.filter(|report| has_run(report, run)).map(|report| described(report, run)));
    }
    output.receipts.sort_by_key(|one| std::cmp::Reverse(one.receipt));
    if let Some((module, id)) = record(text)
        && let Some(record) = records::find(connection, id).await?
        && module.is_none_or(|module| module.eq_ignore_ascii_case(record.module.as_str()))
    {
        output.records.retain(|one| one.id != id);
        output.records.insert(0, FoundRecord { id, module: record.module.to_string(), updated_at: None });
    }
    Ok(())
}

/// A number, perhaps with a module before it.
fn record(text: &str) -> Option<(Option<&str>, RecordId)> {
    let mut words = text.split_whitespace().rev();
    let id = words.next()?.parse().ok()?;
    let module = words.next();
    words.next().is_none().then_some((module, id))
}

fn has_run(report: &Report, run: Option<i16>) -> bool {
    let Some(number) = run else { return true };
    report.runs.iter().flatten().any(|one| one.number == number) || report.runs_left_out.is_some()
}

fn described(report: Report, run: Option<i16>) -> FoundReceipt {
    let (workflow, trigger) = match report.target {
        Some(Target::Workflow(id)) => (Some(id), None),
        Some(Target::Trigger(key)) => (None, Some(key.to_string())),
        None => (None, None),
    };
    FoundReceipt {
        accepted_at: report.receipt.time().into(),
        receipt: report.receipt,
        status: report.status,
        run,
        permission: report.permission.map(|key| key.to_string()),
        workflow,
        trigger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_number_and_perhaps_its_module() {
        let id = RecordId::try_from(852).unwrap();
        for (text, expected) in [
            ("852", Some((None, id))),
            (" Leads  852 ", Some((Some("Leads"), id))),
            ("852 Leads", None),
            ("a b 852", None),
            ("0", None),
            ("", None),
        ] {
            assert_eq!(record(text), expected, "{text}");
        }
    }
}
