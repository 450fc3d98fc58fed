//! Processes by their numbers, and ports for them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Kills processes, and waits until they are gone.
pub fn kill(pids: &[u32]) {
    pids.iter().for_each(|pid| signal(*pid, "KILL"));
    for pid in pids {
        while fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The process whose number stands in the first line of a file, and all that it has started, as far as they are still
/// its children.
pub fn tree(pid_file: &Path) -> Vec<u32> {
    let text = fs::read_to_string(pid_file).unwrap_or_default();
    family(text.lines().next().and_then(|pid| pid.trim().parse().ok()).into_iter().collect())
}

/// Processes, and all that they have started, as far as they are still their children.
pub fn family(mut found: Vec<u32>) -> Vec<u32> {
    let mut at = 0;
    while at < found.len() {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", found[at])).unwrap_or_default();
        found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        at += 1;
    }
    found
}

/// An address of loopback on which nobody listens, below the ports that outgoing connections take; another each time.
pub fn free_address() -> SocketAddr {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 12_000).unwrap();
    loop {
        let port = 20_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 12_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-s", name, &pid.to_string()]).stderr(Stdio::null()).status();
}
