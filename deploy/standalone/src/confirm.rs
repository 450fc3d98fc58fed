//! Asks the person before something is removed.

use std::io::{self, IsTerminal, Write};

use crate::output::Failure;
use crate::texts::tell;

/// Goes on if the person says so, or has said so with `--yes`. Where nobody can be asked, `--yes` is needed.
pub fn confirm(question: &str, is_answered: bool) -> Result<(), Failure> {
    if is_answered {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::usage(tell!("ask-nobody", question = question), tell!("ask-nobody-hint")));
    }
    let mut answer = String::new();
    write!(io::stderr(), "{question}? [y/N] ")?;
    io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" | "д" | "да" => Ok(()),
        _ => Err(Failure::failed(tell!("ask-nothing-done"), tell!("ask-nothing-done-hint"))),
    }
}
