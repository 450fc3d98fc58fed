//! What the steps of a workflow did in a time: how often each was left by which output, and how long it took.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use postern_shared::document::Kind;
use postern_shared::id::WorkflowId;
use postern_shared::store::statistics::{self, Durations, OfOutput};
use postern_shared::store::{Connection, workflows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{Moment, Text, Time};
use super::{About, Code, Error, Operation, Who};
use crate::state::State;

/// How far back is looked if the query does not say: a week.
const SPAN_DEFAULT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Counts the steps of a workflow.
#[derive(Debug)]
pub struct GetStatistics;

/// The workflow, and the time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The workflow.
    pub id: WorkflowId,
    /// From the hour that begins then or later: a week ago if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<Moment>>,
    /// To the hour that begins then, without it: until now if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Text<Moment>>,
    /// Only of this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
}

/// What the steps of a workflow did. Those of the last seconds may be missing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Statistics")]
pub struct Output {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The beginning of the time.
    pub from: Time,
    /// The end of the time.
    pub to: Time,
    /// The steps, by name.
    pub steps: Vec<Step>,
}

/// What a step did.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StepStatistics")]
pub struct Step {
    /// Its name.
    pub step: String,
    /// How often it was taken.
    pub count: i64,
    /// How many runs failed there.
    pub failures: i64,
    /// How many runs wait at it now.
    pub waiting: i64,
    /// Half of the times it took no longer, in microseconds of its own time; null = it was not taken.
    pub median_us: Option<u64>,
    /// 95 of 100 times it took no longer.
    pub p95_us: Option<u64>,
    /// By which output it was left, by name.
    pub outputs: Vec<OutputOfStep>,
}

/// How often a step was left by an output.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "OutputStatistics")]
pub struct OutputOfStep {
    /// The output; empty = it was not left by one: the run ended there, or took the step again later.
    pub output: String,
    /// How often.
    pub count: i64,
    /// How many of 100 times.
    pub percent: f64,
    /// Half of these times it took no longer, in microseconds.
    pub median_us: Option<u64>,
    /// 95 of 100 of these times it took no longer.
    pub p95_us: Option<u64>,
}

impl Operation for GetStatistics {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "getStatistics",
        "/workflows/{id}/statistics",
        "what the steps of a workflow did, by output",
        r#"{"workflow": 77, "from": "2026-11-17T13:30:00Z", "to": "2026-11-24T13:30:00Z", "steps": [{"step": "usable", "count": 8, "failures": 0, "waiting": 0, "median_us": 40, "p95_us": 90, "outputs": [{"output": "then", "count": 6, "percent": 75.0, "median_us": 40, "p95_us": 90}]}]}"#,
    )
    .refusing(&[Code::NotFound]);

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let connection = state.store.connection().await?;
        if workflows::versions(&connection, input.id, 1).await?.is_empty() {
            return Err(Error::Unknown(Kind::Workflow.name()));
        }
        let to = input.to.map_or_else(SystemTime::now, |moment| moment.0.0);
        let from = input.from.map_or_else(|| to - SPAN_DEFAULT, |moment| moment.0.0);
        let steps = of(&connection, input.id, (from, to), input.version).await?;
        Ok(Output { workflow: input.id, from: from.into(), to: to.into(), steps })
    }
}

/// What the steps of a workflow did from one time to another.
pub async fn of(
    connection: &Connection,
    workflow: WorkflowId,
    times: (SystemTime, SystemTime),
    version: Option<i32>,
) -> Result<Vec<Step>, Error> {
    let mut steps: BTreeMap<String, Vec<OfOutput>> = BTreeMap::new();
    for one in statistics::of(connection, workflow, times, version).await? {
        steps.entry(one.step.clone()).or_default().push(one);
    }
    let mut waiting = statistics::waiting(connection, workflow, version).await?;
    for step in waiting.keys() {
        steps.entry(step.clone()).or_default();
    }
    let step = |(step, outputs): (String, Vec<OfOutput>)| Step {
        waiting: waiting.remove(&step).unwrap_or_default(),
        ..of_step(step, &outputs)
    };
    Ok(steps.into_iter().map(step).collect())
}

fn of_step(step: String, outputs: &[OfOutput]) -> Step {
    let count: i64 = outputs.iter().map(|one| one.count).sum();
    let durations = outputs.iter().fold(Durations::default(), |all, one| all.with(&one.durations));
    let output = |one: &OfOutput| OutputOfStep {
        output: one.output.clone(),
        count: one.count,
        percent: percent(one.count, count),
        median_us: one.durations.quantile_us(0.5),
        p95_us: one.durations.quantile_us(0.95),
    };
    Step {
        step,
        count,
        failures: outputs.iter().map(|one| one.failures).sum(),
        waiting: 0,
        median_us: durations.quantile_us(0.5),
        p95_us: durations.quantile_us(0.95),
        outputs: outputs.iter().map(output).collect(),
    }
}

/// With one digit behind the point.
fn percent(part: i64, whole: i64) -> f64 {
    (part as f64 * 1_000.0 / whole.max(1) as f64).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_one_digit_behind_the_point() {
        assert_eq!(
            [(1, 3), (2, 3), (0, 0), (5, 5)].map(|(part, whole)| percent(part, whole)),
            [33.3, 66.7, 0.0, 100.0]
        );
    }
}
