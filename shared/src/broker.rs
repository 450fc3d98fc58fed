//! The broker: the only AMQP of this crate. Both services speak it through a session of their own, which
//! connects, declares the topology and begins anew after any failure.

pub mod connection;
pub mod envelope;
pub mod publisher;
mod secure;
pub mod topology;
mod url;

/// To be put into every log filter. lapin prints a returned message whole, and with it what a caller posted;
/// what its failures mean is logged here, once, without bodies.
pub const LOG_DIRECTIVE: &str = "lapin=off";
