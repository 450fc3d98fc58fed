//! What the program `postern` is besides its commands: both services in one process, with a PostgreSQL of their own.

pub mod serve;
