//! Faults that can be switched on, each for some of the calls of an operation.

use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The session of the call has been collected.
    LoseSession,
    /// PHP fails before anything is done: HTML with status 200, or status 500 without a body.
    BrokenBefore,
    /// The same, when everything is done.
    BrokenAfter,
    /// The connection closes before anything is done.
    HangUpBefore,
    /// The same, when everything is done.
    HangUpAfter,
    /// Everything is done, and the answer comes after this time.
    SilentAfter(Duration),
    /// The call is done after this time.
    Slow(Duration),
    /// A row gets the id 0, since the row of the numbers is locked.
    ZeroId,
    /// `INTERNAL_SERVER_ERROR`, with nothing done.
    ErrorBefore,
    /// The same, when everything is done.
    ErrorAfter,
    /// A success without a result, with nothing done.
    NullBefore,
    /// The database fails at a query: nothing is found.
    NothingFound,
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
    met: usize,
}

#[derive(Debug)]
struct Rule {
    operation: String,
    fault: Fault,
    every: usize,
    left: usize,
    seen: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, operation: &str, fault: Fault, every: usize, at_most: usize) {
        self.rules.push(Rule { operation: operation.to_owned(), fault, every, left: at_most, seen: 0 });
    }

    /// Switches all off.
    pub(crate) fn heal(&mut self) {
        self.rules.clear();
    }

    /// How many calls something went wrong with.
    pub(crate) fn met(&self) -> usize {
        self.met
    }

    /// What goes wrong with the next call of an operation.
    pub(crate) fn next(&mut self, operation: &str) -> Option<Fault> {
        for rule in self.rules.iter_mut().filter(|rule| rule.operation == "*" || rule.operation == operation) {
            rule.seen += 1;
            if rule.left > 0 && rule.seen % rule.every == 0 {
                rule.left -= 1;
                self.met += 1;
                return Some(rule.fault);
            }
        }
        None
    }
}
