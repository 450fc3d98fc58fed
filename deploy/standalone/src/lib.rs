//! The program `postern`: its commands, and all services in one process with a PostgreSQL of their own.

mod api;
pub mod command;
mod confirm;
mod database;
mod documents;
mod http;
mod known;
mod listing;
mod names;
mod operations;
mod options;
mod output;
mod plan;
mod profile;
pub mod reference;
pub mod serve;
mod texts;
