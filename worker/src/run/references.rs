//! Fields of referenced records, `$(contact_id: (Contacts) leadsource)`. The referenced records are read as
//! they were committed last, or as the bundle has made them; what names no record, or one of another module, is empty.

use std::sync::Arc;

use postern_shared::env::Env;
use postern_shared::expression::{Related, render};
use postern_shared::id::RecordId;

use crate::bundle::unit_of_work::{Known, UnitOfWork};

/// The records that must be looked at before these references can be read, given the fields of the run's record and
/// `$env`.
pub fn missing<'r>(
    related: impl IntoIterator<Item = &'r Related>,
    record: Option<&Env>,
    env: &Env,
    unit: &UnitOfWork,
) -> Vec<RecordId> {
    let ids = related.into_iter().filter_map(|one| id(one, record, env));
    ids.filter(|id| matches!(unit.look(*id), Known::Unknown)).collect()
}

/// What the references read, as a scope holds it.
pub fn values<'r>(
    related: impl IntoIterator<Item = &'r Related>,
    record: Option<&Env>,
    env: &Env,
    unit: &UnitOfWork,
) -> Arc<Env> {
    let value = |one: &Related| match unit.look(id(one, record, env)?) {
        Known::There(module, fields) if *module == one.module => fields.get(&one.name).cloned(),
        Known::There(..) | Known::Unknown | Known::Missing => None,
    };
    Arc::new(related.into_iter().filter_map(|one| Some((one.to_string(), value(one)?))).collect())
}

fn id(related: &Related, record: Option<&Env>, env: &Env) -> Option<RecordId> {
    let holder = if related.by_env { env } else { record? };
    render(holder.get(&related.field)?).trim().parse().ok()
}
