//! The key of secrets that `postern serve` makes in its data folder, where no other is set. Only its user can read it. Whoever
//! backs up the data backs up this file too: without it no secret can be decrypted.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use postern_shared::options::SecretsOptions;
use postern_shared::secret::key;

use super::Failure;

/// The key of a data folder; made if there is none.
pub fn of_folder(folder: &Path) -> Result<SecretsOptions, Failure> {
    let file = folder.join("secrets.key");
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file) {
        Ok(mut made) => {
            writeln!(made, "{}", key::generated())?;
            made.sync_all()?;
            tracing::info!(file = %file.display(), "a key for secrets was made; back it up with the data");
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(format!("{}: {error}", file.display()).into()),
    }
    Ok(SecretsOptions::of_file(file))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_gets_one_key_that_only_its_user_reads() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!of_folder(folder.path()).unwrap().keys().unwrap().is_empty());
        let file = folder.path().join("secrets.key");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        of_folder(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}
