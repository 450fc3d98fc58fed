//! 200 browsers guess passwords of the control panel, half of them that of `admin`, the others those of accounts that
//! do not exist.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;

use super::{Against, InForce, connection, stranger, together};

const BROWSERS: usize = 200;

/// The wait before a browser that failed begins anew.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long all browsers take to be there.
const BEGIN: Duration = Duration::from_secs(2);

pub async fn run(against: Against, in_force: InForce) {
    let all = (0..BROWSERS).map(|number| async move {
        loop {
            let _ = guess(number, against.private).await;
            sleep(AGAIN_AFTER).await;
        }
    });
    together(all, BEGIN, in_force).await;
}

/// Guesses until the connection ends.
async fn guess(number: usize, to: SocketAddr) -> io::Result<()> {
    let mut stream = connection::open(stranger(number), to).await?;
    let page = connection::call(&mut stream, &connection::get("/login")).await?;
    let cookies: Vec<&str> = (page.lines())
        .filter_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")))
        .filter_map(|(_, value)| value.split(';').next())
        .collect();
    let cookie = format!("cookie: {}\r\n", cookies.join("; "));
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    for guess in 0.. {
        let name = if number.is_multiple_of(2) { "admin".to_owned() } else { format!("nobody{number}x{guess}") };
        let form = format!("csrf={csrf}&name={name}&password=wrong{guess}wrong{number}");
        connection::call(&mut stream, &connection::post("/login", &cookie, &form)).await?;
    }
    Ok(())
}
