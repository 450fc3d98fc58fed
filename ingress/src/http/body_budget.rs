//! How much all bodies together may take: those of requests that are being read or handed over, and those of answers
//! that are not read yet. Each body has its limit, but nobody limits how many there are at once. A body takes more only
//! while its permission holds less than what is free, and its address less than what would be left to the permission. So
//! one address never holds more than a third, one permission never more than half, and there is room for the next;
//! bodies that stand still are ended by their pace.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Buf;

use postern_http::party::party;

/// Bytes of all requests that are being read or handed over: headers, bodies, what is read from them, and what of that
/// is written as JSON.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Of these bytes, those that only small requests take: the form of a landing page always fits beside uploads.
pub const RESERVED_BYTES: usize = 8 * 1024 * 1024;

/// A request of up to so many bytes is small.
pub const SMALL_BYTES: usize = 64 * 1024;

/// Bytes of all answers that are not read yet, but for short ones.
pub const MAX_UNREAD_BYTES: usize = 12 * 1024 * 1024;

/// An answer of up to so many bytes is short: it is counted with its connection.
pub const SHORT_BYTES: usize = 4 * 1024;

/// The bytes of all bodies.
#[derive(Debug)]
pub struct BodyBudget {
    most: usize,
    most_of_large: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    of_addresses: HashMap<IpAddr, usize>,
    of_permissions: HashMap<u64, usize>,
}

/// What one request takes of it, given back when this is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Arc<BodyBudget>,
    address: IpAddr,
    permission: u64,
    bytes: usize,
    /// What is counted with the next bytes.
    owed: usize,
    is_refused: bool,
}

/// There is no room for more of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl BodyBudget {
    /// For requests.
    pub fn of_requests() -> Arc<Self> {
        Arc::new(Self { most: MAX_BYTES, most_of_large: MAX_BYTES - RESERVED_BYTES, held: Mutex::default() })
    }

    /// For answers.
    pub fn of_answers() -> Arc<Self> {
        Arc::new(Self { most: MAX_UNREAD_BYTES, most_of_large: MAX_UNREAD_BYTES, held: Mutex::default() })
    }

    /// The share of a body of which nothing has come yet.
    pub fn share(self: &Arc<Self>, address: IpAddr, permission: &impl Hash) -> Share {
        let mut hasher = DefaultHasher::new();
        permission.hash(&mut hasher);
        Share {
            budget: Arc::clone(self),
            address: party(address),
            permission: hasher.finish(),
            bytes: 0,
            owed: 0,
            is_refused: false,
        }
    }

    /// A thread that panicked here left nothing half done.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Counts bytes together with those that come next.
    pub fn owe(&mut self, bytes: usize) {
        self.owed += bytes;
    }

    /// Counts a chunk of the body.
    pub fn chunk<B: Buf>(&mut self, chunk: B) -> Result<B, Full> {
        self.take(chunk.remaining()).map(|()| chunk)
    }

    /// Counts bytes.
    pub fn take(&mut self, bytes: usize) -> Result<(), Full> {
        let bytes = self.owed + bytes;
        let is_small = self.bytes + bytes <= SMALL_BYTES;
        let most = if is_small { self.budget.most } else { self.budget.most_of_large };
        let taken = self.budget.held().take(self.address, self.permission, bytes, most);
        match taken {
            Ok(()) => {
                self.bytes += bytes;
                self.owed = 0;
            }
            Err(Full) => self.is_refused = true,
        }
        taken
    }

    /// Whether something found no room.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.held().give_back(self.address, self.permission, self.bytes);
        }
    }
}

impl Held {
    fn take(&mut self, address: IpAddr, permission: u64, bytes: usize, most: usize) -> Result<(), Full> {
        let of_address = self.of_addresses.get(&address).copied().unwrap_or_default();
        let of_permission = self.of_permissions.get(&permission).copied().unwrap_or_default();
        let free = most.saturating_sub(self.bytes);
        let of_permission_free = free.saturating_sub(of_permission);
        if bytes > free || of_permission_free <= of_address {
            return Err(Full);
        }
        self.bytes += bytes;
        *self.of_addresses.entry(address).or_default() += bytes;
        *self.of_permissions.entry(permission).or_default() += bytes;
        Ok(())
    }

    fn give_back(&mut self, address: IpAddr, permission: u64, bytes: usize) {
        self.bytes -= bytes;
        give_back(&mut self.of_addresses, &address, bytes);
        give_back(&mut self.of_permissions, &permission, bytes);
    }
}

fn give_back<K: Eq + Hash>(holders: &mut HashMap<K, usize>, holder: &K, bytes: usize) {
    let Some(held) = holders.get_mut(holder) else { return };
    *held -= bytes;
    if *held == 0 {
        holders.remove(holder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: usize = 16 * 1024;

    fn address(n: u8) -> IpAddr {
        [192, 0, 2, n].into()
    }

    /// Bodies of `length` bytes, chunk by chunk, until one is refused.
    fn hog(budget: &Arc<BodyBudget>, caller: u8, permission: u8, length: usize) -> Vec<Share> {
        let mut held = Vec::new();
        loop {
            let mut share = budget.share(address(caller), &permission);
            let is_whole = (0..length / CHUNK).all(|_| share.take(CHUNK).is_ok());
            held.push(share);
            if !is_whole {
                return held;
            }
        }
    }

    fn bytes(held: &[Share]) -> usize {
        held.iter().map(|share| share.bytes).sum()
    }

    #[test]
    fn one_address_holds_a_third_at_most_and_the_next_finds_room() {
        for (length, most) in [(60 * CHUNK, MAX_BYTES - RESERVED_BYTES), (4 * CHUNK, MAX_BYTES)] {
            let budget = BodyBudget::of_requests();
            let hogs: Vec<_> = (0..3).map(|n| hog(&budget, n, 0, length)).collect();
            assert!(hogs.iter().all(|held| held.last().is_some_and(Share::is_refused)));
            assert!(bytes(&hogs[0]) <= most / 3 + CHUNK, "{}", bytes(&hogs[0]));
            let of_permission: usize = hogs.iter().map(|held| bytes(held)).sum();
            assert!(of_permission <= most / 2 + CHUNK, "{of_permission}");
            // Beside three that take all they can there is room for another of the same permission, and of any other.
            assert!(budget.share(address(9), &0_u8).take(CHUNK).is_ok());
            let mut other = budget.share(address(9), &1_u8);
            assert!((0..60).all(|_| other.take(CHUNK).is_ok()));
        }
    }

    #[test]
    fn small_requests_have_a_reserve_and_bytes_given_back_are_taken_again() {
        let budget = BodyBudget::of_requests();
        let hogs: Vec<_> = (0..40).map(|n| hog(&budget, n, n, 60 * CHUNK)).collect();
        let held: usize = hogs.iter().map(|held| bytes(held)).sum();
        // Each began with a small part.
        let most_of_large = MAX_BYTES - RESERVED_BYTES;
        assert!(held > most_of_large - CHUNK && held <= most_of_large + 40 * SMALL_BYTES, "{held}");
        let mut large = budget.share(address(90), &90);
        assert_eq!((0..5).map(|_| large.take(CHUNK)).collect::<Vec<_>>(), [Ok(()), Ok(()), Ok(()), Ok(()), Err(Full)]);
        assert!(large.is_refused());
        drop((large, hogs));
        assert!((0..60).all(|_| budget.share(address(90), &90).take(CHUNK).is_ok()));
        let held = budget.held();
        assert!(held.bytes == 0 && held.of_addresses.is_empty() && held.of_permissions.is_empty());
    }
}
