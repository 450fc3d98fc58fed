//! A control group of Linux that holds a process to a part of the processor or of the memory: version 2 where its
//! controllers can be used, else version 1. Without root, or in a container that hides them, there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const ROOT: &str = "/sys/fs/cgroup";

/// A group; removed when dropped, after its processes.
pub struct ControlGroup {
    folder: PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl ControlGroup {
    /// Its processes get half of one core, in slices that are short beside what is measured.
    pub fn of_half_a_core() -> Option<Self> {
        let group = Self::make("cpu")?;
        let set = match group.version {
            Version::Two => group.set("cpu.max", "10000 20000"),
            Version::One => group.set("cpu.cfs_period_us", "20000") && group.set("cpu.cfs_quota_us", "10000"),
        };
        set.then_some(group)
    }

    /// Its processes are killed when they need more memory together. Swap does not help them.
    pub fn of_memory(bytes: u64) -> Option<Self> {
        let (group, limit) = (Self::make("memory")?, bytes.to_string());
        let set = match group.version {
            Version::Two => group.set("memory.max", &limit) && (group.set("memory.swap.max", "0") || !has_swap()),
            Version::One => {
                let set = group.set("memory.limit_in_bytes", &limit);
                set && (group.set("memory.memsw.limit_in_bytes", &limit) || !has_swap())
            }
        };
        set.then_some(group)
    }

    fn make(controller: &str) -> Option<Self> {
        let name = format!("postern-{controller}-{}", std::process::id());
        let root = Path::new(ROOT);
        // Fails where the controller belongs to version 1, and where it is on already.
        let _ = fs::write(root.join("cgroup.subtree_control"), format!("+{controller}"));
        let of_version_2 = fs::read_to_string(root.join("cgroup.subtree_control")).unwrap_or_default();
        let group = if of_version_2.split_whitespace().any(|one| one == controller) {
            Self { folder: root.join(name), version: Version::Two }
        } else {
            Self { folder: root.join(controller).join(name), version: Version::One }
        };
        fs::create_dir(&group.folder).ok().map(|()| group)
    }

    /// The file into which a process writes its number to come into the group.
    fn door(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// The most memory that was held, in bytes.
    pub fn peak(&self) -> Option<u64> {
        let file = if self.version == Version::Two { "memory.peak" } else { "memory.max_usage_in_bytes" };
        fs::read_to_string(self.folder.join(file)).ok()?.trim().parse().ok()
    }

    /// Whether the kernel has killed a process for want of memory.
    pub fn has_killed(&self) -> bool {
        let file = if self.version == Version::Two { "memory.events" } else { "memory.oom_control" };
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.lines().any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count.trim() != "0"))
    }

    fn set(&self, file: &str, value: &str) -> bool {
        fs::write(self.folder.join(file), value).is_ok()
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // The processes were killed, and may not be gone yet.
        for _ in 0..100 {
            if fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}

fn has_swap() -> bool {
    fs::read_to_string("/proc/swaps").is_ok_and(|swaps| swaps.lines().count() > 1)
}

/// A command that is run in a group, and that has at first no more open files than most systems let a program have.
/// The process keeps its number: the shell becomes the program.
pub fn confined(command: &Command, group: Option<&ControlGroup>, open_files: Option<u32>) -> Command {
    let limit = open_files.map(|count| format!("ulimit -Sn {count}; ")).unwrap_or_default();
    let enter = group.map(|group| format!("echo $$ >'{}'; ", group.door().display())).unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("{limit}{enter}exec \"$0\" \"$@\""))
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}
