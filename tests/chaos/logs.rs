//! Where the services write their logs: a small file system of their own, so that it can be filled, where this user can
//! mount one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::disk::Disk;

/// Far above what a run logs, and soon filled.
const SIZE: &str = "size=128m";

/// A file grows by so many bytes without asking for more room.
const PAGE: u64 = 4_096;

/// The folder of the logs. Dropped after those that write them.
pub struct Logs {
    folder: PathBuf,
    disk: Option<Disk>,
    are_wanted: bool,
}

impl Logs {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("postern-chaos-logs-{}", std::process::id()));
        fs::create_dir_all(folder.join("disk")).unwrap();
        let disk = Disk::mount(&folder.join("disk"), SIZE);
        if disk.is_none() {
            println!("LEFT OUT: the disk of the logs full, since this user cannot mount a file system");
        }
        Self { folder, disk, are_wanted: true }
    }

    /// Where the logs stand.
    pub fn folder(&self) -> PathBuf {
        self.folder.join("disk")
    }

    /// The folder beside them, whose disk is never filled.
    pub fn beside(&self) -> &Path {
        &self.folder
    }

    /// Leaves no room, not even in the page in which a log ends; false where that cannot be done.
    pub fn fill(&self) -> bool {
        let Some(disk) = &self.disk else { return false };
        disk.fill();
        for log in fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path()) {
            if log.extension().is_some_and(|extension| extension == "log") {
                let mut file = File::options().append(true).open(&log).unwrap();
                let room = (PAGE - file.metadata().unwrap().len() % PAGE) % PAGE;
                // Where the log has grown meanwhile this fails when the page is full.
                let _ = file.write_all(&b"\n".repeat(usize::try_from(room).unwrap()));
            }
        }
        true
    }

    pub fn free(&self) {
        self.disk.iter().for_each(Disk::free);
    }

    /// All went well: they are not wanted any more.
    pub fn forget(&mut self) {
        self.are_wanted = false;
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        if self.are_wanted {
            let kept = self.folder.join("kept");
            let _ = Command::new("cp").arg("-aT").args([&self.folder(), &kept]).status();
            println!("logs of the services: {}", kept.display());
        }
        self.disk = None;
        if !self.are_wanted {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
