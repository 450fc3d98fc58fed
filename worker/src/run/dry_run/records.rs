//! What becomes of records: as they were when the dry run met them, and as the step before has left them.

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_shared::dry_run::Change;
use postern_shared::env::Env;
use postern_shared::id::{ModuleName, RecordId};
use postern_shared::record_ref::RecordRef;

use crate::bundle::unit_of_work::{Known, UnitOfWork};

/// A record at a moment; none = there was none.
type State = Option<(ModuleName, Arc<Env>)>;

/// The records that a dry run has met.
#[derive(Debug, Default)]
pub struct Records {
    first: BTreeMap<RecordId, State>,
    last: BTreeMap<RecordId, State>,
}

impl Records {
    /// Looks at records that were locked, before a step does anything with them. `created` is the one that was made for the
    /// step.
    pub fn meet(&mut self, unit: &UnitOfWork, created: Option<RecordId>) {
        if let Some(id) = created {
            self.first.entry(id).or_insert(None);
            self.last.entry(id).or_insert(None);
        }
        for (id, module, fields) in unit.held() {
            self.first.entry(id).or_insert_with(|| Some((module.clone(), Arc::clone(fields))));
            self.last.entry(id).or_insert_with(|| Some((module.clone(), Arc::clone(fields))));
        }
    }

    /// What has become of records since the last time.
    pub fn changes<'r>(&mut self, records: impl Iterator<Item = &'r RecordRef>, unit: &UnitOfWork) -> Vec<Change> {
        let mut changes = Vec::new();
        for id in records.filter_map(RecordRef::own) {
            let now = state(unit, id);
            let before = self.last.insert(id, now.clone()).flatten();
            changes.extend(between(id, &before, &now));
        }
        changes
    }

    /// What has become of all records.
    pub fn all_changes(&self, unit: &UnitOfWork) -> Vec<Change> {
        self.first.iter().filter_map(|(id, before)| between(*id, before, &state(unit, *id))).collect()
    }
}

fn state(unit: &UnitOfWork, id: RecordId) -> State {
    match unit.get(id) {
        Known::There(module, fields) => Some((module.clone(), Arc::clone(fields))),
        Known::Unknown | Known::Missing => None,
    }
}

fn between(id: RecordId, before: &State, after: &State) -> Option<Change> {
    Change::between(
        id.into(),
        before.as_ref().map(|(module, fields)| (module, &**fields)),
        after.as_ref().map(|(module, fields)| (module, &**fields)),
    )
}
