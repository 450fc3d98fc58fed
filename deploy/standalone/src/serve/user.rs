//! As whom PostgreSQL runs: as whoever started Postern, or, since it refuses to run as root, as another user.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::{Failure, programs};

/// The user that the programs of PostgreSQL run as.
#[derive(Debug, Clone)]
pub enum User {
    /// Whoever started Postern.
    Same,
    /// Another one, since it was root.
    Other {
        /// Its name, for messages.
        name: String,
        /// Its number.
        uid: u32,
        /// The number of its group.
        gid: u32,
    },
}

impl User {
    /// `name` is asked for only if this process is root.
    pub async fn find(name: &str) -> Result<Self, Failure> {
        if id(&["-u"]).await? != Some(0) {
            return Ok(Self::Same);
        }
        let unknown = || {
            format!("postgresql does not run as root, and there is no user {name}: name one with POSTERN_POSTGRES_USER")
        };
        let uid = id(&["-u", "--", name]).await?.filter(|uid| *uid != 0).ok_or_else(unknown)?;
        let gid = id(&["-g", "--", name]).await?.ok_or_else(unknown)?;
        Ok(Self::Other { name: name.to_owned(), uid, gid })
    }

    /// A command of this user, out of reach of Ctrl-C: what stops PostgreSQL is Postern, when it is done. It knows no
    /// secret of ours.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::from(programs::command(program));
        command.stdin(Stdio::null()).process_group(0);
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// Gives a folder of ours to this user.
    pub fn own(&self, folder: &Path) -> Result<(), Failure> {
        if let Self::Other { uid, gid, .. } = self {
            std::os::unix::fs::chown(folder, Some(*uid), Some(*gid))?;
        }
        Ok(())
    }
}

/// What the program `id` says (POSIX); nothing for a user that is not known.
async fn id(arguments: &[&str]) -> Result<Option<u32>, Failure> {
    let output = Command::from(programs::command(Path::new("id"))).args(arguments).output().await?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok().filter(|_| output.status.success()))
}
