//! What requests and answers take of the memory of this process, all of them together.

pub mod body_budget;
