//! A small file system in memory, so that a disk can be filled. Only root can have one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A mounted one; unmounted when dropped.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// One for the data of PostgreSQL: far above what a run writes, and soon filled. Says so where there is none.
    pub fn of_postgres(folder: &Path) -> Option<Self> {
        let disk = Self::mount(folder, "size=1500m");
        if disk.is_none() {
            println!("LEFT OUT: PostgreSQL's disk full, since this user cannot mount a file system");
        }
        disk
    }

    /// On an empty folder; none where this user cannot mount one. `size` is an option of `mount`.
    pub fn mount(folder: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", size, "tmpfs"]).arg(folder).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then(|| Self { folder: folder.to_owned() })
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
