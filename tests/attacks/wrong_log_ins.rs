//! 200 browsers guess passwords of the control panel, half of them that of `admin`, the others those of accounts that
//! do not exist.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Against, InForce, connection, stranger, together};

const BROWSERS: usize = 200;

/// The wait before a browser that failed begins anew.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long all browsers take to be there.
const BEGIN: Duration = Duration::from_secs(2);

pub async fn run(against: Against, in_force: InForce) {
    together([guess_for_ever(against)], BEGIN, in_force).await;
}

/// All browsers. It never ends.
pub async fn guess_for_ever(against: Against) {
    let all = (0..BROWSERS).map(|number| async move {
        loop {
            let _ = guess(number, against.private).await;
            sleep(AGAIN_AFTER).await;
        }
    });
    join_all(all).await;
}

/// Guesses until the connection ends.
async fn guess(number: usize, to: SocketAddr) -> io::Result<()> {
    let mut stream = connection::open(stranger(number), to).await?;
    let log_in = LogIn::open(&mut stream).await?;
    for guess in 0.. {
        let name = if number.is_multiple_of(2) { "admin".to_owned() } else { format!("nobody{number}x{guess}") };
        log_in.submit(&mut stream, &name, &format!("wrong{guess}wrong{number}")).await?;
    }
    Ok(())
}

/// The form for logging in.
pub struct LogIn {
    cookies: String,
    csrf: String,
}

impl LogIn {
    /// Opens the page with the form.
    pub async fn open(stream: &mut TcpStream) -> io::Result<Self> {
        let page = connection::call(stream, &connection::get("/login")).await?;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(Self { cookies: connection::cookies(&page), csrf: csrf.unwrap_or_default().to_owned() })
    }

    /// Submits a name and a password; returns the head and the body of the answer.
    pub async fn submit(&self, stream: &mut TcpStream, name: &str, password: &str) -> io::Result<String> {
        let form = format!("csrf={}&name={name}&password={}", self.csrf, password.replace(' ', "+"));
        connection::call(stream, &connection::post("/login", &self.cookies, &form)).await
    }
}
