//! Passwords: kept as argon2id hashes with the parameters of OWASP's cheat sheet (19 MiB, 2 passes), which are the
//! defaults of the crate.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use tokio::sync::Semaphore;

/// The shortest password: what NIST SP 800-63B asks for where it is the only factor, rounded down for people.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The longest password: argon2 reads all of it.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// How many are hashed at once: each takes 19 MiB and a core, and whoever knocks may ask for it.
const MAX_AT_ONCE: usize = 2;

/// Whether a new password is neither too short nor too long.
pub fn is_long_enough(password: &str) -> bool {
    password.chars().count() >= MIN_PASSWORD_CHARS && password.len() <= MAX_PASSWORD_BYTES
}

/// Hashes and compares, a few at a time.
#[derive(Debug)]
pub struct Passwords {
    slots: Semaphore,
}

impl Passwords {
    pub fn new() -> Self {
        Self { slots: Semaphore::new(MAX_AT_ONCE) }
    }

    /// The hash of a password in PHC form; nothing if it cannot be made.
    pub async fn hash(&self, password: &str) -> Option<String> {
        let _slot = self.slots.acquire().await.ok()?;
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash(&password)).await.ok()?
    }

    /// Whether it is the password of this hash. Without a hash it takes as long and says no: the time must not tell
    /// which names there are.
    pub async fn matches(&self, password: &str, hash: Option<String>) -> bool {
        let Ok(_slot) = self.slots.acquire().await else { return false };
        let password = password.to_owned();
        let compared = tokio::task::spawn_blocking(move || compare(&password, hash.as_deref()));
        compared.await.unwrap_or(false)
    }
}

fn hash(password: &str) -> Option<String> {
    let salt = SaltString::generate(&mut OsRng);
    Some(Argon2::default().hash_password(password.as_bytes(), &salt).ok()?.to_string())
}

fn compare(password: &str, known: Option<&str>) -> bool {
    let Some(known) = known else {
        let _ = hash(password);
        return false;
    };
    let known = PasswordHash::new(known);
    known.is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_an_argon2id_hash_that_only_it_matches() {
        let known = hash("correct horse").unwrap();
        assert!(known.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{known}");
        assert!(compare("correct horse", Some(&known)));
        assert!(!compare("correct horsf", Some(&known)));
        assert!(!compare("correct horse", None));
        assert_ne!(hash("correct horse").unwrap(), known);
    }
}
