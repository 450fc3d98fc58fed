//! What the shell scripts of `deploy/` share.

use std::path::Path;
use std::process::Command;

use crate::harness::eventually;

/// Starts a process as a server of a folder, and is interrupted. Prints the number of that process.
const INTERRUPTED: &str = r#"
set -euo pipefail
source deploy/processes.sh
dev_dir=$1
exec {lock}>>"$dev_dir/lock"
trap 'stop_server sleeper TERM' EXIT
launch sleeper tail -f "$dev_dir/lock"
cat "$dev_dir/sleeper.pid"
exit 130
"#;

#[tokio::test]
async fn a_script_that_is_interrupted_stops_what_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = Command::new("bash");
    script.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).args(["-c", INTERRUPTED, "script"]);
    let ran = script.arg(folder.path()).output().unwrap();
    assert_eq!(ran.status.code(), Some(130), "{}", String::from_utf8_lossy(&ran.stderr));
    let process = Path::new("/proc").join(String::from_utf8(ran.stdout).unwrap().trim()).join("cmdline");
    let is_gone = || std::fs::read(&process).map_or(true, |command_line| command_line.is_empty());
    eventually("the process has ended", async || is_gone().then_some(())).await;
}
