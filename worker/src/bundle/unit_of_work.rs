//! The unit of work of a transaction: the records that it has locked, and what its runs have made of them and want written.
//! Runs of one bundle see each other's changes here. The database sees them when the unit of work is flushed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use lettre::message::Mailbox;
use postern_shared::connection::Connections;
use postern_shared::env::Env;
use postern_shared::expression::Local;
use postern_shared::id::{ConnectionName, ModuleName, ReceiptId, RecordId, WorkflowId};
use postern_shared::message::Message;
use postern_shared::module::Modules;
use postern_shared::record_ref::RecordRef;
use postern_shared::store::Conflicts;
use postern_shared::store::receipts::MAX_RUNS;
use postern_shared::store::records::{Record, UniqueKey};
use postern_shared::workflow::Workflow;
use serde_json::Value;

use crate::bundle::budget::BundleBudget;
use crate::bundle::clock::Clock;
use crate::bundle::effects::Effects;
use crate::matching::catalog::{Catalog, Pinned};
use crate::matching::record_of::record_of;
use crate::matching::resolve::unreachable;

/// The most bytes that one record may hold as JSON: far above a form, far below what would slow its neighbours.
const MAX_RECORD_BYTES: usize = 4 * 1024 * 1024;

/// The records that a bundle holds locked.
#[derive(Debug, Default)]
pub struct UnitOfWork {
    /// What its runs may still cost.
    pub budget: BundleBudget,
    /// The time.
    pub clock: Clock,
    /// What its runs want written beside the records.
    pub effects: Effects,
    /// The last number of the runs of each receipt that the transaction will insert.
    pub numbers: HashMap<ReceiptId, i16>,
    /// The records that the transaction has created, changed or deleted.
    pub touched: BTreeSet<RecordId>,
    /// Whether spans are made of what becomes of its runs.
    pub is_traced: bool,
    catalog: Arc<Catalog>,
    conflicts: Conflicts,
    held: BTreeMap<RecordId, Held>,
    /// Records that were only looked at; none = there is none.
    seen: HashMap<RecordId, Option<(ModuleName, Arc<Env>)>>,
    keys: HashMap<(ModuleName, UniqueKey), RecordId>,
    /// Those that the database still has.
    deleted: Vec<RecordId>,
}

#[derive(Debug)]
enum Held {
    /// It does not exist, and was looked for, or it was deleted here.
    Missing,
    There {
        module: ModuleName,
        fields: Arc<Env>,
        dirty: bool,
    },
}

/// What the unit of work knows of a record.
#[derive(Debug)]
pub enum Known<'a> {
    /// It was not looked for yet.
    Unknown,
    /// There is none.
    Missing,
    /// It is locked by this bundle.
    There(&'a ModuleName, &'a Arc<Env>),
}

impl UnitOfWork {
    /// An empty one; what is set on its records has the types of the catalog's modules.
    pub fn new(catalog: Arc<Catalog>, conflicts: Conflicts, budget: BundleBudget) -> Self {
        Self { catalog, conflicts, budget, ..Self::default() }
    }

    /// Whether a record that is to be created may be there already.
    pub fn conflicts(&self) -> Conflicts {
        self.conflicts
    }

    /// Who sends mails of steps that name nobody.
    pub fn sender(&self) -> Option<Mailbox> {
        self.catalog.fallbacks().sender.clone()
    }

    /// The clock of a step, and what it draws. `of` names its run, the step and its visit.
    pub fn local(&self, workflow: &Workflow, of: String) -> Arc<Local> {
        let zone = workflow.zone.as_ref().unwrap_or(&self.catalog.fallbacks().zone).clone();
        let now = Timestamp::try_from(self.clock.now()).unwrap_or_default();
        Arc::new(Local::new(zone, now, of))
    }

    /// What is declared of records.
    pub fn modules(&self) -> &Arc<Modules> {
        self.catalog.modules()
    }

    /// The connection to the system that keeps the records of a module; none = they are kept here.
    pub fn connection(&self, module: &ModuleName) -> Option<&ConnectionName> {
        self.modules().get(module)?.connection.as_ref()
    }

    /// Why no record of this reference can be reached, or nothing.
    pub fn unreachable(&self, record: &RecordRef) -> Option<Message> {
        unreachable(&self.catalog, record)
    }

    /// The record that a reference names for a workflow.
    pub fn record_of(&self, workflow: &Workflow, record: RecordRef) -> RecordRef {
        record_of(self.modules(), workflow, record)
    }

    /// The connections.
    pub fn connections(&self) -> &Connections {
        self.catalog.connections()
    }

    /// What `$var` reads.
    pub fn variables(&self) -> &Arc<Env> {
        self.catalog.variables()
    }

    /// A workflow that a step may start, as it is now.
    pub fn workflow(&self, id: WorkflowId) -> Option<Arc<Pinned>> {
        self.catalog.workflow(id).map(Arc::clone)
    }

    /// Gives numbers to more runs of a receipt that the transaction will insert; none = it is not one of these. The answer is
    /// the first of the numbers, or none if the receipt has as many runs as it may have.
    pub fn add_runs(&mut self, receipt: ReceiptId, count: i16) -> Option<Option<i16>> {
        let last = self.numbers.get_mut(&receipt)?;
        let next = last.checked_add(count).filter(|next| *next <= MAX_RUNS);
        let first = next.map(|_| *last + 1);
        *last = next.unwrap_or(*last);
        Some(first)
    }

    /// What is known of a record.
    pub fn get(&self, id: RecordId) -> Known<'_> {
        match self.held.get(&id) {
            None => Known::Unknown,
            Some(Held::Missing) => Known::Missing,
            Some(Held::There { module, fields, .. }) => Known::There(module, fields),
        }
    }

    /// The records that are held and there, in the order of their ids.
    pub fn held(&self) -> impl Iterator<Item = (RecordId, &ModuleName, &Arc<Env>)> {
        self.held.iter().filter_map(|(id, held)| match held {
            Held::There { module, fields, .. } => Some((*id, module, fields)),
            Held::Missing => None,
        })
    }

    /// As [`UnitOfWork::get`], of a record that is only read: one that was looked at without a lock counts as well.
    pub fn look(&self, id: RecordId) -> Known<'_> {
        match (self.get(id), self.seen.get(&id)) {
            (Known::Unknown, Some(Some((module, fields)))) => Known::There(module, fields),
            (Known::Unknown, Some(None)) => Known::Missing,
            (known, _) => known,
        }
    }

    /// Takes in records that were looked at; those that were asked for and not found are missing.
    pub fn see(&mut self, asked: &[RecordId], found: Vec<Record>) {
        self.seen.extend(asked.iter().map(|id| (*id, None)));
        self.seen.extend(found.into_iter().map(|one| (one.id, Some((one.module, Arc::new(one.fields))))));
    }

    /// The fields of a record that is there.
    pub fn fields(&self, id: RecordId) -> Option<Arc<Env>> {
        match self.get(id) {
            Known::There(_, fields) => Some(Arc::clone(fields)),
            Known::Unknown | Known::Missing => None,
        }
    }

    /// The module of a record that is there.
    pub fn module(&self, id: RecordId) -> Option<&ModuleName> {
        match self.get(id) {
            Known::There(module, _) => Some(module),
            Known::Unknown | Known::Missing => None,
        }
    }

    /// Takes in records as the database has them; those that were asked for and not found are missing.
    pub fn take_in(&mut self, asked: &[RecordId], found: Vec<Record>) {
        for id in asked {
            self.held.entry(*id).or_insert(Held::Missing);
        }
        for record in found {
            self.hold(record);
        }
    }

    /// Takes in one record as the database has it. What is held already is newer and stays.
    pub fn hold(&mut self, record: Record) {
        let held = self.held.entry(record.id).or_insert(Held::Missing);
        if matches!(held, Held::Missing) {
            *held = Held::There { module: record.module, fields: Arc::new(record.fields), dirty: false };
        }
    }

    /// The record of a unique key, if this bundle has met it.
    pub fn by_key(&self, module: &ModuleName, key: UniqueKey) -> Option<RecordId> {
        self.keys.get(&(module.clone(), key)).copied()
    }

    /// Remembers the record of a unique key.
    pub fn remember_key(&mut self, module: ModuleName, key: UniqueKey, id: RecordId) {
        self.keys.insert((module, key), id);
    }

    /// Forgets the unique key of a record.
    pub fn forget_key(&mut self, id: RecordId) {
        self.keys.retain(|_, holder| *holder != id);
    }

    /// Sets fields of a record that is there; null clears a field. All or, with the reason, none.
    pub fn set(&mut self, id: RecordId, changes: Vec<(String, Value)>) -> Result<(), Message> {
        let Some(Held::There { fields, dirty, .. }) = self.held.get_mut(&id) else {
            return Err(Message::RecordMissing { record: id });
        };
        let mut changed = Env::clone(fields);
        apply(&mut changed, changes)?;
        if changed != **fields {
            *fields = Arc::new(changed);
            *dirty = true;
        }
        Ok(())
    }

    /// Deletes a record, if it is there, with its comments.
    pub fn delete(&mut self, id: RecordId) {
        if matches!(self.held.get(&id), Some(Held::There { .. })) {
            self.held.insert(id, Held::Missing);
            self.forget_key(id);
            self.effects.comments.retain(|comment| comment.record != id);
            self.deleted.push(id);
            self.touched.insert(id);
        }
    }

    /// The records that were deleted since the last time.
    pub fn take_deleted(&mut self) -> Vec<RecordId> {
        std::mem::take(&mut self.deleted)
    }

    /// The records that were changed since the last time, in the order of their ids; they count as flushed.
    pub fn flush(&mut self) -> Vec<Record> {
        let mut changed = Vec::new();
        for (id, held) in &mut self.held {
            if let Held::There { module, fields, dirty: dirty @ true } = held {
                *dirty = false;
                self.touched.insert(*id);
                changed.push(Record { id: *id, module: module.clone(), fields: Env::clone(fields) });
            }
        }
        changed
    }
}

/// Sets fields on a map; null clears. Returns the bytes of the result, or refuses one that is too large to keep.
pub fn apply(fields: &mut Env, changes: Vec<(String, Value)>) -> Result<usize, Message> {
    for (name, value) in changes {
        if value.is_null() {
            fields.0.shift_remove(&name);
        } else {
            fields.set(name, value);
        }
    }
    let bytes = fields.to_string().len();
    if bytes > MAX_RECORD_BYTES {
        return Err(Message::RecordTooLarge { bytes, most: MAX_RECORD_BYTES });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
