//! Certificates, and what encrypts: openssl.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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

/// A web server with the certificate of a folder, which answers every request; it ends with this.
pub struct Served {
    pub port: u16,
    openssl: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}

/// Starts one.
pub fn serve(folder: &Path) -> Served {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let arguments = format!("s_server -quiet -www -accept 127.0.0.1:{port} -cert cert.pem -key key.pem");
    let openssl = openssl(folder, &arguments).stdin(Stdio::null()).spawn().unwrap();
    Served { port, openssl }
}
