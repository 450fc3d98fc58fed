//! The records of modules.

pub mod get;
pub mod list;
