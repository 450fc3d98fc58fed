//! What is done, in which order, for how long: decided by the seed alone, so that a run can be repeated. Every kind of
//! fault comes once before any comes again.

use std::time::Duration;

use crate::crm::Trouble;
pub use crate::fault::{Fault, INGRESSES, Strike, WORKERS, Way};

/// From this many seconds on it is the long form, in which a frozen peer is missed by heartbeats and time-outs.
pub const LONG_S: u64 = 300;

/// After so many seconds without commits the services say so.
pub const HANGS_S: u64 = 12;

/// What is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Ingresses and workers with RabbitMQ between them.
    Pair,
    /// One program without a broker.
    Alone,
    /// Ingresses and workers with three nodes of RabbitMQ and three servers of PostgreSQL.
    Cluster,
}

/// An endless sequence of strikes.
pub struct Plan {
    form: Form,
    random: Random,
    long: bool,
    only: Option<String>,
    bag: Vec<Fault>,
    /// How often the bag was filled.
    filled: usize,
}

impl Plan {
    /// All that there is for a form, or only the kind of this name.
    pub fn new(form: Form, seed: u64, long: bool, only: Option<&str>) -> Self {
        Self { form, random: Random(seed), long, only: only.map(str::to_owned), bag: Vec::new(), filled: 0 }
    }

    /// One of each kind. The short form begins with those that both forms have, or it might not come to them. In the
    /// long one commits are harmed each second time, since that takes as long as many other faults.
    fn fill(&mut self) {
        self.filled += 1;
        let mut of_form = match self.form {
            Form::Pair => self.of_the_pair(),
            Form::Alone => of_one_program(),
            Form::Cluster => return self.bag = self.filtered(self.of_the_cluster()),
        };
        let mut of_both = vec![Fault::HangingTarget, Fault::ClockJump, Fault::LogDiskFull];
        of_both.extend(Trouble::ALL.map(Fault::Vtiger));
        match (&self.only, self.filled % 4) {
            (Some(_), _) => of_both.extend([Fault::SlowCommits, Fault::CancelledCommits]),
            (None, 1) => of_both.push(Fault::CancelledCommits),
            (None, 3) if self.long => of_both.push(Fault::SlowCommits),
            (None, _) => {}
        }
        self.bag = match self.filled {
            1 if !self.long && self.only.is_none() => of_both,
            2 if !self.long && self.only.is_none() => of_form,
            _ => {
                of_form.extend(of_both);
                of_form
            }
        };
        let bag = std::mem::take(&mut self.bag);
        self.bag = self.filtered(bag);
    }

    fn filtered(&self, mut faults: Vec<Fault>) -> Vec<Fault> {
        if let Some(only) = &self.only {
            faults.retain(|fault| fault.is(only));
            assert!(!faults.is_empty(), "there is no fault {only}");
        }
        faults
    }

    /// The ways of the four harms to a link are drawn.
    fn of_the_pair(&mut self) -> Vec<Fault> {
        let mut way = || Way::ALL[self.random.below(Way::ALL.len())];
        vec![
            Fault::Cut(way()),
            Fault::Stall(way()),
            Fault::Swallow(way()),
            Fault::Reset(way()),
            Fault::KillIngress,
            Fault::KillWorker,
            Fault::KillAllWorkers,
            Fault::KillRabbitmq,
            Fault::KillPostgres,
            Fault::KillBoth,
            Fault::FreezeIngress,
            Fault::FreezeWorker,
            Fault::FreezeRabbitmq,
            Fault::FreezePostgres,
            Fault::RollingRestart,
            Fault::MemoryAlarm,
            Fault::OutOfConnections,
            Fault::DiskFull,
        ]
    }

    /// The short form begins with what only a cluster survives, since restarting nodes takes most of its time.
    fn of_the_cluster(&self) -> Vec<Fault> {
        let first = [
            Fault::KillLeader,
            Fault::FreezeLeader,
            Fault::KillPrimary,
            Fault::RevivedPrimary,
            Fault::OvertakenPrimary,
            Fault::KillStandbys,
            Fault::FreezeStandby,
        ];
        let others = [
            Fault::KillNode,
            Fault::FreezeNode,
            Fault::NoQuorum,
            Fault::RestartNodes,
            Fault::FreezePrimary,
            Fault::KillStandby,
            Fault::NothingIsKept,
            Fault::RollingRestart,
        ];
        match (self.long || self.only.is_some(), self.filled) {
            (false, 1) => first.into(),
            (false, 2) => others.into(),
            _ => first.into_iter().chain(others).collect(),
        }
    }

    fn lasts(&mut self, fault: Fault) -> Duration {
        let freezes = matches!(
            fault,
            Fault::FreezeIngress
                | Fault::FreezeWorker
                | Fault::FreezeRabbitmq
                | Fault::FreezePostgres
                | Fault::FreezeProgram
                | Fault::FreezeNode
                | Fault::FreezePrimary
                | Fault::FreezeStandby
        );
        let seconds = match fault {
            // Past the time-out of the leads that ask.
            Fault::HangingTarget => Some(if self.long { 10 } else { 6 }),
            Fault::ClockJump => Some(4),
            // Past the time that a worker waits for a call.
            Fault::Vtiger(Trouble::Frozen) if self.long => Some(22),
            // There are many, and little else would fit.
            Fault::Vtiger(_) if !self.long => Some(1),
            // Past all tries that a submission has by itself, which need time for a passing fault.
            Fault::CancelledCommits => Some(if self.long { 40 } else { 6 }),
            Fault::SlowCommits => Some(40),
            // Past the election of another leader, and short of the time after which Erlang gives a node up.
            Fault::KillStandbys | Fault::NothingIsKept if self.long => Some(HANGS_S + 5),
            Fault::FreezeLeader => Some(if self.long { 20 } else { 12 }),
            _ => None,
        };
        if let Some(seconds) = seconds {
            return Duration::from_secs(seconds);
        }
        // Past the idle time-out of a transaction (10 s); one in five, or little else would fit.
        match self.long && freezes && self.random.below(5) == 0 {
            true => Duration::from_secs(20),
            false => Duration::from_millis(500 + self.random.below(3_000) as u64),
        }
    }
}

fn of_one_program() -> Vec<Fault> {
    vec![
        Fault::Cut(Way::ClientIngress),
        Fault::Reset(Way::ClientIngress),
        Fault::KillProgram,
        Fault::KillPostgres,
        Fault::KillProgramAndPostgres,
        Fault::FreezeProgram,
        Fault::FreezePostgres,
        Fault::RestartProgram,
        Fault::OutOfConnections,
        Fault::DiskFull,
    ]
}

impl Iterator for Plan {
    type Item = Strike;

    fn next(&mut self) -> Option<Strike> {
        if self.bag.is_empty() {
            self.fill();
        }
        let fault = self.bag.swap_remove(self.random.below(self.bag.len()));
        Some(Strike { fault, victim: self.random.below(INGRESSES * WORKERS), lasts: self.lasts(fault) })
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a sequence that no update of a crate changes.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_sequence_in_which_every_kind_comes_equally_often() {
        let strikes = |seed, long| Plan::new(Form::Pair, seed, long, None).take(61).collect::<Vec<_>>();
        assert_eq!(strikes(7, true), strikes(7, true));
        assert_ne!(strikes(7, true), strikes(8, true));
        for long in [true, false] {
            let strikes = strikes(7, long);
            for half in [&strikes[..31], &strikes[31..]] {
                let kinds: Vec<_> = half.iter().map(|one| one.fault.kind()).collect();
                assert!((0..kinds.len()).all(|at| !kinds[..at].contains(&kinds[at])), "{half:?}");
            }
        }
    }

    #[test]
    fn a_fault_is_known_by_its_name_and_those_of_vtiger_by_one() {
        for (fault, names) in [
            (Fault::KillProgram, "kill-program"),
            (Fault::Cut(Way::WorkerPostgres), "cut"),
            (Fault::Vtiger(Trouble::LateAnswers), "vtiger-late-answers vtiger"),
        ] {
            for name in
                ["kill-program", "kill-program-and-postgres", "cut", "vtiger-late-answers", "vtiger-away", "vtiger"]
            {
                assert_eq!(fault.is(name), names.split(' ').any(|one| one == name), "{fault:?} {name}");
            }
        }
    }

    #[test]
    fn the_short_form_begins_with_the_faults_of_both_forms() {
        for form in [Form::Pair, Form::Alone] {
            let first: Vec<_> = Plan::new(form, 1, false, None).take(13).map(|strike| strike.fault).collect();
            let expected = [Fault::HangingTarget, Fault::CancelledCommits, Fault::ClockJump, Fault::LogDiskFull];
            for fault in expected.into_iter().chain(Trouble::ALL.map(Fault::Vtiger)) {
                assert!(first.contains(&fault), "{form:?}: {first:?}");
            }
        }
    }
}
