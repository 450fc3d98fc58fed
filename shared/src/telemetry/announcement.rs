//! What is told to the person who starts Postern, and not to the log's readers alone: the level of the log must not hide
//! it. It never ends or stops a service, whatever became of standard output and standard error.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::thread;

use serde_json::json;

use super::outlet;
use crate::options::LogFormat;

/// How log lines look, once there is a log.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// From now on announcements stand between log lines.
pub fn begin(format: LogFormat) {
    let _ = FORMAT.set(format);
}

/// Tells something on standard error: `text`, which ends where the value follows. In a log of JSON lines it is one, with
/// the value in the field `name`.
pub fn announce(text: &str, name: &str, value: &str) {
    match FORMAT.get() {
        Some(LogFormat::Json) => {
            let message = text.trim_end_matches(':');
            let now = jiff::Timestamp::now().to_string();
            let line = json!({"timestamp": now, "level": "INFO", "message": message, name: value});
            outlet::push_always(format!("{line}\n").as_bytes());
        }
        Some(LogFormat::Text) => outlet::push_always(format!("{text} {value}\n").as_bytes()),
        // Without a log nothing else is going on that could be held up.
        None => _ = writeln!(io::stderr(), "{text} {value}"),
    }
}

/// Prints a text on standard output, beside everything else: its reader may stand still, or have gone.
pub fn print(text: String) {
    let printing = move || {
        let mut out = io::stdout();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    };
    if let Err(error) = thread::Builder::new().name("print".into()).spawn(printing) {
        tracing::warn!(%error, "standard output could not be written");
    }
}
