//! Which workflows a submission starts.

pub mod catalog;
pub mod catalogs;
pub mod dedupe;
pub mod record_of;
pub mod resolve;
