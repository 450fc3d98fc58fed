//! One run: how it goes through its graph, what it leaves behind while it waits, and how it is taken up again.

pub mod admission;
pub mod budget;
pub mod checkpoint;
pub mod child_runs;
pub mod connections;
pub mod dry_run;
mod engine;
pub mod execution;
pub mod field_usage;
pub mod log_lines;
pub mod opening;
pub mod references;
pub mod resume;
pub mod serial_runs;
pub mod slow_runs;
pub mod spans;
pub mod stored;
pub mod tally;
pub mod unique_claims;
