//! Standalone: from the first post of a burst to the commit of its last lead, in one process with a PostgreSQL of its
//! own and no broker. Load and server share this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::Scale;
use crate::drain::until_committed;
use crate::end_to_end::CONNECTIONS;
use crate::it::harness::process::Process;
use crate::load::{self, Connection};
use crate::report::{Figure, Reach};

/// What the worker's listener is called in the log; the ingress's has more in it.
const WORKER_LISTENS: &str = "the private listener is open: health and metrics";

pub async fn standalone(scale: Scale) -> Vec<Figure> {
    let mut rates = Vec::new();
    for _ in 0..scale.rounds {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL does not run as root, and must get in.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let command = &mut Process::command("postern");
        let mut process = Process::spawn(command.args(["serve", "--demo"]).current_dir(folder.path()));
        let public = process.address("the public listener is open").await;
        let worker = process.address(WORKER_LISTENS).await;
        while !Connection::open(public).await.get("/receipts/none").await.starts_with("HTTP/1.1 404 ") {}
        let leads = scale.leads / 2;
        let begin = Instant::now();
        load::burst(public, CONNECTIONS, leads).await;
        until_committed(worker, leads).await;
        rates.push(leads as f64 / begin.elapsed().as_secs_f64());
        process.terminate();
        process.ended().await;
    }
    vec![Figure::value("standalone, accept to committed", "leads/s", rates, Reach::AtLeast(5_000.0))]
}
