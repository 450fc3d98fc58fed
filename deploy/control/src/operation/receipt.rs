//! The receipts of submissions.

pub mod get;
