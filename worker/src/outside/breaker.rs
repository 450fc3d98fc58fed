//! Targets that do not answer rest for a while: a call of theirs would only wait, in a slot that another target could
//! use. Meanwhile their calls wait in the spool, which costs them no try. Then one call at a time is let through, until
//! one is answered. Each worker knows its own. A target rests for one workflow alone: a workflow with a short time-out,
//! or with a slow path, does not take the target from the others.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use postern_shared::store::spool::Pair;
use prometheus::{IntGauge, IntGaugeVec};
use tokio::sync::watch;
use tokio::time::Instant;

use super::connected::TARGET;

/// Calls in a row without an answer, after which a target rests: one or two may be chance.
const FAILURES: u32 = 5;

/// The first and the longest rest of a target that does not answer. Each rest is twice as long as the one before.
const REST: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// The most pairs of workflow and target that are remembered because the target does not answer. At more all are
/// forgotten: workflows can make up names of hosts.
const MAX_PAIRS: usize = 10_000;

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// Some answer, good or bad, also an answer that the step cannot use.
    Answer,
    /// No answer in time, or no connection.
    Silence,
    /// The connection broke.
    Broken,
    /// The call was not made.
    NotMade,
}

/// What is known of the targets of this worker.
#[derive(Debug)]
pub struct Breakers {
    pairs: Mutex<HashMap<Pair, State>>,
    /// The targets that asked to be left alone, and until when. Such a wait holds for all workflows.
    held: Mutex<HashMap<String, Instant>>,
    resting: IntGauge,
    /// Whether the system of a connection does not answer.
    away: OnceLock<IntGaugeVec>,
    /// The names of the connections whose systems do not answer.
    names: watch::Sender<BTreeSet<String>>,
}

/// What is known of a pair whose target did not answer.
#[derive(Debug, Clone, Copy)]
struct State {
    /// In a row.
    failures: u32,
    /// Since its last rest began, and for how long.
    rests: Option<(Instant, Duration)>,
}

impl Breakers {
    /// Knows nothing yet. The gauge counts the pairs of workflow and
    /// target of which the last calls failed and none was answered since.
    pub fn new(resting: IntGauge) -> Self {
        let (pairs, held, names) = (Mutex::default(), Mutex::default(), watch::Sender::default());
        Self { pairs, held, resting, away: OnceLock::new(), names }
    }

    /// Notes what came of a call.
    pub fn note(&self, pair: &Pair, came: CallOutcome, now: Instant) {
        let mut pairs = self.lock();
        match came {
            CallOutcome::Answer => drop(pairs.remove(pair)),
            CallOutcome::Silence => {
                if pairs.len() >= MAX_PAIRS && !pairs.contains_key(pair) {
                    pairs.clear();
                }
                pairs.entry(pair.clone()).or_insert(State { failures: 0, rests: None }).fail(now);
            }
            CallOutcome::Broken | CallOutcome::NotMade => return,
        }
        self.show(&pairs, &pair.target);
    }

    /// The system of a connection has answered something that no workflow asked: all may ask it again.
    pub fn answered(&self, target: &str) {
        let mut pairs = self.lock();
        pairs.retain(|pair, _| pair.target != target);
        self.show(&pairs, target);
    }

    /// Shows what rests, and whether the system of a target's connection does not answer.
    fn show(&self, pairs: &HashMap<Pair, State>, target: &str) {
        let resting = pairs.values().filter(|state| state.rests.is_some()).count();
        self.resting.set(i64::try_from(resting).unwrap_or(i64::MAX));
        let Some(connection) = target.strip_prefix(TARGET) else { return };
        let rests = pairs.iter().any(|(one, state)| one.target == target && state.rests.is_some());
        if let Some(away) = self.away.get() {
            away.with_label_values(&[connection]).set(rests.into());
        }
        self.names.send_if_modified(|names| match rests {
            true => names.insert(connection.to_owned()),
            false => names.remove(connection),
        });
    }

    /// The names of the connections whose systems do not answer, whenever they change.
    pub fn away(&self) -> watch::Receiver<BTreeSet<String>> {
        self.names.subscribe()
    }

    /// From now on this gauge names the connections whose system does not answer.
    pub fn name_connections(&self, away: IntGaugeVec) {
        // Only the start of the worker does.
        let _ = self.away.set(away);
    }

    /// A target asks to be left alone until then.
    pub fn hold(&self, target: &str, until: Instant) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if held.len() >= MAX_PAIRS {
            held.retain(|_, until| now < *until);
        }
        if held.len() < MAX_PAIRS {
            held.insert(target.to_owned(), until);
        }
    }

    fn is_held(&self, target: &str, now: Instant) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(target).is_some_and(|until| now < *until)
    }

    /// Whether a target is not to be asked now.
    pub fn rests(&self, pair: &Pair, now: Instant) -> bool {
        self.is_held(&pair.target, now) || self.lock().get(pair).is_some_and(|state| state.rests_at(now))
    }

    /// How many calls of a pair may be under way at a time.
    pub fn room(&self, pair: &Pair, now: Instant) -> usize {
        if self.is_held(&pair.target, now) {
            return 0;
        }
        match self.lock().get(pair) {
            Some(state) if state.rests_at(now) => 0,
            Some(State { rests: Some(_), .. }) => 1,
            None | Some(State { rests: None, .. }) => usize::MAX,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Pair, State>> {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.rests = match self.rests {
            None if self.failures < FAILURES => None,
            None => Some((now, REST.0)),
            // It was under way when the rest began.
            Some(_) if self.rests_at(now) => return,
            Some((_, rest)) => Some((now, (2 * rest).min(REST.1))),
        };
    }

    fn rests_at(&self, now: Instant) -> bool {
        self.rests.is_some_and(|(since, rest)| now < since + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breakers() -> Breakers {
        Breakers::new(IntGauge::new("a", "b").unwrap())
    }

    fn key(workflow: i64, target: &str) -> Pair {
        Pair { workflow, target: target.to_owned() }
    }

    #[test]
    fn a_target_that_is_silent_for_one_workflow_is_asked_for_the_others() {
        let (breakers, now) = (breakers(), Instant::now());
        (0..FAILURES).for_each(|_| breakers.note(&key(1, "a"), CallOutcome::Silence, now));
        for (pair, rests, room) in
            [(key(1, "a"), true, 0), (key(2, "a"), false, usize::MAX), (key(1, "b"), false, usize::MAX)]
        {
            assert_eq!((breakers.rests(&pair, now), breakers.room(&pair, now)), (rests, room), "{pair:?}");
        }
        breakers.note(&key(2, "a"), CallOutcome::Answer, now);
        assert!(breakers.rests(&key(1, "a"), now), "an answer to another workflow says nothing of this one");
    }

    #[test]
    fn the_connection_whose_system_does_not_answer_is_named() {
        let (breakers, now) = (breakers(), Instant::now());
        let away = IntGaugeVec::new(prometheus::Opts::new("c", "d"), &["connection"]).unwrap();
        breakers.name_connections(away.clone());
        let of = |connection: &str| away.with_label_values(&[connection]).get();
        for (workflow, came, expected) in
            [(1, CallOutcome::Silence, 1), (2, CallOutcome::Answer, 1), (1, CallOutcome::Answer, 0)]
        {
            (0..FAILURES).for_each(|_| breakers.note(&key(workflow, "connection crm"), came, now));
            assert_eq!((of("crm"), of("erp")), (expected, 0), "{came:?}");
            assert_eq!(breakers.away().borrow().len(), usize::from(expected > 0));
        }
        (0..FAILURES).for_each(|_| breakers.note(&key(3, "connection crm"), CallOutcome::Silence, now));
        breakers.answered("connection crm");
        assert!(of("crm") == 0 && !breakers.rests(&key(3, "connection crm"), now));
    }

    #[test]
    fn only_silence_counts_and_only_an_answer_ends_the_count() {
        for (between, rests) in [
            (CallOutcome::Answer, false),
            (CallOutcome::Silence, true),
            (CallOutcome::Broken, true),
            (CallOutcome::NotMade, true),
        ] {
            let (breakers, now, pair) = (breakers(), Instant::now(), key(1, "a"));
            (0..9).for_each(|_| breakers.note(&pair, CallOutcome::Broken, now));
            assert!(!breakers.rests(&pair, now));
            (1..FAILURES).for_each(|_| breakers.note(&pair, CallOutcome::Silence, now));
            breakers.note(&pair, between, now);
            breakers.note(&pair, CallOutcome::Silence, now);
            assert_eq!(breakers.rests(&pair, now), rests, "{between:?}");
        }
    }

    #[test]
    fn a_target_that_asks_to_be_left_alone_is_so_for_all_workflows() {
        let (breakers, now) = (breakers(), Instant::now());
        breakers.hold("a", now + Duration::from_secs(7));
        for (workflow, target, seconds, rests) in
            [(1, "a", 6, true), (2, "a", 6, true), (1, "b", 6, false), (1, "a", 7, false)]
        {
            let (pair, at) = (key(workflow, target), now + Duration::from_secs(seconds));
            assert_eq!(
                (breakers.rests(&pair, at), breakers.room(&pair, at) == 0),
                (rests, rests),
                "{workflow} {target}"
            );
        }
    }

    #[test]
    fn a_target_rests_after_failures_in_a_row_and_then_one_call_at_a_time_is_let_through() {
        let (breakers, start) = (breakers(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let fail = |seconds| breakers.note(&key(1, "a"), CallOutcome::Silence, at(seconds));
        (1..FAILURES).for_each(|_| fail(0));
        assert_eq!(breakers.room(&key(1, "a"), at(0)), usize::MAX);
        // Those under way when it begins to rest do not make the rest longer.
        (0..9).for_each(|_| fail(0));
        assert_eq!(
            (breakers.room(&key(1, "a"), at(4)), breakers.room(&key(1, "a"), at(5)), breakers.resting.get()),
            (0, 1, 1)
        );
        assert_eq!(breakers.room(&key(1, "b"), at(4)), usize::MAX, "another target is asked");
        for (probe, rest) in [(5, 10), (15, 20), (35, 40), (75, 60), (135, 60)] {
            fail(probe);
            let room = |seconds| breakers.room(&key(1, "a"), at(seconds));
            assert_eq!((room(probe + rest - 1), room(probe + rest)), (0, 1), "{probe}");
        }
        breakers.note(&key(1, "a"), CallOutcome::Answer, at(195));
        assert_eq!((breakers.room(&key(1, "a"), at(195)), breakers.resting.get()), (usize::MAX, 0));
    }

    #[test]
    fn an_answer_between_failures_begins_the_count_anew_and_no_more_targets_are_kept_than_may_be() {
        let (breakers, now) = (breakers(), Instant::now());
        for came in [
            CallOutcome::Silence,
            CallOutcome::Silence,
            CallOutcome::Silence,
            CallOutcome::Answer,
            CallOutcome::Silence,
            CallOutcome::Silence,
        ] {
            breakers.note(&key(1, "a"), came, now);
        }
        assert_eq!(breakers.room(&key(1, "a"), now), usize::MAX);
        (0..2 * MAX_PAIRS).for_each(|n| breakers.note(&key(1, &n.to_string()), CallOutcome::Silence, now));
        assert!(breakers.lock().len() <= MAX_PAIRS);
    }
}
