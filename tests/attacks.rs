//! The attacks that once stopped others: each is a file named by what it does, with an async function that goes on until
//! it is dropped. An attack runs in a process of its own, which is held to half a core, and comes from other addresses
//! of loopback than the honest caller. The benchmark measures beside each of them, the siege beside all at once.

mod computing_run;
mod connection;
mod endless_headers;
mod growing_run;
mod hanging_target;
mod idle_connections;
mod large_delays;
mod live_pages;
mod made_up_receipts;
mod pipelining;
mod posts;
mod receipt_polls;
mod refused_connections;
mod refused_pipelining;
mod refused_requests;
mod searching_runs;
pub mod settings;
pub mod silence;
mod silent_mail;
mod stalled_bodies;
mod wrong_log_ins;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::ValueEnum;
use futures_util::future::join_all;
use tokio::sync::oneshot;
use tokio::time::sleep;

/// The address of the caller that has a permission of its own. The honest caller is 127.0.0.1.
pub const PERMITTED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// How many addresses strangers have. No permission admits them.
const STRANGERS: usize = 20;

/// Sent when the attack is in force, so that what is measured is measured beside it.
pub type InForce = oneshot::Sender<()>;

/// What is attacked.
#[derive(Debug, Clone, Copy)]
pub struct Against {
    /// The public listener.
    pub public: SocketAddr,
    /// The listener of the control panel, which a person's browser reaches.
    pub private: SocketAddr,
}

/// An attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Attack {
    HangingTarget,
    SilentMail,
    WrongLogIns,
    EndlessHeaders,
    IdleConnections,
    Pipelining,
    ComputingRun,
    SearchingRuns,
    StalledBodies,
    ReceiptPolls,
    MadeUpReceipts,
    GrowingRun,
    RefusedRequests,
    RefusedPipelining,
    PipelinedReceipts,
    RefusedConnections,
    LargeDelays,
    LivePages,
}

impl Attack {
    /// Goes on until it is dropped.
    pub async fn run(self, against: Against, in_force: InForce) {
        match self {
            Self::HangingTarget => hanging_target::run(against, in_force).await,
            Self::SilentMail => silent_mail::run(against, in_force).await,
            Self::WrongLogIns => wrong_log_ins::run(against, in_force).await,
            Self::EndlessHeaders => endless_headers::run(against, in_force).await,
            Self::IdleConnections => idle_connections::run(against, in_force).await,
            Self::Pipelining => pipelining::run(against, in_force).await,
            Self::ComputingRun => computing_run::run(against, in_force).await,
            Self::SearchingRuns => searching_runs::run(against, in_force).await,
            Self::StalledBodies => stalled_bodies::run(against, in_force).await,
            Self::ReceiptPolls => receipt_polls::run(against, in_force).await,
            Self::MadeUpReceipts => made_up_receipts::run(against, in_force).await,
            Self::GrowingRun => growing_run::run(against, in_force).await,
            Self::RefusedRequests => refused_requests::run(against, in_force).await,
            Self::RefusedPipelining => refused_pipelining::posts(against, in_force).await,
            Self::PipelinedReceipts => refused_pipelining::polls(against, in_force).await,
            Self::RefusedConnections => refused_connections::run(against, in_force).await,
            Self::LargeDelays => large_delays::run(against, in_force).await,
            Self::LivePages => live_pages::run(against, in_force).await,
        }
    }

    /// All attacks of people who may not log in.
    pub fn of_outsiders() -> Vec<Self> {
        Self::value_variants().iter().copied().filter(|attack| *attack != Self::LivePages).collect()
    }

    /// Its name, as the command line takes it.
    pub fn name(self) -> String {
        self.to_possible_value().unwrap().get_name().to_owned()
    }
}

/// The address of a stranger: the strangers take turns.
fn stranger(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 3, u8::try_from(1 + number % STRANGERS).unwrap())
}

/// All parts of an attack at the same time. None is ever done; the attack is in force after a while.
async fn together<F: Future>(parts: impl IntoIterator<Item = F>, begin: Duration, in_force: InForce) {
    let begun = async {
        sleep(begin).await;
        let _ = in_force.send(());
    };
    tokio::join!(join_all(parts), begun);
}
