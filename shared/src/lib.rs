//! What both services agree on: the domain, the wire, the store. No HTTP, no task behaviour.

pub mod backoff;
pub mod bell;
pub mod broker;
pub mod descriptors;
pub mod document;
pub mod env;
pub mod expression;
pub mod finding;
pub mod host;
pub mod id;
pub mod lane;
pub mod log_limit;
pub mod module;
pub mod options;
pub mod origin;
pub mod permission;
pub mod resume;
pub mod shutdown;
pub mod store;
pub mod submission;
pub mod task;
pub mod telemetry;
pub mod trigger;
pub mod unreachable;
pub mod workflow;
pub mod yaml;
