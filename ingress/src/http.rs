//! What HTTP says before anything of Postern is asked: who calls, and with which bytes.

pub mod body;
pub mod client_address;
pub mod load;
pub mod parameters;
pub mod path;
pub mod server;
