//! End to end: real processes on the real PostgreSQL and RabbitMQ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod attacks;
mod awaited;
mod backup;
mod bodies;
mod broker;
mod browser;
mod callers;
mod children;
mod cli;
mod compared;
mod connection_calls;
mod connection_documents;
mod connections;
mod conservation;
mod control;
mod corpus;
mod counters;
mod dead_letters;
mod dedupe;
#[allow(clippy::print_stdout, reason = "it says what is left out")]
#[path = "../chaos/disk.rs"]
mod disk;
mod dry_run;
mod editor;
mod endurance;
mod examples;
mod faults;
mod forget;
mod golden;
mod harness;
mod hold;
mod hostile;
mod jobs;
mod lanes;
mod language;
#[allow(dead_code, reason = "the chaos suite, whose file it is, needs all of it")]
#[path = "../chaos/link.rs"]
mod link;
mod loops;
mod mail;
mod module_documents;
mod modules;
mod notices;
mod operations;
mod outside;
mod panel;
mod parallel_loops;
mod pgbouncer;
mod poison;
mod probes;
mod proxy_protocol;
mod public_tls;
mod record_refs;
mod refusals;
mod refused_replays;
mod replication;
#[allow(dead_code, reason = "the chaos suite, whose files they are, needs all of it")]
#[path = "../chaos"]
mod replicated {
    pub mod database;
    pub mod processes;
    pub mod replicas;
    pub mod server;
}
mod rescue;
mod responses;
mod retention;
mod roles;
mod run_again;
mod run_list;
mod schemathesis;
mod scripts;
mod search;
mod secret_files;
mod secrets;
mod settings_snapshot;
mod settled;
mod several_servers;
mod smuggling;
mod spool;
mod standalone;
mod statistics;
mod stored_ids;
mod submit;
mod succession;
mod switch;
mod tasks;
mod tidy;
mod tls;
mod traces;
mod unmatched;
mod upgrade;
mod variables;
mod vtiger;
mod waiting;
mod wire;
mod workflows;
