//! The HTTP server that ingress and control share: its bounds hold before anything of Postern is asked. It knows
//! connections, bodies, hosts and callers, and nothing of routes. How much there may be of anything is the number of
//! the program that serves, but for what every server bounds alike: the time and the size of a header, and the least
//! rate of bytes.

pub mod answer;
mod attended;
pub mod body;
pub mod client_address;
pub mod connections;
pub mod held;
pub mod hosts;
pub mod listen;
pub mod metrics;
mod pace;
pub mod party;
pub mod path;
pub mod places;
pub mod probe;
mod proxy_header;
pub mod rate;
pub mod server;
mod stall;
mod transport;

pub use server::MAX_HEADER_BYTES;
