//! ingress

pub mod http;
