//! What wakes a run, as a row of the spool: by the lane of its way.

use std::time::Duration;

use crate::lane::Lane;
use crate::resume::Resume;

/// What wakes a run.
#[derive(Debug)]
pub struct Alarm {
    /// Which run, and where it is to be found.
    pub resume: Resume,
    /// When: from now on.
    pub delay: Duration,
    /// The way on which it is taken further.
    pub way: Way,
}

/// The way on which a run is taken further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// With the others of its workflow that go on; those of a receipt with many runs go on apart.
    Resuming {
        /// Whether it is one of many of its receipt.
        of_many: bool,
    },
    /// With the others of its workflow that a job has started.
    Again,
    /// Alone, since it is too slow for others.
    Slow,
    /// It calls this target, which is as long as [`target`] makes it at most.
    Calling(String),
}

impl Way {
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Calling(target) => Some(target),
            Self::Resuming { of_many } => Some(if *of_many { "many" } else { "few" }),
            Self::Again => Some("again"),
            Self::Slow => None,
        }
    }
}

impl Alarm {
    pub(super) fn lane(&self) -> Lane {
        match self.way {
            Way::Resuming { .. } | Way::Again => Lane::Resuming,
            Way::Slow => Lane::Slow,
            Way::Calling(_) => Lane::Calling,
        }
    }
}

/// The most bytes of a target's name: that of a host has 255 at most (RFC 1035). An index of PostgreSQL takes no more than
/// some 2,700.
const MAX_TARGET_BYTES: usize = 512;

/// The name of a target, as the spool keeps it. Names that are too long begin alike and count as one target: none of
/// them can be reached.
pub fn target(mut name: String) -> String {
    while name.len() > MAX_TARGET_BYTES {
        name.pop();
    }
    // The lane is looked through by names that are not empty.
    if name.is_empty() { "unknown".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_target_fits_into_an_index_and_is_never_empty() {
        for (name, bytes) in [("http://a:1".to_owned(), 10), (String::new(), 7), ("ä".repeat(400), 512)] {
            assert_eq!(target(name).len(), bytes);
        }
        assert_eq!(target(format!("a{}", "ä".repeat(400))).len(), 511);
    }
}
