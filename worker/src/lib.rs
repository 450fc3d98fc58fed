//! worker

pub mod consumer;
