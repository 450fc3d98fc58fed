//! TLS to other systems: all clients of a process take their cryptography from one provider.

pub mod client;
mod fault;

pub use fault::{TlsFault, fault, reason};

/// Sets the provider. Every client that speaks TLS is made after this; it may be called any number of times.
pub fn provide() {
    // Fails if it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
