//! A login by name and password.

use data_encoding::BASE64;

/// The header of a name and a password (RFC 7617).
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}
