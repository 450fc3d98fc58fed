//! The way of log lines to standard error. Lines wait in memory, within a bound, and a thread writes them: a full disk,
//! a reader that has gone, and a reader that stands still cost lines, which are counted, and nothing else. No other
//! thread ever waits for standard error. The state is one per process, as standard error is.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Bytes of the log lines that wait for standard error. Beyond this, lines are dropped. Some ten thousand lines: a
/// burst that its reader is behind with.
const MAX_WAITING_BYTES: usize = 4 * 1024 * 1024;

/// How long the end of the process waits for the last lines of the log: their reader may stand still.
pub const FLUSH_LIMIT: Duration = Duration::from_secs(2);

/// Between two tries at a standard error that is full and does not block.
const TRY_EVERY: Duration = Duration::from_millis(10);

static OUTLET: Outlet = Outlet::new();

/// Receives one log line a write. Writing never fails and never blocks.
#[derive(Debug)]
pub struct Line;

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        OUTLET.push(line, MAX_WAITING_BYTES);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts the thread that writes.
pub fn start() -> io::Result<()> {
    // A descriptor of its own: the lock of `io::stderr` would be held for as long as a reader stands still.
    let mut out = Out { to: File::from(io::stderr().as_fd().try_clone_to_owned()?), is_cut: false };
    let write = move || {
        let mut told = 0;
        loop {
            OUTLET.write_next(&mut out);
            let dropped = OUTLET.dropped.load(Ordering::Relaxed);
            if dropped > told && OUTLET.is_idle_and_well() {
                tracing::warn!(lines = dropped - told, "log lines were dropped: standard error could not be written");
                told = dropped;
            }
        }
    };
    thread::Builder::new().name("log".into()).spawn(write)?;
    Ok(())
}

/// Hands over a line that a person waits for: no bound drops it.
pub fn push_always(line: &[u8]) {
    OUTLET.push(line, usize::MAX);
}

/// Waits until all lines are written, or for [`FLUSH_LIMIT`].
pub fn flush() {
    let waiting = OUTLET.lock();
    drop(OUTLET.changed.wait_timeout_while(waiting, FLUSH_LIMIT, |waiting| !waiting.is_idle()));
}

/// The number of lines that were dropped since the process began.
pub fn dropped() -> u64 {
    OUTLET.dropped.load(Ordering::Relaxed)
}

/// The lines between those who log and the thread that writes.
#[derive(Debug)]
struct Outlet {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug)]
struct Waiting {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
    is_writing: bool,
    has_failed: bool,
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.lines.is_empty() && !self.is_writing
    }
}

impl Outlet {
    const fn new() -> Self {
        let waiting = Waiting { lines: VecDeque::new(), bytes: 0, is_writing: false, has_failed: false };
        Self { waiting: Mutex::new(waiting), changed: Condvar::new(), dropped: AtomicU64::new(0) }
    }

    fn push(&self, line: &[u8], most: usize) {
        let mut waiting = self.lock();
        if waiting.bytes.saturating_add(line.len()) > most {
            drop(waiting);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line.into());
        drop(waiting);
        self.changed.notify_all();
    }

    /// Waits for a line and writes it.
    fn write_next(&self, out: &mut Out<impl Write>) {
        let is_empty = |waiting: &mut Waiting| waiting.lines.is_empty();
        let waiting = self.changed.wait_while(self.lock(), is_empty);
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let Some(line) = waiting.lines.pop_front() else { return };
        waiting.bytes -= line.len();
        waiting.is_writing = true;
        drop(waiting);
        let written = out.write(&line);
        if written.is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        let mut waiting = self.lock();
        waiting.is_writing = false;
        waiting.has_failed = written.is_err();
        drop(waiting);
        self.changed.notify_all();
    }

    /// Whether everything is written and the last line arrived: what is logged now comes out, too.
    fn is_idle_and_well(&self) -> bool {
        let waiting = self.lock();
        waiting.is_idle() && !waiting.has_failed
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard error, and whether it ends in the middle of a line.
#[derive(Debug)]
struct Out<W> {
    to: W,
    is_cut: bool,
}

impl<W: Write> Out<W> {
    /// Writes a whole line. After one that was cut off it begins on a line of its own.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_cut {
            self.write_all(b"\n")?;
        }
        self.write_all(line)
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.to.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    bytes = &bytes[written..];
                    self.is_cut = !bytes.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Some parents make their end of the pipe, and with it ours, one that does not block.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(TRY_EVERY),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what it is told to, one answer a write.
    struct Script(Vec<io::Result<usize>>, Vec<u8>);

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = if self.0.is_empty() { bytes.len() } else { self.0.remove(0)? };
            self.1.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_above_the_bound_are_dropped_and_counted() {
        let outlet = Outlet::new();
        for line in ["one\n", "three\n", "two\n"] {
            outlet.push(line.as_bytes(), 8);
        }
        assert_eq!(outlet.dropped.load(Ordering::Relaxed), 1);
        let mut out = Out { to: Vec::new(), is_cut: false };
        outlet.write_next(&mut out);
        assert!(!outlet.is_idle_and_well());
        outlet.write_next(&mut out);
        assert!(outlet.is_idle_and_well());
        assert_eq!(out.to, b"one\ntwo\n");
        outlet.push(b"again\n", 8);
        assert_eq!(outlet.lock().bytes, 6);
    }

    #[test]
    fn a_line_that_fails_is_counted_and_the_next_begins_on_its_own() {
        let outlet = Outlet::new();
        outlet.push(b"{\"cut\":1}\n", 64);
        outlet.push(b"{}\n", 64);
        let script = vec![Ok(3), Err(ErrorKind::Interrupted.into()), Err(ErrorKind::StorageFull.into())];
        let mut out = Out { to: Script(script, Vec::new()), is_cut: false };
        outlet.write_next(&mut out);
        assert_eq!(outlet.dropped.load(Ordering::Relaxed), 1);
        outlet.write_next(&mut out);
        assert_eq!(String::from_utf8_lossy(&out.to.1), "{\"c\n{}\n");
        assert!(outlet.is_idle_and_well());
    }

    #[test]
    fn a_pipe_that_is_full_and_does_not_block_is_tried_again() {
        let mut out = Out { to: Script(vec![Ok(1), Err(ErrorKind::WouldBlock.into())], Vec::new()), is_cut: false };
        out.write(b"line\n").unwrap();
        assert_eq!(out.to.1, b"line\n");
        assert!(!out.is_cut);
    }
}
