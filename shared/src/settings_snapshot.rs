//! The settings on disk: what an ingress reads at its start while PostgreSQL is away. The file has a tag under the key of
//! the secrets, and names the database of its settings: a file that somebody changed, or that belongs to another Postern,
//! admits nobody. Secrets stand in it as they do in the database, encrypted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{moment, time};
use crate::id::SecretName;
use crate::secret::key::{Keys, Sealed};
use crate::secret::tag::{Tag, Untrue};

/// The setting that names the file.
pub const SETTING: &str = "POSTERN_SETTINGS_SNAPSHOT";

/// What the first line begins with. Its number is that of the format.
const HEAD: &str = "postern-settings 1 ";

/// The most bytes of a file that is read: some thousand permissions take one MiB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The permissions and the secrets of one version of the settings, as the database holds them.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The version.
    pub version: i64,
    /// When they were read from the database.
    pub read_at: SystemTime,
    /// The documents of the permissions.
    pub permissions: Vec<Value>,
    /// The secrets, encrypted.
    pub secrets: Vec<(SecretName, Sealed)>,
}

/// The file of one process.
#[derive(Debug, Clone)]
pub struct SettingsSnapshot {
    file: PathBuf,
    /// The servers and the database that the settings are of.
    database: String,
    keys: Keys,
}

/// Why the settings of a file are not used.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is not there, or cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is larger than any that is meant.
    #[error("it is no snapshot of settings: it has more than {MAX_BYTES} bytes")]
    TooLarge,
    /// Another file, or one of another version of Postern.
    #[error("it is no snapshot of settings that this version of Postern reads")]
    Malformed,
    /// It is not as a process with the same key wrote it.
    #[error("{0}")]
    Untrue(#[from] Untrue),
    /// The settings are those of another database.
    #[error("it is of another installation: it has the settings of {found}, and DATABASE_URL names {expected}")]
    OtherDatabase {
        /// Of which the file is.
        found: String,
        /// Of which it must be.
        expected: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Body {
    database: String,
    version: i64,
    read_at: String,
    permissions: Vec<Value>,
    secrets: Vec<StoredSecret>,
}

#[derive(Serialize, Deserialize)]
struct StoredSecret {
    name: SecretName,
    key: String,
    value: String,
}

impl SettingsSnapshot {
    /// The file for the settings of a database, as `Store::database` names it.
    pub fn new(file: PathBuf, database: String, keys: Keys) -> Self {
        Self { file, database, keys }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Replaces the file as a whole: whoever reads meanwhile, and a crash, find the old one or the new one.
    pub fn write(&self, contents: &Contents) -> io::Result<()> {
        let text = self.text(contents).ok_or(io::ErrorKind::InvalidData)?;
        let mut beside = self.file.clone().into_os_string();
        beside.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = written(&beside, &text).and_then(|()| fs::rename(&beside, &self.file));
        if written.is_err() {
            // What is left of it serves nobody.
            let _ = fs::remove_file(&beside);
        }
        written?;
        File::open(folder(&self.file))?.sync_all()
    }

    /// The settings of the file.
    ///
    /// # Errors
    /// The file is not there, or its settings must not be used.
    pub fn read(&self) -> Result<Contents, Refused> {
        let mut text = String::new();
        let read = File::open(&self.file)?.take(MAX_BYTES + 1).read_to_string(&mut text);
        match read {
            Ok(bytes) if u64::try_from(bytes).unwrap_or(u64::MAX) > MAX_BYTES => return Err(Refused::TooLarge),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(Refused::Malformed),
            read => read?,
        };
        self.contents(&text)
    }

    fn text(&self, contents: &Contents) -> Option<String> {
        let secret = |(name, sealed): &(SecretName, Sealed)| StoredSecret {
            name: name.clone(),
            key: BASE64.encode(&sealed.key),
            value: BASE64.encode(&sealed.value),
        };
        let body = Body {
            database: self.database.clone(),
            version: contents.version,
            read_at: time(contents.read_at),
            permissions: contents.permissions.clone(),
            secrets: contents.secrets.iter().map(secret).collect(),
        };
        let body = serde_json::to_string(&body).ok()?;
        Some(format!("{HEAD}{}\n{body}\n", self.keys.tag(body.as_bytes())?))
    }

    fn contents(&self, text: &str) -> Result<Contents, Refused> {
        let (head, body) = text.split_once('\n').ok_or(Refused::Malformed)?;
        let tag: Tag = head.strip_prefix(HEAD).and_then(|tag| tag.parse().ok()).ok_or(Refused::Malformed)?;
        // A file that was cut at its end was changed too.
        let body = body.strip_suffix('\n').ok_or(Untrue::Changed)?;
        self.keys.check_tag(body.as_bytes(), &tag)?;
        let body: Body = serde_json::from_str(body).map_err(|_| Refused::Malformed)?;
        if body.database != self.database {
            return Err(Refused::OtherDatabase { found: body.database, expected: self.database.clone() });
        }
        let secrets = body.secrets.into_iter().map(StoredSecret::sealed).collect::<Option<_>>();
        Ok(Contents {
            version: body.version,
            read_at: moment(&body.read_at).ok_or(Refused::Malformed)?,
            permissions: body.permissions,
            secrets: secrets.ok_or(Refused::Malformed)?,
        })
    }
}

impl StoredSecret {
    fn sealed(self) -> Option<(SecretName, Sealed)> {
        let bytes = |text: &str| BASE64.decode(text.as_bytes()).ok();
        Some((self.name, Sealed { key: bytes(&self.key)?, value: bytes(&self.value)? }))
    }
}

/// Whether a file can be written at a path: its folder is there. The error names the setting.
pub fn check(file: &Path) -> Result<(), String> {
    let reason = match fs::metadata(folder(file)) {
        Ok(found) if !found.is_dir() => format!("{} is no folder", folder(file).display()),
        Ok(_) if file.is_dir() => "it is a folder".to_owned(),
        Ok(_) => return Ok(()),
        Err(error) => format!("the folder {} cannot be used: {error}", folder(file).display()),
    };
    Err(format!("{SETTING} cannot be {:?}: {reason}", file.display().to_string()))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file that only this user can read, and waits for the disk.
fn written(file: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn keys(text: &str) -> Keys {
        text.repeat(32).parse().unwrap()
    }

    fn contents(keys: &Keys) -> Contents {
        let name: SecretName = "crm".parse().unwrap();
        Contents {
            version: 7,
            read_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_123),
            permissions: vec![serde_json::json!({"permission": "p", "rate": 1.5})],
            secrets: vec![(name.clone(), keys.seal(&name, "5ecret-value").unwrap())],
        }
    }

    #[test]
    fn what_was_written_is_read_and_the_secrets_stay_encrypted() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, file) = (keys("0a"), folder.path().join("settings"));
        let snapshot = SettingsSnapshot::new(file.clone(), "db:5432/postern".into(), keys.clone());
        assert!(matches!(snapshot.read(), Err(Refused::Unreadable(_))));
        for _ in 0..2 {
            let written = contents(&keys);
            snapshot.write(&written).unwrap();
            let read = snapshot.read().unwrap();
            assert_eq!((read.version, read.read_at), (written.version, written.read_at));
            assert_eq!((read.permissions, read.secrets), (written.permissions, written.secrets));
        }
        assert!(!fs::read_to_string(&file).unwrap().contains("5ecret"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_file_that_is_not_the_own_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let (own, file) = (keys("0a"), folder.path().join("settings"));
        let snapshot =
            |keys: &Keys, database: &str| SettingsSnapshot::new(file.clone(), database.to_owned(), keys.clone());
        snapshot(&own, "db:5432/postern").write(&contents(&own)).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        for (keys, database, words) in [
            (keys("0b"), "db:5432/postern", "under a key that POSTERN_SECRETS_KEY does not hold"),
            (own.clone(), "db:5432/other", "settings of db:5432/postern, and DATABASE_URL names db:5432/other"),
        ] {
            let refused = snapshot(&keys, database).read().unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
        let half = &text[..text.len() / 2];
        for (text, words) in [
            (text.replace("1.5", "9.5"), "changed after it was written"),
            (text.replace("\"version\":7", "\"version\":8"), "changed after it was written"),
            (half.to_owned(), "changed after it was written"),
            (text.trim_end().to_owned(), "changed after it was written"),
            (text.replace("postern-settings 1", "postern-settings 2"), "this version of Postern reads"),
            (String::new(), "no snapshot of settings"),
        ] {
            fs::write(&file, &text).unwrap();
            let refused = snapshot(&own, "db:5432/postern").read().unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        }
        fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(matches!(snapshot(&own, "db:5432/postern").read(), Err(Refused::Malformed)));
        assert!(check(&folder.path().join("none/settings")).unwrap_err().contains("none cannot be used"));
        assert!(check(folder.path()).unwrap_err().contains("it is a folder"));
        assert!(check(&file).is_ok());
    }
}
