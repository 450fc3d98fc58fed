//! The first screen of the control panel is open 64 times and asks for itself again at each event, while as many log-ins
//! as the panel takes are under way. The people with the open pages are no attackers: they are as many as the panel
//! serves.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use super::wrong_log_ins::LogIn;
use super::{Against, InForce, connection, settings, stranger, together, wrong_log_ins};

const PAGES: usize = 64;

/// The wait before a page whose connection ended is opened anew.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// How long all pages and log-ins take to be there.
const BEGIN: Duration = Duration::from_secs(3);

pub async fn run(against: Against, in_force: InForce) {
    let cookies = &log_in(against.private).await.unwrap();
    let pages = (0..PAGES).map(|number| async move {
        loop {
            let _ = look(number, against.private, cookies).await;
            sleep(AGAIN_AFTER).await;
        }
    });
    tokio::join!(together(pages, BEGIN, in_force), wrong_log_ins::guess_for_ever(against));
}

/// Returns the header with the cookies of the session.
async fn log_in(to: SocketAddr) -> io::Result<String> {
    let mut stream = connection::open(stranger(0), to).await?;
    let answer = LogIn::open(&mut stream).await?.submit(&mut stream, "admin", settings::PASSWORD).await?;
    Ok(connection::cookies(&answer))
}

/// Waits for events, and opens the page at each.
async fn look(number: usize, to: SocketAddr, cookies: &str) -> io::Result<()> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{cookies}\r\n");
    let mut page = connection::open(stranger(number), to).await?;
    let mut events = connection::open(stranger(number), to).await?;
    events.write_all(get("/live?page=%2F").as_bytes()).await?;
    let mut event = [0; 4096];
    while events.read(&mut event).await? > 0 {
        connection::call(&mut page, &get("/")).await?;
    }
    Ok(())
}
