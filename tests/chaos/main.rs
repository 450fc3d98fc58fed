//! Proof by killing everything: `tests/run chaos [--seconds N] [--seed S]`. An open-loop client posts numbered leads to
//! real processes while a nemesis does one thing after another to them, in an order that its seed alone decides. Then
//! all is healed and the ledger is checked: what was accepted has happened, once. Exits with 1 if it has not.
//! A PostgreSQL and a RabbitMQ are booted for it, as are the programs that stand beside this one; with `--standalone` it
//! is one program with a PostgreSQL of its own, with `--cluster` there are three servers of each kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof that cannot go on fails at once")]
#![allow(clippy::print_stdout, reason = "the report is the product")]

mod actor;
mod alarm;
mod alone;
mod brokers;
mod cast;
mod client;
mod clock;
mod cluster;
mod commits;
mod crm;
mod crm_audit;
mod database;
mod disk;
mod fault;
mod ledger;
mod link;
mod logs;
mod nemesis;
#[allow(dead_code, reason = "the end to end tests, whose file it is, need all of it")]
#[path = "../it/harness/outside.rs"]
mod outside;
mod pair;
mod plan;
mod processes;
mod replicas;
mod report;
mod server;
mod servers;
mod settings;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;

use client::Client;
use crm::Crm;
use nemesis::Nemesis;
use outside::Outside;
use plan::{Fault, Form, Plan};
use report::Report;
use stage::Stage;

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
    /// Only leads that create a record: for rates at which waiting for others, and adding to what grows, would be measured.
    #[arg(long)]
    plain: bool,
    /// `postern serve` with its own PostgreSQL and without a broker, instead of the services with RabbitMQ.
    #[arg(long)]
    standalone: bool,
    /// Three nodes of RabbitMQ, and a PostgreSQL with two standbys.
    #[arg(long, conflicts_with = "standalone")]
    cluster: bool,
    /// Only this kind of fault, such as `rolling-restart` or `vtiger-away`; `vtiger` is all that is done to vtiger.
    #[arg(long)]
    only: Option<String>,
    /// How long each fault lasts, in seconds, instead of what the seed says.
    #[arg(long)]
    lasts: Option<u64>,
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
    let Options { seconds, seed, rate, .. } = options;
    let (form, word) = match (options.standalone, options.cluster) {
        (true, _) => (Form::Alone, ", standalone"),
        (_, true) => (Form::Cluster, ", cluster"),
        _ => (Form::Pair, ""),
    };
    println!("chaos: seed {seed}, {seconds} s, {rate} leads/s{word}");
    let (outside, crm) = (Outside::start().await, Arc::new(Crm::start().await));
    let moves_clock = form != Form::Cluster && options.only.as_deref().is_none_or(|only| Fault::ClockJump.is(only));
    let mut stage = Stage::start(form, outside.address, Arc::clone(&crm), moves_clock).await;
    let client = Client::new(stage.doors(), options.plain);
    let posting = client.post_at(options.rate);
    tokio::time::sleep(CALM).await;

    let mut report = Report::new(options.seed);
    let nemesis = Nemesis { form, database: stage.database(), client: client.clone() };
    let until = Instant::now() + Duration::from_secs(options.seconds);
    for mut strike in Plan::new(form, options.seed, options.seconds >= plan::LONG_S, options.only.as_deref()) {
        if Instant::now() >= until {
            break;
        }
        strike.lasts = options.lasts.map_or(strike.lasts, Duration::from_secs);
        report.add(nemesis.strike(&strike, &mut stage).await);
    }
    posting.stop().await;
    let ledger = ledger::settle(&nemesis.database, (&outside, &crm), &client).await;
    if report.conclude(&ledger, &client) {
        stage.forget_logs();
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}
