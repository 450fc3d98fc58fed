//! All variables of the installation with their values.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use postern_shared::id::VariableName;
use postern_shared::store::{StoreError, variables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Place, uses};
use crate::operation::field::Time;
use crate::operation::{About, Error, Nothing, Operation, Who};
use crate::state::State;

/// Lists variables.
#[derive(Debug)]
pub struct ListVariables;

/// A variable.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The value in force.
    pub value: String,
    /// Whether the environment sets it: `POSTERN_VAR_` and its name in capitals.
    pub of_environment: bool,
    /// When its stored value was set; null = only the environment sets it.
    pub changed_at: Option<Time>,
    /// The places that read it.
    pub used_by: Vec<Place>,
}

/// All variables.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// In the order of their names.
    pub variables: Vec<Variable>,
}

/// A variable as control knows it.
#[derive(Debug)]
pub struct Known {
    /// The value in force.
    pub value: String,
    /// Whether the environment of control sets it.
    pub of_environment: bool,
    /// When its stored value was set.
    pub changed_at: Option<SystemTime>,
    /// The places that read it.
    pub used_by: BTreeSet<Place>,
}

/// The variables that are stored or that the environment sets, for the API as for the panel.
pub async fn all(state: &State) -> Result<BTreeMap<VariableName, Known>, StoreError> {
    let connection = state.store.connection().await?;
    let (stored, mut uses) = (variables::list(&connection).await?, uses(&connection, state).await?);
    let mut known: BTreeMap<VariableName, Known> = BTreeMap::new();
    for one in stored {
        let changed_at = Some(one.changed_at);
        let used_by = BTreeSet::new();
        known.insert(one.name, Known { value: one.value, of_environment: false, changed_at, used_by });
    }
    for (name, value) in &state.variables {
        let changed_at = known.get(name).and_then(|stored| stored.changed_at);
        let one = Known { value: value.clone(), of_environment: true, changed_at, used_by: BTreeSet::new() };
        known.insert(name.clone(), one);
    }
    for (name, one) in &mut known {
        one.used_by = uses.remove(name).unwrap_or_default();
    }
    Ok(known)
}

impl Operation for ListVariables {
    type Input = Nothing;
    type Output = Output;
    const ABOUT: About = About::get(
        "listVariables",
        "/variables",
        "all variables of the installation with their values, and where they are used",
        r#"{"variables": [{"name": "crm_url", "value": "https://crm.example", "of_environment": false, "changed_at": "2026-11-24T13:30:00Z", "used_by": [{"workflow": 77, "step": "tell"}]}]}"#,
    );

    async fn run(state: &State, _: &Who, _: Nothing) -> Result<Output, Error> {
        let variables = all(state).await?.into_iter().map(|(name, one)| Variable {
            name: name.into(),
            value: one.value,
            of_environment: one.of_environment,
            changed_at: one.changed_at.map(Time::from),
            used_by: one.used_by.into_iter().collect(),
        });
        Ok(Output { variables: variables.collect() })
    }
}
