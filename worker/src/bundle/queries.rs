//! Asks what the runs of a bundle want of the database: one statement per kind and wave, sorted, so that two
//! bundles lock what they share in the same order.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use postern_shared::env::Env;
use postern_shared::id::{ModuleName, RecordId};
use postern_shared::store::records::{self, NewRecord, Record, UniqueKey};
use postern_shared::store::search::{self, Search, Shape};
use postern_shared::store::{StoreError, Transaction, counters, receipts, run_results};

use crate::bundle::budget::BundleBudget;
use crate::bundle::unit_of_work::UnitOfWork;
use crate::run::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::task::query::{Answer, Query};

/// A record that a run wants to create: who asks, and what.
type Wanted = (usize, ModuleName, Option<UniqueKey>, Env);

/// A search: who asks, and what.
struct Searching {
    at: usize,
    shape: Arc<Shape>,
    values: Vec<String>,
    again: bool,
}

/// Answers the queries of one wave. Each comes with the place of the submission that asks.
pub async fn ask(
    transaction: &Transaction<'_>,
    asked: Vec<(usize, Query)>,
    unit: &mut UnitOfWork,
) -> Result<Vec<(usize, Answer)>, StoreError> {
    let (mut locks, mut looks, mut creates, mut rekeys) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut answers = Vec::new();
    let (mut searches, mut numbers, mut children, mut counts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, query) in asked {
        match query {
            Query::Lock(id) => locks.push((at, id)),
            Query::Look(id) => looks.push((at, id)),
            Query::Create { module, key, fields } => creates.push((at, module, key, fields)),
            Query::Rekey { record, module, key } => rekeys.push((at, record, module, key)),
            Query::Search { shape, values, again } => searches.push(Searching { at, shape, values, again }),
            Query::Children { parent, step } => children.push((at, parent, step)),
            Query::Count(names) => counts.push((at, names)),
            Query::Numbers { receipt, count } => match unit.add_runs(receipt, count) {
                Some(first) => answers.push((at, Answer::Numbers(first))),
                None => numbers.push((at, receipt, count)),
            },
        }
    }
    // A key whose record is gone is free again.
    delete(transaction, unit).await?;
    if !locks.is_empty() {
        lock(transaction, &locks, unit).await?;
        answers.extend(locks.iter().map(|(at, _)| (*at, Answer::Loaded)));
    }
    look(transaction, looks.iter().map(|(_, id)| *id).collect(), unit).await?;
    answers.extend(looks.iter().map(|(at, _)| (*at, Answer::Loaded)));
    if !creates.is_empty() {
        answers.extend(create(transaction, creates, unit).await?);
    }
    for (at, record, module, key) in rekeys {
        let holder = rekey(transaction, record, module, key, unit).await?;
        answers.push((at, Answer::Rekeyed { key, holder }));
    }
    if !searches.is_empty() {
        flush(transaction, unit).await?;
        answers.extend(find(transaction, searches, &mut unit.budget).await?);
    }
    for (at, parent, step) in children {
        let found = run_results::of_step(transaction, parent, step, MAX_CHECKPOINT_BYTES).await?;
        answers.push((at, Answer::Children(found)));
    }
    if !counts.is_empty() {
        answers.extend(count(transaction, counts).await?);
    }
    // The runs of a receipt ask one after another, so each is here once.
    let wanted = numbers.iter().map(|(_, receipt, count)| (*receipt, *count)).collect();
    let first = receipts::add_runs(transaction, &wanted).await?;
    answers.extend(numbers.iter().map(|(at, receipt, _)| (*at, Answer::Numbers(first.get(receipt).copied()))));
    Ok(answers)
}

/// Writes what became of the records since the last time.
pub async fn flush(transaction: &Transaction<'_>, unit: &mut UnitOfWork) -> Result<(), StoreError> {
    delete(transaction, unit).await?;
    let changed = unit.flush();
    if changed.is_empty() { Ok(()) } else { records::update(transaction, &changed).await }
}

/// Looks at records that are only read. Without a lock: those who refer to one record do not wait for each other, and
/// records that refer to each other are no deadlock.
pub async fn look(
    transaction: &Transaction<'_>,
    mut ids: Vec<RecordId>,
    unit: &mut UnitOfWork,
) -> Result<(), StoreError> {
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        let found = records::look_up(transaction, &ids).await?;
        unit.see(&ids, found);
    }
    Ok(())
}

async fn delete(transaction: &Transaction<'_>, unit: &mut UnitOfWork) -> Result<(), StoreError> {
    let deleted = unit.take_deleted();
    if deleted.is_empty() { Ok(()) } else { records::delete(transaction, &deleted).await }
}

async fn lock(
    transaction: &Transaction<'_>,
    locks: &[(usize, RecordId)],
    unit: &mut UnitOfWork,
) -> Result<(), StoreError> {
    let mut ids: Vec<RecordId> = locks.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = records::lock(transaction, &ids).await?;
    unit.take_in(&ids, found);
    Ok(())
}

/// The first run that asks for a key creates its record; the others, of this bundle or of another, meet it.
async fn create(
    transaction: &Transaction<'_>,
    wanted: Vec<Wanted>,
    unit: &mut UnitOfWork,
) -> Result<Vec<(usize, Answer)>, StoreError> {
    let mut answers = Vec::new();
    let mut later = Vec::new();
    let mut first = Vec::new();
    let mut keys = HashSet::new();
    for (at, module, key, fields) in wanted {
        match key {
            Some(key) if unit.by_key(&module, key).is_some() || !keys.insert((module.clone(), key)) => {
                later.push((at, module, key));
            }
            _ => first.push((at, module, key, fields)),
        }
    }
    if !first.is_empty() {
        answers.extend(insert(transaction, first, unit).await?);
    }
    for (at, module, key) in later {
        let id = unit.by_key(&module, key).ok_or_else(vanished)?;
        answers.push((at, Answer::Created { id, existing: true }));
    }
    Ok(answers)
}

async fn insert(
    transaction: &Transaction<'_>,
    wanted: Vec<Wanted>,
    unit: &mut UnitOfWork,
) -> Result<Vec<(usize, Answer)>, StoreError> {
    let count = i32::try_from(wanted.len()).unwrap_or(i32::MAX);
    let ids = records::reserve(transaction, count).await?;
    let (places, new): (Vec<usize>, Vec<NewRecord>) = wanted
        .into_iter()
        .zip(ids)
        .map(|((at, module, key, fields), id)| (at, NewRecord { record: Record { id, module, fields }, key }))
        .unzip();
    let created = records::create(transaction, &new, unit.conflicts()).await?;
    let taken: Vec<(&ModuleName, UniqueKey)> = (new.iter())
        .filter(|one| !created.contains(&one.record.id))
        .filter_map(|one| Some((&one.record.module, one.key?)))
        .collect();
    if !taken.is_empty() {
        for (key, record) in records::by_key(transaction, &taken).await? {
            unit.remember_key(record.module.clone(), key, record.id);
            unit.hold(record);
        }
    }
    let mut answers = Vec::new();
    for (at, NewRecord { record, key }) in places.into_iter().zip(new) {
        let existing = !created.contains(&record.id);
        let id = if existing {
            // The holder of the key was deleted between the two statements: the bundle starts again.
            key.and_then(|key| unit.by_key(&record.module, key)).ok_or_else(vanished)?
        } else {
            if let Some(key) = key {
                unit.remember_key(record.module.clone(), key, record.id);
            }
            let id = record.id;
            unit.touched.insert(id);
            unit.hold(record);
            id
        };
        answers.push((at, Answer::Created { id, existing }));
    }
    Ok(answers)
}

/// Gives a record another unique key; returns the record that has it already, if there is one. One statement each:
/// a value that tells a record from all others seldom changes.
async fn rekey(
    transaction: &Transaction<'_>,
    record: RecordId,
    module: ModuleName,
    key: Option<UniqueKey>,
    unit: &mut UnitOfWork,
) -> Result<Option<RecordId>, StoreError> {
    let holder = records::rekey(transaction, record, &module, key).await?;
    if holder.is_none() {
        unit.forget_key(record);
        if let Some(key) = key {
            unit.remember_key(module, key, record);
        }
    }
    Ok(holder)
}

/// Draws the numbers of all who ask in one statement, in the order in which they ask.
async fn count(
    transaction: &Transaction<'_>,
    asked: Vec<(usize, BTreeSet<String>)>,
) -> Result<Vec<(usize, Answer)>, StoreError> {
    let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
    for name in asked.iter().flat_map(|(_, names)| names) {
        *wanted.entry(name).or_default() += 1;
    }
    let mut next = counters::draw(transaction, &wanted).await?;
    let mut draw = |name: String| {
        let number = next.get_mut(&name)?;
        *number += 1;
        Some((name, *number - 1))
    };
    Ok(asked
        .into_iter()
        .map(|(at, names)| (at, Answer::Counted(names.into_iter().filter_map(&mut draw).collect())))
        .collect())
}

fn vanished() -> StoreError {
    StoreError::Conflict("the record of a unique key was deleted".into())
}

/// Searches of one shape are one statement, and values that several ask for are looked for once. What took too long is
/// cut off, and what there is no time for is not begun.
async fn find(
    transaction: &Transaction<'_>,
    searches: Vec<Searching>,
    budget: &mut BundleBudget,
) -> Result<Vec<(usize, Answer)>, StoreError> {
    let mut shapes: HashMap<Arc<Shape>, Vec<Searching>> = HashMap::new();
    for one in searches {
        shapes.entry(Arc::clone(&one.shape)).or_default().push(one);
    }
    let mut answers = Vec::new();
    for (shape, mut asked) in shapes {
        let is_indexed = shape.is_indexed();
        let limit = |again: bool| if is_indexed { Some(search::MAX_SEARCH) } else { budget.search_limit(again) };
        let late = asked.extract_if(.., |one| limit(one.again).is_none());
        answers.extend(late.map(|one| (one.at, Answer::CutOff { took: Duration::ZERO })));
        let Some(limit) = asked.iter().filter_map(|one| limit(one.again)).min() else { continue };
        let mut places: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for one in asked {
            places.entry(one.values).or_default().push(one.at);
        }
        let (values, began): (Vec<&[String]>, _) = (places.keys().map(Vec::as_slice).collect(), Instant::now());
        let search = search::find(transaction, &shape, &values, limit).await?;
        let took = began.elapsed();
        if !is_indexed {
            budget.search(took);
        }
        match search {
            Search::Found(found) => {
                let took = took / u32::try_from(found.len().max(1)).unwrap_or(u32::MAX);
                for (places, ids) in places.into_values().zip(found) {
                    answers.extend(places.into_iter().map(|at| (at, Answer::Found { ids: ids.clone(), took })));
                }
            }
            Search::CutOff => {
                answers.extend(places.into_values().flatten().map(|at| (at, Answer::CutOff { took })));
            }
        }
    }
    Ok(answers)
}
