//! The places of those whose password is hashed or waits to be hashed: few, and strangers do not take those of people who
//! are known.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many passwords are hashed or wait to be hashed: the work of one or two seconds. A further log-in is asked to come
/// again.
pub const MAX_UNDER_WAY: usize = 16;
/// How many of them may come from one caller.
pub const MAX_OF_CALLER: usize = 4;
/// How many more may be under way for people who are known: strangers cannot take their places.
const MAX_KNOWN: usize = 8;

/// Who wants a password to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// Anybody.
    Stranger,
    /// Someone who is logged in, holds the link of the set-up, or logged in from there before.
    Known,
}

/// The requests under way.
#[derive(Debug, Default)]
pub struct UnderWay {
    all: usize,
    of: HashMap<IpAddr, usize>,
}

/// Too many requests are under way.
#[derive(Debug, Clone, Copy)]
pub struct Busy;

/// A place among the requests under way.
#[derive(Debug)]
pub struct Place {
    under_way: Arc<Mutex<UnderWay>>,
    caller: IpAddr,
}

impl Place {
    /// Takes one.
    ///
    /// # Errors
    /// When too many are under way already.
    pub fn take(under_way: &Arc<Mutex<UnderWay>>, caller: IpAddr, rank: Rank) -> Result<Self, Busy> {
        let mut counted = lock(under_way);
        let of_caller = counted.of.get(&caller).copied().unwrap_or_default();
        let is_room = match rank {
            Rank::Stranger => counted.all < MAX_UNDER_WAY && of_caller < MAX_OF_CALLER,
            Rank::Known => counted.all < MAX_UNDER_WAY + MAX_KNOWN,
        };
        if !is_room {
            return Err(Busy);
        }
        counted.all += 1;
        counted.of.insert(caller, of_caller + 1);
        Ok(Self { under_way: Arc::clone(under_way), caller })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counted = lock(&self.under_way);
        counted.all -= 1;
        if let Some(of_caller) = counted.of.get_mut(&self.caller) {
            *of_caller -= 1;
            if *of_caller == 0 {
                counted.of.remove(&self.caller);
            }
        }
    }
}

/// A thread that panicked here left nothing half done.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use postern_http::party::party;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    #[test]
    fn few_wait_and_strangers_do_not_take_the_places_of_people_who_are_known() {
        let under_way = Arc::default();
        let place = |address, rank| Place::take(&under_way, party(address), rank);
        let of_one: Vec<_> = (0..100).filter_map(|_| place(HERE, Rank::Stranger).ok()).collect();
        assert_eq!(of_one.len(), MAX_OF_CALLER);
        let of_all: Vec<_> = (0..100).filter_map(|n| place(address(n), Rank::Stranger).ok()).collect();
        assert_eq!(of_one.len() + of_all.len(), MAX_UNDER_WAY);
        let known: Vec<_> = (0..100).filter_map(|_| place(HERE, Rank::Known).ok()).collect();
        assert_eq!(known.len(), MAX_KNOWN);
        drop((of_one, of_all, known));
        assert!(lock(&under_way).of.is_empty() && place(HERE, Rank::Stranger).is_ok());
    }
}
