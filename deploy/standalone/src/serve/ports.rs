//! Whether the listeners can be opened. This is checked before anything is made: a port that is taken must leave no data
//! folder behind.

use std::net::SocketAddr;

use postern_http::listen::listen;

use super::Failure;

/// Opens and closes each listener; each stands with the name of its setting. The error names the flag of the first
/// that cannot be opened. A listener may still be taken between this check and its opening, which fails then.
pub fn check(listeners: &[(&str, SocketAddr)]) -> Result<(), Failure> {
    for (setting, address) in listeners {
        if let Err(error) = listen(*address) {
            let flag = flag(setting);
            return Err(format!("{error}: name another address with {flag} or {setting}").into());
        }
    }
    Ok(())
}

/// The flag of a setting: `POSTERN_WORKER_LISTEN` is `--worker-listen`.
fn flag(setting: &str) -> String {
    format!("--{}", setting.trim_start_matches("POSTERN_").to_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::serve::Options;

    #[test]
    fn the_flag_of_a_listener_is_one_of_the_command() {
        let command = Options::augment_args(clap::Command::new("serve"));
        let flags: Vec<String> =
            command.get_arguments().filter_map(|one| Some(format!("--{}", one.get_long()?))).collect();
        let settings = ["POSTERN_LISTEN", "POSTERN_PRIVATE_LISTEN", "POSTERN_WORKER_LISTEN", "POSTERN_CONTROL_LISTEN"];
        for setting in settings {
            assert!(flags.contains(&flag(setting)), "{setting}");
        }
    }
}
