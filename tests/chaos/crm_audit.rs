//! What was promised of leads in vtiger against what is there. A lead is there once, unless its run says that it needs
//! attention and may say so: vtiger gave it the number 0, or it has no unique value.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::client::{Kind, Lead};
use crate::crm::Crm;
use crate::ledger::Ledger;

/// What became of leads in vtiger.
#[derive(Default)]
pub struct InVtiger {
    /// Accepted, and there once.
    pub once: usize,
    /// Accepted, without a unique value, and left to a person.
    pub asked: usize,
    /// Accepted, and left to a person since vtiger gave the number 0.
    pub zero: usize,
    /// Calls that met a fault of vtiger.
    pub harmed: usize,
}

/// Compares the leads in vtiger; `attention` are the numbers of those whose runs need attention.
pub fn compare(crm: &Crm, leads: &[Lead], attention: &HashSet<u64>, ledger: &mut Ledger) {
    let found = Found::read(crm);
    ledger.in_vtiger.harmed = crm.harmed();
    for lead in leads {
        let (kind, number) = (lead.kind(), lead.number);
        let Some(counts) = found.counts(kind, number) else { continue };
        let (is_zero, needs_attention) = (found.zeros.contains(&number), attention.contains(&number));
        let what = |what: &str| format!("{kind:?} [{number}]: {what}: {counts:?} effects in vtiger instead of 1 each");
        if counts.iter().any(|count| *count > 1) {
            ledger.doubled.push(what("twice"));
            continue;
        }
        match (needs_attention, is_zero) {
            _ if !lead.is_accepted() => {}
            (true, true) => ledger.in_vtiger.zero += 1,
            (true, false) if kind == Kind::CrmAsk => ledger.in_vtiger.asked += 1,
            (true, false) => ledger.lost.push(what("left to a person")),
            (false, true) => ledger.lost.push(what("under the number 0, and nobody is told")),
            (false, false) if counts.contains(&0) => ledger.lost.push(what("not there")),
            (false, false) => ledger.in_vtiger.once += 1,
        }
    }
}

type Counts = HashMap<u64, usize>;

/// What is there, by the numbers of the leads.
struct Found {
    /// Leads with an e-mail, also under the number 0.
    keyed: Counts,
    /// Those of them whose city was set.
    changed: Counts,
    /// Comments, on whatever record, also under the number 0.
    said: Counts,
    /// Those of them that are on their lead.
    said_rightly: Counts,
    /// How often a shared lead has seen a lead.
    seen: Counts,
    /// Leads without a unique value, also under the number 0.
    asked: Counts,
    /// The leads of which anything was written under the number 0.
    zeros: HashSet<u64>,
}

impl Found {
    fn read(crm: &Crm) -> Self {
        let (leads, comments) = (crm.records("Leads"), crm.records("ModComments"));
        let zeros = |module: &str, field: &str| crm.zeros(module, field).into_iter().filter_map(|text| number(&text));
        let (zero_emails, zero_names) = (zeros("Leads", "email"), zeros("Leads", "lastname"));
        let zero_comments = zeros("ModComments", "commentcontent");
        let of = |field: &'static str| leads.iter().filter_map(move |lead| number(text(lead, field)));
        let ids: HashMap<&str, u64> =
            leads.iter().filter_map(|lead| Some((text(lead, "id"), number(text(lead, "email"))?))).collect();
        let said = || comments.iter().filter_map(|one| Some((one, number(text(one, "commentcontent"))?)));
        let is_right = |(one, number): &(&Value, u64)| ids.get(text(one, "related_to")) == Some(number);
        let descriptions = leads.iter().flat_map(|lead| text(lead, "description").split_whitespace());
        Self {
            zeros: zero_emails.clone().chain(zero_names.clone()).chain(zero_comments.clone()).collect(),
            keyed: count(of("email").chain(zero_emails)),
            changed: count(of("city")),
            said: count(said().map(|(_, number)| number).chain(zero_comments)),
            said_rightly: count(said().filter(is_right).map(|(_, number)| number)),
            seen: count(descriptions.filter_map(number)),
            asked: count(of("lastname").chain(zero_names)),
        }
    }

    /// How often each effect of a lead is there; none = it has none in vtiger.
    fn counts(&self, kind: Kind, number: u64) -> Option<Vec<usize>> {
        let Self { keyed, changed, said, said_rightly, seen, asked, .. } = self;
        let of: &[&Counts] = match kind {
            Kind::Crm => &[keyed, changed, said, said_rightly],
            Kind::CrmShare => &[seen],
            Kind::CrmAsk => &[asked],
            _ => return None,
        };
        Some(of.iter().map(|counts| counts.get(&number).copied().unwrap_or(0)).collect())
    }
}

fn text<'v>(record: &'v Value, field: &str) -> &'v str {
    record[field].as_str().unwrap_or_default()
}

/// The number in `17`, `n17` and `n17@example.org`.
fn number(text: &str) -> Option<u64> {
    text.split('@').next()?.trim_start_matches('n').parse().ok()
}

fn count(numbers: impl Iterator<Item = u64>) -> Counts {
    let mut counts = Counts::new();
    numbers.for_each(|number| *counts.entry(number).or_default() += 1);
    counts
}
