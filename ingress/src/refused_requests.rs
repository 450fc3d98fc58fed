//! Requests that are refused cost next to nothing, until they come by the thousand. Beyond a rate their answers are held
//! back, and with an answer its connection: it is idle meanwhile, reads nothing more, and ends with that answer. Only what
//! is refused is counted and held back: a caller whose requests are accepted goes on, also behind the address of a flood.
//! From an address of which nothing can be accepted, since no permission allows it, connections beyond that are closed
//! unread: a flood that opens one for each request costs more by its connections than by its requests.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postern_http::answer::answer;
use postern_http::party::party;
use postern_http::rate::{self, Taken};
use postern_http::server::HoldBack;
use postern_shared::intake::error::ApiError;
use warp::http::header::{CONNECTION, HeaderValue};
use warp::reply::Response;

use crate::limits::{HELD_BACK, REFUSED, REFUSED_OF_ALL};

/// Addresses whose refused requests are remembered. The address with the fewest makes room for a new address.
const MAX_ADDRESSES: usize = 4_096;

/// How often each address was refused lately.
#[derive(Debug, Default)]
pub struct RefusedRequests(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    of_addresses: HashMap<IpAddr, OfAddress>,
    of_all: Taken,
}

#[derive(Debug, Default, Clone, Copy)]
struct OfAddress {
    taken: Taken,
    /// Whether no permission allowed it the last time, and it is the peer itself.
    is_stranger: bool,
}

impl RefusedRequests {
    /// The answer to a request of this address that is refused by its own fault. A stranger is a peer that no permission
    /// allows.
    pub fn answer(&self, address: IpAddr, is_stranger: bool, error: &ApiError) -> Response {
        let mut response = answer(error);
        let wait = self.count(address, is_stranger, Instant::now());
        if !wait.is_zero() {
            response.extensions_mut().insert(HoldBack(wait));
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// A stranger opens a connection that must be secured first: this counts as a request that is refused.
    pub fn shook_hands(&self, peer: IpAddr) {
        self.count(peer, true, Instant::now());
    }

    /// Whether a connection of this peer is closed unread: it is a stranger whose answers are held back for as long as any.
    pub fn are_too_many_of(&self, peer: IpAddr) -> bool {
        self.are_too_many_at(peer, Instant::now())
    }

    fn are_too_many_at(&self, peer: IpAddr, now: Instant) -> bool {
        let counts = self.lock();
        let of_address = counts.of_addresses.get(&party(peer)).filter(|of_address| of_address.is_stranger);
        of_address.is_some_and(|of_address| REFUSED.wait(of_address.taken, now, HELD_BACK) == HELD_BACK)
    }

    /// How long the answer is held back.
    fn count(&self, address: IpAddr, is_stranger: bool, now: Instant) -> Duration {
        let address = party(address);
        let mut counts = self.lock();
        rate::make_room(&mut counts.of_addresses, &address, MAX_ADDRESSES, |of_address| of_address.taken);
        let of_address = counts.of_addresses.entry(address).or_default();
        of_address.is_stranger = is_stranger;
        let wait = REFUSED.pace(&mut of_address.taken, now, HELD_BACK);
        // An address beyond its own rate takes nothing from the others.
        if wait.is_zero() { REFUSED_OF_ALL.pace(&mut counts.of_all, now, HELD_BACK) } else { wait }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // A thread that panicked here left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_beyond_its_rate_waits_and_another_does_not() {
        let (refused, now) = (RefusedRequests::default(), Instant::now());
        let count = |n: u8| refused.count([192, 0, 2, n].into(), true, now);
        assert!((0..REFUSED.burst).all(|_| count(1).is_zero()));
        assert!((0..5_000).map(|_| count(1)).all(|wait| !wait.is_zero() && wait <= HELD_BACK));
        assert!(count(2).is_zero());
        let later = now + HELD_BACK + REFUSED.each * (REFUSED.burst + 1);
        assert!(refused.count([192, 0, 2, 1].into(), true, later).is_zero());
    }

    #[test]
    fn only_connections_of_a_stranger_are_closed_unread_and_only_while_it_floods() {
        let (refused, now) = (RefusedRequests::default(), Instant::now());
        let (stranger, caller) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for (address, is_stranger) in [(stranger, true), (caller, false)] {
            assert!(!refused.are_too_many_at(address, now));
            for _ in 0..1_000 {
                refused.count(address, is_stranger, now);
            }
            assert_eq!(refused.are_too_many_at(address, now), is_stranger);
            assert!(!refused.are_too_many_at(address, now + REFUSED.each));
        }
        // A permission allows it now.
        refused.count(stranger, false, now);
        assert!(!refused.are_too_many_at(stranger, now));
    }

    #[test]
    fn many_addresses_together_have_a_rate_and_are_remembered_up_to_a_limit() {
        let (refused, now) = (RefusedRequests::default(), Instant::now());
        let waits: Vec<_> = (0..6_000_u32).map(|n| refused.count(n.to_be_bytes().into(), true, now)).collect();
        let burst = usize::try_from(REFUSED_OF_ALL.burst).unwrap();
        assert!(waits[..burst].iter().all(Duration::is_zero) && waits[burst..].iter().all(|wait| !wait.is_zero()));
        assert_eq!(refused.0.lock().unwrap().of_addresses.len(), MAX_ADDRESSES);
    }
}
