//! How much a body may hold. Ingress reads bodies within these limits, and control reads refused bodies again within
//! the same.

use std::time::Duration;

use clap::Args;

use super::number::between;
use crate::env::Limits;

/// The largest body, which is also what all bodies together may take.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

/// The most names and list items of a body. Each costs some hundred bytes of memory.
const MOST_FIELDS: usize = 100_000;

/// The longest name, which is kept and shown with every receipt.
const MOST_NAME_BYTES: usize = 64 * 1024;

/// Levels that a worker reads: a deeper body would make its whole bundle unreadable, with the submissions of others.
const MOST_DEPTH: usize = 64;

/// The longest time that a caller may take, in seconds: its body takes memory meanwhile.
const MOST_BODY_TIMEOUT_S: u64 = 3_600;

/// The limits of one body.
#[derive(Debug, Clone, Args)]
pub struct BodyOptions {
    /// Bytes of a body, before and after inflating.
    #[arg(long, env = "POSTERN_MAX_BODY_BYTES", default_value_t = Limits::default().body_bytes, value_parser = body_bytes)]
    max_body_bytes: usize,

    /// Names and list items of a body, over all levels.
    #[arg(long, env = "POSTERN_MAX_FIELDS", default_value_t = Limits::default().fields, value_parser = fields)]
    max_fields: usize,

    /// Bytes of one name.
    #[arg(long, env = "POSTERN_MAX_NAME_BYTES", default_value_t = Limits::default().name_bytes, value_parser = name_bytes)]
    max_name_bytes: usize,

    /// Levels of nesting, 1 to 64.
    #[arg(long, env = "POSTERN_MAX_DEPTH", default_value_t = Limits::default().depth, value_parser = depth)]
    max_depth: usize,

    /// Seconds that a caller may take to send its body.
    #[arg(long, env = "POSTERN_BODY_TIMEOUT_S", default_value_t = 30, value_parser = body_timeout_s)]
    body_timeout_s: u64,
}

impl BodyOptions {
    /// How much a body may hold.
    pub fn limits(&self) -> Limits {
        Limits {
            body_bytes: self.max_body_bytes,
            fields: self.max_fields,
            name_bytes: self.max_name_bytes,
            depth: self.max_depth,
        }
    }

    /// How long a body may take to arrive.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_s)
    }
}

fn depth(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_DEPTH, "a worker reads no deeper body")
}

fn body_bytes(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_BODY_BYTES, "all bodies together may take no more")
}

fn fields(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_FIELDS, "each name takes memory")
}

fn name_bytes(text: &str) -> Result<usize, String> {
    between(text, 1, MOST_NAME_BYTES, "a name is kept with every receipt")
}

fn body_timeout_s(text: &str) -> Result<u64, String> {
    between(text, 1, MOST_BODY_TIMEOUT_S, "a body takes memory for as long as it is read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        body: BodyOptions,
    }

    #[test]
    fn what_a_body_cannot_be_limited_to_is_refused() {
        let parse = |argument: &str| Program::try_parse_from(["", argument]);
        assert_eq!(parse("--max-depth=64").unwrap().body.limits().depth, 64);
        for argument in [
            "--max-depth=0",
            "--max-depth=65",
            "--max-depth=-1",
            "--max-depth=x",
            "--max-depth=",
            "--max-body-bytes=0",
            "--max-body-bytes=67108865",
            "--max-fields=0",
            "--max-name-bytes=0",
            "--body-timeout-s=0",
            "--body-timeout-s=18446744073709551615",
        ] {
            assert!(parse(argument).is_err(), "{argument}");
        }
    }
}
