//! How many arenas the memory allocator of glibc has. Unless told, it has eight for each core, and memory that is freed
//! in one serves no other: a process with many threads then keeps twice what it uses. The variable is read when a
//! program begins, so a program that lacks it begins again with it, as the same process.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread::available_parallelism;

/// The variable of glibc.
const NAME: &str = "MALLOC_ARENA_MAX";

/// Begins the program again with an arena for each core, unless it has the variable already. Nothing must be open yet.
#[expect(clippy::disallowed_methods, reason = "it is no setting of ours")]
pub fn limit() {
    if env::var_os(NAME).is_some() {
        return;
    }
    let Ok(program) = env::current_exe() else { return };
    let cores = available_parallelism().map_or(1, usize::from);
    let mut arguments = env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // Returns only if it fails. Then the program goes on with more arenas.
    let _ = again.args(arguments).env(NAME, cores.to_string()).exec();
}
