//! What can be done, to whom, and what it is called in the report.

use std::fmt;
use std::time::Duration;

use crate::crm::Trouble;

/// Ingresses and workers that run.
pub const INGRESSES: usize = 2;
pub const WORKERS: usize = 3;

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
    /// Something is done to the vtiger in which leads end.
    Vtiger(Trouble),
    /// Every commit takes longer than the services let a statement take.
    SlowCommits,
    /// Every commit is ended as such a time-out ends it, after a short time.
    CancelledCommits,
    /// The clock of the services goes 40 days ahead, and back.
    ClockJump,
    /// The services cannot write their logs.
    LogDiskFull,
    /// The node of RabbitMQ that leads the queue of the loaded lane.
    KillLeader,
    FreezeLeader,
    KillNode,
    FreezeNode,
    /// Two of three nodes.
    NoQuorum,
    /// All nodes in turn.
    RestartNodes,
    /// A standby is promoted afterwards.
    KillPrimary,
    /// The same, and the old primary comes back as a second one.
    RevivedPrimary,
    /// It is frozen, a standby is promoted, and it goes on.
    OvertakenPrimary,
    FreezePrimary,
    KillStandby,
    FreezeStandby,
    /// Commits hang.
    KillStandbys,
    /// Two nodes of RabbitMQ and both standbys: nothing can be kept.
    NothingIsKept,
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
    /// How long a cluster may execute nothing: until another leader is elected, and 5 s more. None = as long as it takes.
    pub fn pause_limit(self) -> Option<Duration> {
        match self {
            Self::KillLeader | Self::KillNode | Self::RestartNodes | Self::KillStandby | Self::FreezeStandby => {
                Some(Duration::from_secs(6))
            }
            Self::FreezeLeader | Self::FreezeNode => Some(Duration::from_secs(13)),
            _ => None,
        }
    }

    /// Whether leads may be refused, since nothing could keep them.
    pub fn may_refuse(self) -> bool {
        self == Self::NothingIsKept
    }

    /// Its name, such as `RollingRestart`, without the way that was drawn for it.
    pub fn kind(self) -> String {
        let name = format!("{self:?}");
        match self {
            Self::Vtiger(trouble) => format!("Vtiger{trouble:?}"),
            _ => name.split('(').next().unwrap_or_default().to_owned(),
        }
    }

    /// Whether this is its name in small letters, as in `rolling-restart`. `vtiger` is all that is done to vtiger.
    pub fn is(self, name: &str) -> bool {
        let is_any = name == "vtiger" && matches!(self, Self::Vtiger(_));
        is_any || self.kind().to_lowercase() == name.replace('-', "")
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
            Fault::Vtiger(trouble) => f.write_str(trouble.name()),
            Fault::SlowCommits => write!(f, "commits that take 31 s"),
            Fault::CancelledCommits => write!(f, "commits ended by a time-out"),
            Fault::ClockJump => write!(f, "clock 40 days ahead, and back"),
            Fault::LogDiskFull => write!(f, "disk of the logs full"),
            Fault::KillLeader => write!(f, "kill -9 the leader of the lane"),
            Fault::FreezeLeader => write!(f, "freeze the leader of the lane"),
            Fault::KillNode => write!(f, "kill -9 RabbitMQ {}", self.victim % 3 + 1),
            Fault::FreezeNode => write!(f, "freeze RabbitMQ {}", self.victim % 3 + 1),
            Fault::NoQuorum => write!(f, "kill -9 two of three RabbitMQ"),
            Fault::RestartNodes => write!(f, "rolling restart of RabbitMQ"),
            Fault::KillPrimary => write!(f, "kill -9 the primary, promote"),
            Fault::RevivedPrimary => write!(f, "two primaries"),
            Fault::OvertakenPrimary => write!(f, "freeze the primary, promote"),
            Fault::FreezePrimary => write!(f, "freeze the primary"),
            Fault::KillStandby => write!(f, "kill -9 a standby"),
            Fault::FreezeStandby => write!(f, "freeze a standby"),
            Fault::KillStandbys => write!(f, "kill -9 both standbys"),
            Fault::NothingIsKept => write!(f, "no quorum and no standby"),
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
