//! Passwords: kept as argon2id hashes with the parameters of OWASP's cheat sheet (19 MiB, 2 passes), which are the
//! defaults of the crate. Strangers may ask for a hash, so hashes are made in a few slots, each with a buffer that is
//! kept and used again, and few requests wait for one. A caller that leaves frees its place, and the slot only when the
//! hash is made.

mod places;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, available_parallelism};
use std::time::Duration;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Output, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use postern_http::party::party;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

pub use self::places::{Busy, MAX_OF_CALLER, MAX_UNDER_WAY, Place, Rank};
use self::places::{UnderWay, lock};

/// The shortest password: what NIST SP 800-63B asks for where it is the only factor, rounded down for people.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The longest password: argon2 reads all of it.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// How many passwords are hashed at once. Each hash takes 19 MiB. It uses a core for a quarter of the time, and at most half
/// of the cores are used so: submissions have the rest.
pub const MAX_AT_ONCE: usize = 2;

/// The salt of a password that nobody has: it takes as long.
const NOBODY: &str = "bm9ib2R5bm9ib2R5bm9ibw";

/// Whether a new password is neither too short nor too long.
pub fn is_long_enough(password: &str) -> bool {
    password.chars().count() >= MIN_PASSWORD_CHARS && password.len() <= MAX_PASSWORD_BYTES
}

/// Hashes and compares, a few at a time.
#[derive(Debug)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    buffers: Arc<Mutex<Vec<Vec<Block>>>>,
    under_way: Arc<Mutex<UnderWay>>,
}

/// The right to make one hash.
#[derive(Debug)]
pub struct Slot {
    work: Work,
    _place: Place,
}

/// What goes to the thread that hashes: the next one gets it when this one is done, whoever waits for the result.
#[derive(Debug)]
struct Work {
    blocks: Vec<Block>,
    buffers: Arc<Mutex<Vec<Vec<Block>>>>,
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let slots = (cores / 2).clamp(1, MAX_AT_ONCE);
        Self { slots: Arc::new(Semaphore::new(slots)), buffers: Arc::default(), under_way: Arc::default() }
    }

    /// A place among the requests under way.
    ///
    /// # Errors
    /// When too many are under way already.
    pub fn place(&self, address: IpAddr, rank: Rank) -> Result<Place, Busy> {
        Place::take(&self.under_way, party(address), rank)
    }

    /// Waits until a password may be hashed.
    pub async fn slot(&self, place: Place) -> Result<Slot, Busy> {
        // Cannot fail: nobody closes it.
        let permit = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| Busy)?;
        let blocks = lock(&self.buffers).pop().unwrap_or_default();
        let work = Work { blocks, buffers: Arc::clone(&self.buffers), _permit: permit };
        Ok(Slot { work, _place: place })
    }
}

impl Slot {
    /// The hash of a password in PHC form; nothing if it cannot be made.
    pub async fn hash(self, password: &str) -> Option<String> {
        let password = password.to_owned();
        in_thread(move || self.work.rest_after(|work| work.hash(&password))).await?
    }

    /// Whether it is the password of this hash. Without a hash it takes as long and says no: the time must not tell
    /// which names there are.
    pub async fn matches(self, password: &str, hash: Option<String>) -> bool {
        let password = password.to_owned();
        let comparing = in_thread(move || self.work.rest_after(|work| work.compare(&password, hash.as_deref())));
        comparing.await.unwrap_or(false)
    }
}

/// How much less a thread that hashes counts than others, where the kernel has to choose: leads go first.
const NICE: i32 = 10;
/// How many times as long as a hash has used a core, its slot rests after it.
const REST: u32 = 3;

/// Works in a thread of its own, since a thread that was made nice stays so; nothing if that fails.
async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = oneshot::channel();
    let runtime = Handle::current();
    let thread = thread::Builder::new().name("password".into()).spawn(move || {
        let _runtime = runtime.enter();
        // Without it the work is done all the same.
        let _ = rustix::process::nice(NICE);
        let _ = done.send(work());
    });
    thread.ok()?;
    result.await.ok()
}

/// How long this thread has used a core. Where others have the cores, a hash takes longer, and needs no longer rest.
fn used() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    used.try_into().unwrap_or_default()
}

impl Work {
    /// Does this and rests: a queue of log-ins takes a quarter of a core, and the caller does not wait for the rest.
    fn rest_after<T>(mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let began = used();
        let result = work(&mut self);
        let took = used().saturating_sub(began);
        Handle::current().spawn(async move {
            tokio::time::sleep(took * REST).await;
            drop(self);
        });
        result
    }

    fn hash(&mut self, password: &str) -> Option<String> {
        let (salt, params) = (SaltString::generate(&mut OsRng), Params::default());
        let (algorithm, version) = (Algorithm::default(), Version::default());
        let made = PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: (&params).try_into().ok()?,
            salt: Some(salt.as_salt()),
            hash: Some(self.output(password, &salt, algorithm, version, params)?),
        };
        Some(made.to_string())
    }

    fn compare(&mut self, password: &str, known: Option<&str>) -> bool {
        let Some(known) = known else {
            let salt = SaltString::from_b64(NOBODY).ok();
            salt.map(|salt| self.output(password, &salt, Algorithm::default(), Version::default(), Params::default()));
            return false;
        };
        self.output_as(password, known).is_some_and(|(made, known)| made == known)
    }

    /// The output of a password as that of a known hash was made, and that of the hash: they are compared in constant
    /// time.
    fn output_as(&mut self, password: &str, known: &str) -> Option<(Output, Output)> {
        let known = PasswordHash::new(known).ok()?;
        let salt = SaltString::from_b64(known.salt?.as_str()).ok()?;
        let algorithm = Algorithm::try_from(known.algorithm).ok()?;
        let version = known.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
        let made = self.output(password, &salt, algorithm, version, Params::try_from(&known).ok()?)?;
        Some((made, known.hash?))
    }

    fn output(
        &mut self,
        password: &str,
        salt: &SaltString,
        algorithm: Algorithm,
        version: Version,
        params: Params,
    ) -> Option<Output> {
        let mut bytes = [0; 64];
        let salt = salt.decode_b64(&mut bytes).ok()?;
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        self.blocks.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(algorithm, version, params);
        let made = Output::init_with(length, |out| {
            let blocks = self.blocks.as_mut_slice();
            Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)?)
        });
        made.ok()
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        lock(&self.buffers).push(std::mem::take(&mut self.blocks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_password_is_kept_as_an_argon2id_hash_that_only_it_matches() {
        let passwords = Passwords::new();
        let slot = async || passwords.slot(passwords.place(HERE, Rank::Stranger).unwrap()).await.unwrap();
        let known = slot().await.hash("correct horse").await.unwrap();
        assert!(known.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{known}");
        for (password, hash, expected) in [
            ("correct horse", Some(known.as_str()), true),
            ("correct horsf", Some(&known), false),
            ("correct horse", None, false),
            ("correct horse", Some("nonsense"), false),
        ] {
            assert_eq!(slot().await.matches(password, hash.map(str::to_owned)).await, expected, "{password} {hash:?}");
        }
        assert_ne!(slot().await.hash("correct horse").await.unwrap(), known);
    }

    #[tokio::test]
    async fn who_leaves_frees_its_place_and_its_buffer_only_when_the_hash_is_made() {
        let passwords = Passwords::new();
        for _ in 0..20 {
            let slot = passwords.slot(passwords.place(HERE, Rank::Stranger).unwrap()).await.unwrap();
            let hashing = tokio::time::timeout(std::time::Duration::ZERO, slot.hash("correct horse"));
            let _ = hashing.await;
        }
        let _slot = passwords.slot(passwords.place(HERE, Rank::Stranger).unwrap()).await.unwrap();
        assert!(lock(&passwords.buffers).len() < MAX_AT_ONCE);
    }
}
