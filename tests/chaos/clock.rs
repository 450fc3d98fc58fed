//! The clock of the services, which libfaketime moves while they run. PostgreSQL and RabbitMQ keep the right time.

use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian and Fedora put the library for programs with threads.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/// The clock of all services that were started with its environment.
#[derive(Debug, Clone)]
pub struct Clock {
    library: &'static str,
    file: PathBuf,
}

impl Clock {
    /// One that is right, whose file is in a folder; none, after saying so, where libfaketime is not installed.
    pub fn new(folder: &Path) -> Option<Self> {
        let Some(library) = LIBRARIES.into_iter().find(|library| Path::new(library).exists()) else {
            println!("LEFT OUT: the clock 40 days ahead, since libfaketime is not installed (Debian: faketime)");
            return None;
        };
        let clock = Self { library, file: folder.join("clock") };
        clock.set("+0");
        Some(clock)
    }

    /// What a service needs to follow it. The monotonic clock is left alone, as it is when an administrator sets a clock.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", self.library.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            // Those that `postern serve` starts.
            ("FAKETIME_SKIP_CMDS", "postgres,initdb,pg_ctl".to_owned()),
        ]
    }

    pub fn jump_ahead(&self) {
        self.set("+40d");
    }

    pub fn jump_back(&self) {
        self.set("+0");
    }

    /// The file is replaced at once: a service must not read half of it.
    fn set(&self, offset: &str) {
        let new = self.file.with_extension("new");
        fs::write(&new, offset).unwrap();
        fs::rename(new, &self.file).unwrap();
    }
}
