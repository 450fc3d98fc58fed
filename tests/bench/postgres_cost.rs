//! What PostgreSQL spends: the time of its processes, and the bytes of its log (WAL).

use std::fs;
use std::ops::Sub;

use crate::it::harness::Postern;

/// Linux counts the time of processes in hundredths of a second (`USER_HZ`).
const MICROSECONDS_EACH: f64 = 10_000.0;

/// Since the server began.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// Microseconds of a core, of all processes of the server.
    pub cpu_us: f64,
    /// Bytes.
    pub wal: f64,
}

impl Spent {
    /// Until now.
    pub async fn by(postern: &Postern) -> Self {
        let backend = postern.count("SELECT pg_backend_pid()::bigint").await.to_string();
        let server = Process::read(&backend).unwrap().parent;
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let all = all.filter_map(|name| Some((Process::read(&name)?, name)));
        let of_server = all.filter(|(process, name)| process.parent == server || *name == server);
        let ticks: f64 =
            of_server.map(|(process, name)| process.own + if name == server { process.ended } else { 0.0 }).sum();
        let wal = postern.count("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint").await as f64;
        Self { cpu_us: ticks * MICROSECONDS_EACH, wal }
    }
}

impl Sub for Spent {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { cpu_us: self.cpu_us - earlier.cpu_us, wal: self.wal - earlier.wal }
    }
}

/// What `/proc/PID/stat` tells of a process: times in ticks.
struct Process {
    parent: String,
    own: f64,
    /// Of its children that have ended.
    ended: f64,
}

impl Process {
    fn read(pid: &str) -> Option<Self> {
        pid.parse::<u32>().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |at: usize| fields[at].parse::<f64>().ok();
        Some(Self { parent: fields[1].to_owned(), own: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
    }
}
