//! Submissions that started nothing.

pub mod list;
pub mod replay;
