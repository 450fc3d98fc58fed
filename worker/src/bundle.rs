//! Submissions of several messages, executed together in one transaction.

pub mod batcher;
pub mod budget;
pub mod clock;
pub mod conflict_policy;
pub mod effects;
mod execute;
pub mod intake;
pub mod keepalive;
pub mod queries;
pub mod retry;
mod sequence;
pub mod unit_of_work;
