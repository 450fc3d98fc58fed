//! The benchmark: Postern beside what its broker, its database and its HTTP library can do at best, measured in one
//! run, in turn, several rounds, so that the ratios hold on any machine and under any load that lasts. `tests/run
//! bench` builds and starts everything. What fails is a panic: a figure of a broken run is worth nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]
#![allow(clippy::print_stdout, reason = "it talks to a person")]

mod accept;
mod answering;
mod attacker;
mod autoscaling;
mod away;
mod besieged;
mod control;
mod control_group;
mod drain;
mod dry_runs;
mod end_to_end;
mod fairness;
mod floor_accept;
mod floor_store;
mod growth;
mod honest;
mod isolation;
mod latency;
mod lead;
mod load;
mod pages;
mod postgres_cost;
mod report;
mod siege;
mod standalone;
mod weeks;

#[path = ".."]
mod beside {
    pub mod attacks;
}

/// What starts processes and servers for the tests serves here as well.
#[path = "../it"]
mod it {
    #[allow(dead_code, reason = "the tests use all of it")]
    pub mod harness;
    pub mod panel {
        #[allow(dead_code, reason = "the tests use all of it")]
        pub mod visitor;
    }
}
/// Where the visitor looks for it.
use it::harness;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use beside::attacks;
use report::Figure;

/// Measures Postern.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure; everything unless told.
    figures: Vec<Kind>,
    /// A few minutes instead of about 25: shorter rounds, fewer of them, a smaller backlog and history. For a look, not for
    /// a verdict.
    #[arg(long)]
    quick: bool,
    /// Rounds of each figure; medians are shown.
    #[arg(long)]
    rounds: Option<usize>,
    /// Seconds of one round of accepting or of open-loop load.
    #[arg(long)]
    seconds: Option<u64>,
    /// Leads of a backlog.
    #[arg(long)]
    leads: Option<u64>,
    /// Receipts of the long history.
    #[arg(long)]
    history: Option<u64>,
    /// Where `latest.json`, `latest.svg` and `history.jsonl` are written.
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
    /// Serves the floor of accepting, for this broker, instead of measuring.
    #[arg(long, hide = true)]
    floor_server: Option<String>,
    /// Of the attacks of `isolation`, and of the ways in which vtiger is `away`, only those whose names contain this, such as
    /// `A4`, `pipelining` or `still`.
    #[arg(long, default_value = "")]
    only: String,
    /// All attacks at once for so long, instead of measuring: `--seconds`, 120 unless told.
    #[arg(long)]
    siege: bool,
    #[command(flatten)]
    attacker: attacker::AttackArguments,
    /// Cargo says it to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Scale {
    rounds: usize,
    /// Of what is measured beside an attack.
    attacked_rounds: usize,
    round: Duration,
    leads: u64,
    history: u64,
}

/// One figure, or some that come out of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Posts a second with 256 connections, beside the floor; memory of the ingress.
    Accept,
    /// Time to 202 with one connection, beside the floor.
    AcceptOne,
    /// Posts a second whose signatures are checked, beside those whose are not.
    AcceptSigned,
    /// Posts a second that are traced, beside those that are not; how many spans reach the collector.
    AcceptTraced,
    /// Leads a second from a backlog to the commit, beside the floor; memory of the worker.
    Drain,
    /// The same of a workflow that computes thirty values for each lead.
    DrainHeavy,
    /// The same of leads with names that the workflow does not read, beside those without.
    DrainUnread,
    /// Leads a second from the post to the commit, with the load and all services on this machine.
    EndToEnd,
    /// Time from the post of a lead to its commit while a burst of another flow waits.
    Fairness,
    /// Times to 202 and to the commit at 1,000 posts a second.
    Open1000,
    /// The same at 5,000.
    Open5000,
    /// Accepting with 10,000 address rules beside 10.
    Rules,
    /// Draining while 1,000 workflows listen elsewhere, beside 10.
    Workflows,
    /// Draining into a long history, beside an empty one.
    History,
    /// Leads a second from the post to the commit, in one process without a broker.
    Standalone,
    /// What an honest caller sees beside each attack: answers, and times to 202 and to the commit.
    Isolation,
    /// What callers notice of the control panel: of people who use it, and of its end.
    Control,
    /// Pages and searches of the control panel, and their sizes, with a long history and many settings.
    Pages,
    /// Time to the commit of leads that all change one record, beside dry runs of the same lead.
    DryRuns,
    /// What callers notice of a vtiger that is away for `--seconds`, and what becomes of the leads that wait for it.
    Away,
    /// Workers as KEDA would start and stop them, 1 to 4 and back; what `postern_seconds_to_drain` predicts, beside what comes.
    Autoscaling,
    /// The history over thirty weeks by a clock that is moved, under load and with a long reader: its size, and whether leads
    /// stand still.
    Weeks,
}

/// How long a siege lasts unless told.
const SIEGE_S: u64 = 120;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.attacker.are_given() {
        arguments.attacker.attack();
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match &arguments.floor_server {
            Some(amqp_url) => floor_accept::serve(amqp_url).await,
            None if arguments.siege => {
                let seconds = arguments.seconds.unwrap_or(SIEGE_S);
                let passed = siege::siege(Duration::from_secs(seconds)).await;
                return if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE };
            }
            None => measure(&arguments).await,
        }
        ExitCode::SUCCESS
    })
}

async fn measure(arguments: &Arguments) {
    let scale = arguments.scale();
    let chosen = match arguments.figures.as_slice() {
        [] => Kind::value_variants(),
        some => some,
    };
    let mut figures: Vec<Figure> = Vec::new();
    for kind in chosen {
        println!("== {}", kind.to_possible_value().unwrap().get_name());
        let measured = kind.measure(scale, &arguments.only).await;
        measured.iter().for_each(|figure| println!("{}", figure.line(None)));
        figures.extend(measured);
    }
    report::write(&arguments.out, scale, &figures);
}

impl Arguments {
    fn scale(&self) -> Scale {
        let (rounds, attacked_rounds, seconds, leads, history) =
            if self.quick { (1, 1, 3, 50_000, 500_000) } else { (3, 5, 5, 200_000, 5_000_000) };
        Scale {
            rounds: self.rounds.unwrap_or(rounds),
            attacked_rounds: self.rounds.unwrap_or(attacked_rounds),
            round: Duration::from_secs(self.seconds.unwrap_or(seconds)),
            leads: self.leads.unwrap_or(leads),
            history: self.history.unwrap_or(history),
        }
    }
}

impl Kind {
    async fn measure(self, scale: Scale, only: &str) -> Vec<Figure> {
        match self {
            Self::Accept => accept::many(scale).await,
            Self::AcceptOne => accept::one(scale).await,
            Self::AcceptSigned => accept::signed(scale).await,
            Self::AcceptTraced => accept::traced(scale).await,
            Self::Drain => drain::drain(scale).await,
            Self::DrainHeavy => drain::heavy(scale).await,
            Self::DrainUnread => drain::unread(scale).await,
            Self::EndToEnd => end_to_end::end_to_end(scale).await,
            Self::Fairness => fairness::fairness(scale).await,
            Self::Open1000 => latency::open(scale, 1_000).await,
            Self::Open5000 => latency::open(scale, 5_000).await,
            Self::Rules => growth::rules(scale).await,
            Self::Workflows => growth::workflows(scale).await,
            Self::History => growth::history(scale).await,
            Self::Standalone => standalone::standalone(scale).await,
            Self::Isolation => isolation::isolation(scale, only).await,
            Self::Control => control::control(scale).await,
            Self::Pages => pages::pages(scale).await,
            Self::DryRuns => dry_runs::dry_runs(scale).await,
            Self::Away => away::away(scale, only).await,
            Self::Autoscaling => autoscaling::autoscaling(scale).await,
            Self::Weeks => weeks::weeks().await,
        }
    }
}
