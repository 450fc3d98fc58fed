//! Requests that are refused cost next to nothing, until they come by the thousand. Beyond a rate their answers are held
//! back, and with an answer its connection: it is idle meanwhile, and reads nothing more. Only what is refused is counted
//! and held back: a caller whose requests are accepted goes on, also behind the address of a flood.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use postern_http::answer::answer;
use postern_http::party::party;
use postern_http::rate::{self, Taken};
use postern_http::server::HoldBack;
use postern_shared::intake::error::ApiError;
use warp::reply::Response;

use crate::limits::{HELD_BACK, REFUSED, REFUSED_OF_ALL};

/// Addresses that are remembered; the one that was refused least makes room.
const MAX_ADDRESSES: usize = 4_096;

/// How often each address was refused lately.
#[derive(Debug, Default)]
pub struct RefusedRequests(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    of_addresses: HashMap<IpAddr, Taken>,
    of_all: Taken,
}

impl RefusedRequests {
    /// The answer to a request of this address that is refused by its own fault.
    pub fn answer(&self, address: IpAddr, error: &ApiError) -> Response {
        let mut response = answer(error);
        let wait = self.count(address, Instant::now());
        if !wait.is_zero() {
            response.extensions_mut().insert(HoldBack(wait));
        }
        response
    }

    /// How long the answer is held back.
    fn count(&self, address: IpAddr, now: Instant) -> Duration {
        let address = party(address);
        // A thread that panicked here left nothing half done.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rate::make_room(&mut counts.of_addresses, &address, MAX_ADDRESSES, |taken| *taken);
        let wait = REFUSED.pace(counts.of_addresses.entry(address).or_default(), now, HELD_BACK);
        // An address beyond its own rate takes nothing from the others.
        if wait.is_zero() { REFUSED_OF_ALL.pace(&mut counts.of_all, now, HELD_BACK) } else { wait }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_beyond_its_rate_waits_and_another_does_not() {
        let (refused, now) = (RefusedRequests::default(), Instant::now());
        let count = |n: u8| refused.count([192, 0, 2, n].into(), now);
        assert!((0..REFUSED.burst).all(|_| count(1).is_zero()));
        assert!((0..5_000).map(|_| count(1)).all(|wait| !wait.is_zero() && wait <= HELD_BACK));
        assert!(count(2).is_zero());
        let later = now + HELD_BACK + REFUSED.each * (REFUSED.burst + 1);
        assert!(refused.count([192, 0, 2, 1].into(), later).is_zero());
    }

    #[test]
    fn many_addresses_together_have_a_rate_and_are_remembered_up_to_a_limit() {
        let (refused, now) = (RefusedRequests::default(), Instant::now());
        let waits: Vec<_> = (0..6_000_u32).map(|n| refused.count(n.to_be_bytes().into(), now)).collect();
        let burst = usize::try_from(REFUSED_OF_ALL.burst).unwrap();
        assert!(waits[..burst].iter().all(Duration::is_zero) && waits[burst..].iter().all(|wait| !wait.is_zero()));
        assert_eq!(refused.0.lock().unwrap().of_addresses.len(), MAX_ADDRESSES);
    }
}
