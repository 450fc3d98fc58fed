//! A submission: from what a stranger posts to what a worker can take.

pub mod fields;
mod form;
mod json;
mod multipart;
mod nesting;
pub mod selector;
mod text;
