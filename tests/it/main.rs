//! End to end: real processes on the real PostgreSQL and RabbitMQ.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod attacks;
mod awaited;
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
mod dead_letters;
mod dedupe;
#[allow(clippy::print_stdout, reason = "it says what is left out")]
#[path = "../chaos/disk.rs"]
mod disk;
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
mod operations;
mod outside;
mod panel;
mod parallel_loops;
mod poison;
mod probes;
mod record_refs;
mod refusals;
mod refused_replays;
mod rescue;
mod responses;
mod retention;
mod roles;
mod run_again;
mod run_list;
mod schemathesis;
mod scripts;
mod search;
mod secrets;
mod smuggling;
mod spool;
mod standalone;
mod statistics;
mod stored_ids;
mod submit;
mod switch;
mod tasks;
mod tidy;
mod unmatched;
mod variables;
mod vtiger;
mod waiting;
mod wire;
mod workflows;
