//! Where the programs of PostgreSQL are: Debian and others keep them out of the PATH, one folder per version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Failure;
use super::options::environment_of_programs;

/// The oldest PostgreSQL that Postern supports.
const OLDEST: u32 = 15;

/// Folders that hold one folder per version, and where in that the programs are.
const PLACES: [(&str, &str); 4] =
    [("/usr/lib/postgresql", "bin"), ("/usr", "bin"), ("/opt/homebrew/opt", "bin"), ("/usr/local/opt", "bin")];

/// A program with an environment in which no secret stands.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment_of_programs());
    command
}

/// The folder of the programs: those of `wanted` if data of that version is there already, else the newest.
pub fn find(given: Option<&Path>, wanted: Option<u32>) -> Result<PathBuf, Failure> {
    let mut found: Vec<(u32, PathBuf)> = match given {
        Some(folder) => vec![folder.to_owned()],
        None => places(),
    }
    .into_iter()
    .filter_map(|folder| Some((version(&folder)?, folder)))
    .collect();
    found.sort();
    let versions = || found.iter().map(|(version, _)| version.to_string()).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        let same = found.iter().find(|(version, _)| *version == wanted);
        return Ok(same.map(|(_, folder)| folder.clone()).ok_or_else(|| {
            let have = if found.is_empty() { "none".to_owned() } else { versions() };
            format!("the data is of postgresql {wanted}, which is not installed (found: {have}): install it, or run pg_upgrade")
        })?);
    }
    match found.last() {
        Some((version, folder)) if *version >= OLDEST => Ok(folder.clone()),
        Some(_) => Err(format!("postgresql {OLDEST} or later is needed, found: {}", versions()).into()),
        None => Err(format!(
            "postgresql {OLDEST} or later is not installed here. Debian: apt-get install postgresql (deploy/install-packages \
             does so without starting it). Fedora: dnf install postgresql-server. Or set POSTERN_POSTGRES_BIN to the \
             folder of its programs, or DATABASE_URL to a server that runs"
        )
        .into()),
    }
}

fn places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    for (folder, programs) in PLACES {
        let versions = fs::read_dir(folder).into_iter().flatten().flatten();
        places.extend(versions.map(|version| version.path().join(programs)));
    }
    // Whatever the PATH leads to.
    if let Ok(output) = command(Path::new("pg_config")).arg("--bindir").output() {
        places.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    places
}

/// The version of the server in a folder, if it is whole.
fn version(folder: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()) {
        return None;
    }
    major(&String::from_utf8_lossy(&command(&folder.join("postgres")).arg("--version").output().ok()?.stdout))
}

/// Of `postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)`, or `18beta1`: 17, or 18.
fn major(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(2)?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_postgres_says() {
        for (text, version) in [
            ("postgres (PostgreSQL) 17.6 (Debian 17.6-0+deb13u1)\n", Some(17)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 15", Some(15)),
            ("postgres", None),
            ("", None),
        ] {
            assert_eq!(major(text), version, "{text}");
        }
    }

    #[test]
    fn a_folder_without_the_programs_is_refused_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(Some(folder.path()), None).unwrap_err().to_string();
        assert!(error.contains("not installed") && error.contains("DATABASE_URL"), "{error}");
        let error = find(Some(folder.path()), Some(15)).unwrap_err().to_string();
        assert!(error.contains("the data is of postgresql 15") && error.contains("found: none"), "{error}");
    }
}
