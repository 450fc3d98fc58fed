//! Connections: whether they work. Their documents are set and read as all documents are.

pub mod check;
pub mod drift;
