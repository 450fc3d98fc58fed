//! What is logged, as `POSTERN_LOG` says. A word that is no level is refused: `EnvFilter` would take it for the name of a
//! crate, and a misspelt level would silence the log.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::broker::LOG_DIRECTIVE as LAPIN_OFF;

/// What is logged where nothing is said.
const DEFAULT: &str = "info";

/// Reads directives joined by commas: a level, `TARGET=LEVEL`, or `TARGET[SPAN]=LEVEL`. An empty text is the default,
/// as compose files hand over what is not set.
pub fn read(text: &str) -> Result<EnvFilter, String> {
    let said = if directives(text).next().is_none() { DEFAULT } else { text };
    // lapin writes whole messages into its warnings, warp every client that hangs up. The pool warns of each connection
    // that its server ends, without the reason; what the connection was needed for fails with the reason.
    let base =
        EnvFilter::try_new(format!("{LAPIN_OFF},warp=off,deadpool.postgres=off")).map_err(|error| error.to_string())?;
    directives(said).try_fold(base, |filter, directive| {
        check(directive)?;
        let read = directive.parse().map_err(|_| format!("`{directive}` cannot be read: {FORM}"))?;
        Ok(filter.add_directive(read))
    })
}

const FORM: &str = "use a level (off, error, warn, info, debug, trace), or directives such as `postern_worker=debug`, \
                    joined by commas";

/// The parts between commas that stand in no brackets.
fn directives(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let parts = text.split(move |c| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn check(directive: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("`{what}` is no level: {FORM}"));
    if directive.parse::<LevelFilter>().is_ok() {
        return Ok(());
    }
    let (target, rest) = directive.split_at(directive.find(['[', '=']).unwrap_or(directive.len()));
    if rest.is_empty() {
        return wrong(directive);
    }
    let is_name = target.chars().all(|c| c.is_ascii_alphanumeric() || "_-:.".contains(c));
    let level = match rest.strip_prefix('[').map(|span| span.rsplit_once(']')) {
        Some(Some((_, ""))) => return Ok(()),
        Some(Some((_, level))) => level.strip_prefix('='),
        Some(None) => None,
        None if target.is_empty() => None,
        None => rest.strip_prefix('='),
    };
    match level {
        // An empty level would be read as `error`.
        Some(level) if is_name && !level.is_empty() && level.parse::<LevelFilter>().is_ok() => Ok(()),
        Some(level) if is_name => wrong(level),
        _ => Err(format!("`{directive}` cannot be read: {FORM}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_read() {
        for text in [
            "info",
            "INFO",
            "off",
            "",
            " , ",
            "debug,",
            "warn, postern_worker=debug",
            "postern_worker::engine=trace",
            "hyper-util=error",
            "[run]=debug",
            "postern_worker[run{id=1,n=2}]=debug,warn",
            "postern_worker[run]",
        ] {
            assert!(read(text).is_ok(), "{text}: {:?}", read(text).err());
        }
    }

    #[test]
    fn what_is_neither_a_level_nor_a_directive_is_refused() {
        for text in [
            "nonsense",
            "inf",
            "postern_worker",
            "info debug",
            "info;debug",
            "=debug",
            "postern_worker=",
            "postern_worker=loud",
            "postern_worker=debug=info",
            "postern worker=debug",
            "postern_worker[run=debug",
            "info,nonsense",
            "\n=info",
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains("off, error, warn, info, debug, trace"), "{text}: {refused}");
        }
    }
}
