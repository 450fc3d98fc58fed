//! Proof by killing everything: `tests/run chaos [--seconds N] [--seed S]`. An open-loop client posts numbered leads to
//! real processes while a nemesis does one thing after another to them, in an order that its seed alone decides. Then
//! all is healed and the ledger is checked: what was accepted has happened, once. Exits with 1 if it has not.
//! A PostgreSQL and a RabbitMQ are booted for it, as are the programs that stand beside this one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof that cannot go on fails at once")]
#![allow(clippy::print_stdout, reason = "the report is the product")]

mod cast;
mod client;
mod ledger;
mod link;
mod nemesis;
mod plan;
mod report;
mod servers;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;

use cast::Cast;
use client::Client;
use nemesis::Nemesis;
use plan::Plan;
use report::Report;
use servers::Servers;

/// How long the system is watched before the first fault. RabbitMQ 3.10 can lose a quorum queue that was declared
/// within about three seconds before it is killed.
const CALM: Duration = Duration::from_secs(5);

/// Kills, freezes and cuts off everything while leads are posted, and counts what was lost or doubled.
#[derive(Parser)]
struct Options {
    /// How long faults go on, in seconds; the check afterwards takes as long as it takes.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The same seed gives the same sequence of faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Leads posted each second, whatever becomes of the earlier ones.
    #[arg(long, default_value_t = 40)]
    rate: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    tokio::select! {
        code = run(Options::parse()) => code,
        // The servers are stopped by being dropped.
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn run(options: Options) -> ExitCode {
    println!("chaos: seed {}, {} s, {} leads/s", options.seed, options.seconds, options.rate);
    let servers = Arc::new(Servers::boot().await);
    settings::apply(&servers).await;
    let mut cast = Cast::start(&servers).await;
    let client = Client::new(cast.public_addresses());
    let posting = client.post_at(options.rate);
    tokio::time::sleep(CALM).await;

    let mut report = Report::new(options.seed);
    let mut nemesis = Nemesis { servers: Arc::clone(&servers), client: client.clone() };
    let until = Instant::now() + Duration::from_secs(options.seconds);
    for strike in Plan::new(options.seed, options.seconds >= plan::LONG_S) {
        if Instant::now() >= until {
            break;
        }
        report.add(nemesis.strike(&strike, &mut cast).await);
    }
    posting.stop().await;
    let ledger = ledger::settle(&servers, &client).await;
    cast.stop();
    let passed = report.conclude(&ledger, &client);
    if passed {
        servers.forget_logs();
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
