//! Places of which there is a fixed number, such as those of callers that wait. An address takes one more only while it
//! holds fewer than are free: one that takes all it can leaves half to the others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::party::party;

/// A fixed number of places.
#[derive(Debug)]
pub struct Places {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    places: usize,
    of_addresses: HashMap<IpAddr, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Taking {
    places: Arc<Places>,
    party: IpAddr,
}

impl Places {
    /// All of them free.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A place for this address, if there is one for it.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Taking> {
        let party = party(address);
        let mut taken = self.taken();
        let of_address = taken.of_addresses.get(&party).copied().unwrap_or_default();
        if of_address >= self.most - taken.places {
            return None;
        }
        taken.places += 1;
        *taken.of_addresses.entry(party).or_default() += 1;
        Some(Taking { places: Arc::clone(self), party })
    }

    /// How many are taken now.
    pub fn count(&self) -> usize {
        self.taken().places
    }

    /// A thread that panicked here left nothing half done.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.places -= 1;
        if let Some(of_address) = taken.of_addresses.get_mut(&self.party) {
            *of_address -= 1;
            if *of_address == 0 {
                taken.of_addresses.remove(&self.party);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(places: &Arc<Places>, n: u8) -> Vec<Taking> {
        std::iter::from_fn(|| places.take([192, 0, 2, n].into())).collect()
    }

    #[test]
    fn who_takes_all_it_can_leaves_half_of_what_is_free() {
        let places = Places::new(64);
        let taken: Vec<_> = (0..8).map(|n| take_all(&places, n)).collect();
        let counts: Vec<_> = taken.iter().map(Vec::len).collect();
        assert_eq!((counts, places.count()), (vec![32, 16, 8, 4, 2, 1, 1, 0], 64));
        drop(taken);
        assert!(places.taken().of_addresses.is_empty());
        assert_eq!(take_all(&places, 9).len(), 32);
    }
}
