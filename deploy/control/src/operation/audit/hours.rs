//! Nothing is lost: where the submissions of each hour are, and those that are nowhere.

use std::time::{Duration, SystemTime};

use postern_shared::store::delivery_audit::{self, Hour, MAX_HOURS, PLACES};
use postern_shared::store::sequence::Gap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operation::field::Time;
use crate::operation::{About, Error, Operation, Who};
use crate::state::State;

/// How many hours are counted if the query does not say.
const HOURS_DEFAULT: i64 = 24;

/// Audits the last hours.
#[derive(Debug)]
pub struct AuditHours;

/// How many hours.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many, the current one last: 24 if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = MAX_HOURS))]
    pub hours: Option<i64>,
}

/// The hours, and what is lost of them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The hours, the current one last.
    pub hours: Vec<OneHour>,
    /// What is lost; null = this cannot be told now.
    pub losses: Option<Vec<Loss>>,
}

/// Where the submissions of an hour are. A submission is in one place.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Hour")]
pub struct OneHour {
    /// When it began.
    pub hour: Time,
    /// How many were answered with 202.
    pub answered: i64,
    /// How many more are somewhere than were answered with 202.
    pub unanswered: i64,
    /// In a queue of the broker.
    pub queued: i64,
    /// In the spool.
    pub spooled: i64,
    /// With a run that has a worker.
    pub running: i64,
    /// With a run that waits.
    pub waiting: i64,
    /// With a run before the gate of a workflow on hold.
    pub held: i64,
    /// With a run that waits for a person.
    pub needs_attention: i64,
    /// With runs that came to their end.
    pub finished: i64,
    /// With a run that failed.
    pub failed: i64,
    /// Started nothing.
    pub unmatched: i64,
    /// Same as an earlier one.
    pub duplicate: i64,
    /// Among the dead letters.
    pub dead_letter: i64,
    /// Discarded by a person.
    pub discarded: i64,
    /// Runs under another receipt.
    pub replayed: i64,
    /// Nowhere to be found.
    pub lost: i64,
}

/// Submissions of one ingress that are lost.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// When their hour began.
    pub hour: Time,
    /// The process of the ingress.
    pub instance: i64,
    /// The number of the first one.
    pub first: i64,
    /// The number of the last one.
    pub last: i64,
}

impl Operation for AuditHours {
    type Input = Input;
    type Output = Output;
    const ABOUT: About = About::get(
        "auditHours",
        "/audit",
        "where the submissions of each hour are, and which are lost",
        r#"{"hours": [{"hour": "2026-11-24T13:00:00Z", "answered": 2, "unanswered": 0, "queued": 0, "spooled": 0, "running": 0, "waiting": 0, "held": 0, "needs_attention": 0, "finished": 2, "failed": 0, "unmatched": 0, "duplicate": 0, "dead_letter": 0, "discarded": 0, "replayed": 0, "lost": 0}], "losses": []}"#,
    );

    async fn run(state: &State, _: &Who, input: Input) -> Result<Output, Error> {
        let hours = input.hours.unwrap_or(HOURS_DEFAULT);
        if !(1..=MAX_HOURS).contains(&hours) {
            return Err(Error::Invalid(format!("hours: is a number from 1 to {MAX_HOURS}")));
        }
        let audit = delivery_audit::audit(&mut state.store.connection().await?, hours).await?;
        let losses = audit.losses.map(|losses| losses.iter().map(loss).collect());
        Ok(Output { hours: audit.hours.iter().map(describe).collect(), losses })
    }
}

impl OneHour {
    /// How many are in each place, in the order of [`PLACES`].
    pub fn places(&self) -> [i64; PLACES.len()] {
        [
            self.queued,
            self.spooled,
            self.running,
            self.waiting,
            self.held,
            self.needs_attention,
            self.finished,
            self.failed,
            self.unmatched,
            self.duplicate,
            self.dead_letter,
            self.discarded,
            self.replayed,
            self.lost,
        ]
    }
}

fn describe(hour: &Hour) -> OneHour {
    let at = |place: &str| PLACES.iter().zip(hour.places).find(|(known, _)| **known == place).map_or(0, |(_, n)| n);
    OneHour {
        hour: begin(hour.hour),
        answered: hour.answered,
        unanswered: hour.unanswered(),
        queued: at("queued"),
        spooled: at("spooled"),
        running: at("running"),
        waiting: at("waiting"),
        held: at("held"),
        needs_attention: at("needs_attention"),
        finished: at("finished"),
        failed: at("failed"),
        unmatched: at("unmatched"),
        duplicate: at("duplicate"),
        dead_letter: at("dead_letter"),
        discarded: at("discarded"),
        replayed: at("replayed"),
        lost: at("lost"),
    }
}

fn loss(gap: &Gap) -> Loss {
    Loss { hour: begin(gap.hour), instance: gap.instance, first: gap.first, last: gap.last }
}

fn begin(hour: i64) -> Time {
    let seconds = u64::try_from(hour).unwrap_or_default().saturating_mul(3600);
    Time::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_store_is_counted_under_its_name() {
        let places = std::array::from_fn(|at| i64::try_from(at).unwrap() + 1);
        let described = describe(&Hour { hour: 1, answered: 0, places });
        assert_eq!(described.places(), places);
        let described = serde_json::to_value(described).unwrap();
        for (place, count) in PLACES.iter().zip(places) {
            assert_eq!(described[*place], count, "{place}");
        }
    }
}
