//! File descriptors: every connection takes one. Systems start a process with a soft limit of 1,024, for the sake of
//! programs that use `select`, and let it raise that up to the hard limit by itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The most file descriptors that a process asks for: many times what all limits of connections together need.
const MOST: u64 = 65_536;

/// Raises the soft limit of this process as far as it may, and returns the limit that is then in force.
pub fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(MOST).min(MOST);
    let is_raised = current.is_some_and(|current| current < wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    let in_force = if is_raised { wanted } else { current.unwrap_or(MOST) };
    usize::try_from(in_force).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_never_lowered() {
        let before = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let raised = u64::try_from(raise()).unwrap();
        assert!(raised >= before.min(MOST));
        assert!(getrlimit(Resource::Nofile).current.is_none_or(|current| current >= raised));
    }
}
