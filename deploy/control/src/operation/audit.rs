//! Where the submissions of each hour are, and who changed what.

pub mod hours;
pub mod log;
