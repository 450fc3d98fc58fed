//! What is done, in which order, for how long: decided by the seed alone, so that a run can be repeated. Every kind of
//! fault comes once before any comes again.

use std::fmt;
use std::time::Duration;

/// Ingresses and workers that run.
pub const INGRESSES: usize = 2;
pub const WORKERS: usize = 3;

/// From this many seconds on it is the long form, in which a frozen peer is missed by heartbeats and time-outs.
pub const LONG_S: u64 = 300;

/// Every kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    KillIngress,
    KillWorker,
    KillAllWorkers,
    KillRabbitmq,
    KillPostgres,
    KillBoth,
    FreezeIngress,
    FreezeWorker,
    FreezeRabbitmq,
    FreezePostgres,
    /// Connections are closed, and new ones as soon as they are made.
    Cut(Way),
    /// Nothing passes; what was sent arrives afterwards.
    Stall(Way),
    /// What is sent is taken and forgotten: a link that is open at one end only.
    Swallow(Way),
    /// Connections are reset; new ones pass.
    Reset(Way),
    RollingRestart,
    MemoryAlarm,
    OutOfConnections,
    DiskFull,
    KillProgram,
    KillProgramAndPostgres,
    FreezeProgram,
    RestartProgram,
    /// The system that leads ask takes connections and does not answer.
    HangingTarget,
    /// Every commit takes longer than the services let a statement take.
    SlowCommits,
    /// Every commit is ended as such a time-out ends it, after a short time.
    CancelledCommits,
    /// The clock of the services goes 40 days ahead, and back.
    ClockJump,
    /// The services cannot write their logs.
    LogDiskFull,
}

/// What is harmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Ingresses and workers with RabbitMQ between them.
    Pair,
    /// One program without a broker.
    Alone,
}

/// A pair of peers with a proxy between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    ClientIngress,
    IngressRabbitmq,
    IngressPostgres,
    WorkerRabbitmq,
    WorkerPostgres,
}

impl Way {
    pub const ALL: [Self; 5] =
        [Self::ClientIngress, Self::IngressRabbitmq, Self::IngressPostgres, Self::WorkerRabbitmq, Self::WorkerPostgres];
}

/// One fault: whom it meets, if that is one of several, and how long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strike {
    pub fault: Fault,
    pub victim: usize,
    pub lasts: Duration,
}

impl Fault {
    /// Whether this is its name in small letters, as in `rolling-restart`.
    pub fn is(self, name: &str) -> bool {
        let own = format!("{self:?}");
        own.split('(').next().unwrap_or_default().to_lowercase() == name.replace('-', "")
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ingress, worker) = (self.victim % INGRESSES + 1, self.victim % WORKERS + 1);
        match self.fault {
            Fault::KillIngress => write!(f, "kill -9 ingress {ingress}"),
            Fault::KillWorker => write!(f, "kill -9 worker {worker}"),
            Fault::KillAllWorkers => write!(f, "kill -9 all workers"),
            Fault::KillRabbitmq => write!(f, "kill -9 RabbitMQ"),
            Fault::KillPostgres => write!(f, "kill -9 PostgreSQL"),
            Fault::KillBoth => write!(f, "kill -9 RabbitMQ and PostgreSQL"),
            Fault::FreezeIngress => write!(f, "freeze ingress {ingress}"),
            Fault::FreezeWorker => write!(f, "freeze worker {worker}"),
            Fault::FreezeRabbitmq => write!(f, "freeze RabbitMQ"),
            Fault::FreezePostgres => write!(f, "freeze PostgreSQL"),
            Fault::Cut(way) => write!(f, "cut {way}"),
            Fault::Stall(way) => write!(f, "stall {way}"),
            Fault::Swallow(way) => write!(f, "swallow {way}"),
            Fault::Reset(way) => write!(f, "reset {way}"),
            Fault::RollingRestart => write!(f, "rolling restart of the workers"),
            Fault::MemoryAlarm => write!(f, "RabbitMQ's memory alarm"),
            Fault::OutOfConnections => write!(f, "PostgreSQL out of connections"),
            Fault::DiskFull => write!(f, "PostgreSQL's disk full"),
            Fault::KillProgram => write!(f, "kill -9 postern"),
            Fault::KillProgramAndPostgres => write!(f, "kill -9 postern and PostgreSQL"),
            Fault::FreezeProgram => write!(f, "freeze postern"),
            Fault::RestartProgram => write!(f, "restart of postern"),
            Fault::HangingTarget => write!(f, "target that hangs"),
            Fault::SlowCommits => write!(f, "commits that take 31 s"),
            Fault::CancelledCommits => write!(f, "commits ended by a time-out"),
            Fault::ClockJump => write!(f, "clock 40 days ahead, and back"),
            Fault::LogDiskFull => write!(f, "disk of the logs full"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientIngress => "client - ingress",
            Self::IngressRabbitmq => "ingress - RabbitMQ",
            Self::IngressPostgres => "ingress - PostgreSQL",
            Self::WorkerRabbitmq => "worker - RabbitMQ",
            Self::WorkerPostgres => "worker - PostgreSQL",
        })
    }
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
        };
        let mut of_both = vec![Fault::HangingTarget, Fault::ClockJump, Fault::LogDiskFull];
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
        if let Some(only) = &self.only {
            self.bag.retain(|fault| fault.is(only));
            assert!(!self.bag.is_empty(), "there is no fault {only}");
        }
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

    fn lasts(&mut self, fault: Fault) -> Duration {
        let freezes = matches!(
            fault,
            Fault::FreezeIngress
                | Fault::FreezeWorker
                | Fault::FreezeRabbitmq
                | Fault::FreezePostgres
                | Fault::FreezeProgram
        );
        let seconds = match fault {
            // Past the time-out of the leads that ask.
            Fault::HangingTarget => Some(if self.long { 10 } else { 6 }),
            Fault::ClockJump => Some(4),
            // Past all tries that a submission has by itself, which need time for a passing fault.
            Fault::CancelledCommits => Some(if self.long { 40 } else { 6 }),
            Fault::SlowCommits => Some(40),
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
        let strikes = |seed, long| Plan::new(Form::Pair, seed, long, None).take(43).collect::<Vec<_>>();
        assert_eq!(strikes(7, true), strikes(7, true));
        assert_ne!(strikes(7, true), strikes(8, true));
        for long in [true, false] {
            let strikes = strikes(7, long);
            for half in [&strikes[..22], &strikes[22..]] {
                let kinds: Vec<_> = half.iter().map(|one| std::mem::discriminant(&one.fault)).collect();
                assert!((0..kinds.len()).all(|at| !kinds[..at].contains(&kinds[at])), "{half:?}");
            }
        }
    }

    #[test]
    fn the_short_form_begins_with_the_faults_of_both_forms() {
        for form in [Form::Pair, Form::Alone] {
            let first: Vec<_> = Plan::new(form, 1, false, None).take(4).map(|strike| strike.fault).collect();
            for fault in [Fault::HangingTarget, Fault::CancelledCommits, Fault::ClockJump, Fault::LogDiskFull] {
                assert!(first.contains(&fault), "{form:?}: {first:?}");
            }
        }
    }
}
