//! What HTTP says before anything of Postern is asked: who calls, and with which bytes.

mod attended;
pub mod body;
pub mod body_budget;
pub mod client_address;
pub mod connections;
pub mod hosts;
pub mod pace;
pub mod party;
pub mod path;
pub mod places;
pub mod server;
mod stall;
