//! The keys under which secrets are encrypted.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::secret::key::Keys;

/// Where the keys come from.
#[derive(Debug, Clone, Default, Args)]
pub struct SecretsOptions {
    /// The key under which secrets are encrypted: 32 bytes as base64 or hex, such as `openssl rand -base64 32` prints.
    /// All programs of one Postern need the same key. Of several keys, joined by commas, the first one encrypts, and each
    /// decrypts: put the new one first, and call `postern secret rotate`.
    #[arg(long, env = "POSTERN_SECRETS_KEY", hide_env_values = true, value_parser = keys)]
    secrets_key: Option<Keys>,

    /// The same in a file, with one key a line. `postern serve` makes the file `secrets.key` in its data folder if no key
    /// is set.
    #[arg(long, env = "POSTERN_SECRETS_KEY_FILE")]
    secrets_key_file: Option<PathBuf>,
}

impl SecretsOptions {
    /// The keys of a file.
    pub fn of_file(file: PathBuf) -> Self {
        Self { secrets_key: None, secrets_key_file: Some(file) }
    }

    /// Whether neither is set.
    pub fn is_empty(&self) -> bool {
        self.secrets_key.is_none() && self.secrets_key_file.is_none()
    }

    /// The keys; none if none are set.
    ///
    /// # Errors
    /// The file cannot be read. The error never holds a key.
    pub fn keys(&self) -> Result<Keys, String> {
        let file = match (&self.secrets_key, &self.secrets_key_file) {
            // Those of the file, if there is one: both settings are never given.
            (Some(keys), _) => return Ok(keys.clone()),
            (None, None) => return Ok(Keys::default()),
            (None, Some(file)) => file,
        };
        let text = fs::read_to_string(file);
        let text = text.map_err(|error| format!("POSTERN_SECRETS_KEY_FILE {}: {error}", file.display()))?;
        text.parse().map_err(|error| format!("POSTERN_SECRETS_KEY_FILE {}: each key {error}", file.display()))
    }
}

fn keys(text: &str) -> Result<Keys, String> {
    text.parse().map_err(|error| format!("it {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_a_setting_or_from_a_file() {
        let hex = "0f".repeat(32);
        let given = SecretsOptions { secrets_key: Some(hex.parse().unwrap()), secrets_key_file: None };
        assert!(!given.keys().unwrap().is_empty() && !given.is_empty());
        assert!(SecretsOptions::default().keys().unwrap().is_empty());
        let missing = SecretsOptions::of_file("/nowhere/secrets.key".into());
        assert!(missing.keys().unwrap_err().starts_with("POSTERN_SECRETS_KEY_FILE /nowhere"));
        assert!(!keys("5ecret").unwrap_err().contains("5ecret"));
    }
}
