//! A small file system in memory, so that a disk can be filled. Only root can have one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Far above what a run writes, and soon filled.
const SIZE: &str = "size=1500m";

/// A mounted one; unmounted when dropped.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// On an empty folder; none, after saying so, where this user cannot mount one.
    pub fn mount(folder: &Path) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(folder).stderr(Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self { folder: folder.to_owned() });
        }
        println!("LEFT OUT: PostgreSQL's disk full, since this user cannot mount a file system");
        None
    }

    /// Leaves no room.
    pub fn fill(&self) {
        let mut fill = Command::new("dd");
        fill.arg("if=/dev/zero").arg(format!("of={}", self.ballast().display())).arg("bs=1M");
        // It ends when the disk is full, with an error.
        let _ = fill.stderr(Stdio::null()).status();
    }

    pub fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.folder).status();
    }
}
