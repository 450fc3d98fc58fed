//! Certificates, and what encrypts: openssl.

use std::fs;
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
    run(folder, &format!("{subject} {names}"));
}

/// Makes a CA, `ca.pem` with its `ca.key`.
pub fn make_ca(folder: &Path) {
    run(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca");
}

/// Makes `NAME.pem` for a host, signed by the CA of the folder, and `NAME.key`. An expired one was valid in the past.
pub fn sign(folder: &Path, name: &str, host: &str, is_expired: bool) {
    run(folder, &format!("req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={host}"));
    let settings = "[ca]\ndefault_ca=ca\n[ca]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\nunique_subject=no\n\
        default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[leaf]\nbasicConstraints=critical,CA:FALSE\n";
    fs::write(folder.join("ca.cnf"), format!("{settings}subjectAltName=DNS:{host}\n")).unwrap();
    fs::write(folder.join("index.txt"), "").unwrap();
    let time = if is_expired { "-startdate 20200101000000Z -enddate 20200102000000Z" } else { "-days 2" };
    let by = "-batch -notext -config ca.cnf -extensions leaf -cert ca.pem -keyfile ca.key";
    run(folder, &format!("ca {by} {time} -in {name}.csr -out {name}.pem"));
}

fn run(folder: &Path, arguments: &str) {
    assert!(openssl(folder, arguments).status().unwrap().success(), "openssl {arguments}");
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
