//! Panics as log lines. The hook of the standard library writes to standard error, which may stand still; and its text
//! may hold what was posted.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;

/// From now on panics are logged.
pub fn log() {
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        let thread = thread::current();
        let (thread, reason) = (thread.name().unwrap_or_default(), reason(panicked));
        // Captured only with RUST_BACKTRACE.
        let backtrace = Backtrace::capture();
        match backtrace.status() {
            BacktraceStatus::Captured => tracing::error!(place, thread, reason, %backtrace, "a task panicked"),
            _ => tracing::error!(place, thread, reason, "a task panicked"),
        }
    }));
}

/// The reason, if it stands in the source code. One that was put together may hold a posted value.
fn reason(panicked: &PanicHookInfo<'_>) -> &'static str {
    panicked.payload().downcast_ref::<&'static str>().copied().unwrap_or("not shown: it may hold values")
}
