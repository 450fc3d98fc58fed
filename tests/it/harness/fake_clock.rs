//! A clock of one process that a test sets: libfaketime, which is loaded into the process and reads a file at each look
//! at the clock. Only the time of day is changed, as when a machine's clock is set wrong: waits and time-outs are as usual.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// The library, under a folder that is named by the architecture.
const LIBRARIES: [&str; 2] = ["x86_64-linux-gnu", "aarch64-linux-gnu"];

/// The clock of the processes that are started with its environment.
pub struct FakeClock {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl FakeClock {
    /// A clock that is right.
    pub fn new() -> Self {
        let found = LIBRARIES.map(|name| PathBuf::from(format!("/usr/lib/{name}/faketime/libfaketimeMT.so.1")));
        let library = found.into_iter().find(|path| path.exists());
        let library = library.expect("libfaketime is missing: run tests/run, which installs it").display().to_string();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("offset").display().to_string();
        let on = || "1".to_owned();
        let environment = vec![
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", file),
            ("FAKETIME_NO_CACHE", on()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", on()),
            ("DONT_FAKE_MONOTONIC", on()),
            ("NO_FAKE_STAT", on()),
        ];
        let clock = Self { folder, environment };
        clock.is_off_by("+0");
        clock
    }

    /// What a process with this clock needs in its environment.
    pub fn environment(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Sets the clock: `+40d`, `-40d`, or `+0`, the right time.
    pub fn is_off_by(&self, offset: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{offset}\n")).unwrap();
        // In one step, since the process may be reading it.
        fs::rename(&new, self.folder.path().join("offset")).unwrap();
    }
}
