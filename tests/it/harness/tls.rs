//! Certificates, and what encrypts: openssl.

use std::path::Path;
use std::process::{Command, Stdio};

/// A call of openssl in a folder, which says what it has to say on a pipe.
pub fn openssl(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Makes `cert.pem` for `localhost`, which nobody else has signed, and its `key.pem`.
pub fn certify(folder: &Path) {
    let subject = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost";
    let names = "-addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE";
    assert!(openssl(folder, &format!("{subject} {names}")).status().unwrap().success());
}
