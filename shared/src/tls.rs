//! TLS, to other systems and of the public listener: all of a process takes its cryptography from one provider.

pub mod client;
mod fault;
mod pem;
pub mod server;

pub use fault::{TlsFault, fault, reason};

/// Sets the provider. Every client that speaks TLS is made after this; it may be called any number of times.
pub fn provide() {
    // Fails if it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
