//! Slows down strangers who guess passwords. A guess is counted before its password is looked at, so that many at once
//! are not more than many in turn. It is counted under its name and its caller: after a few wrong passwords this caller
//! has to wait with this name, each time twice as long, and no other caller has. Many callers that guess one name share
//! an allowance for that name, beside which stand the callers that knew its password before. All of it holds for one
//! process.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use postern_http::party::party;
use postern_http::rate::{self, Rate, Taken};

/// Wrong passwords that cost nothing: people mistype.
const FREE_FAILURES: u32 = 5;
/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords of one name from callers that never knew the right one: far above a team on its first day, and 360 an
/// hour for however many addresses.
const NAME_RATE: Rate = Rate { burst: 100, each: Duration::from_secs(10) };
/// How many pairs of a name and a caller, and how many names, are remembered. Those with the fewest wrong passwords make
/// room, so that invented names do not wipe out a guessed one.
const MAX_NAMES: usize = 10_000;
/// How many pairs of a name and a caller that knew its password are remembered: some for each account.
const MAX_KNOWN: usize = 1_000;
/// Characters by which a name is told from others: more than a name may have.
const NAME_CHARS: usize = 65;

type Pair = (String, IpAddr);

/// The guesses of late.
#[derive(Debug, Default)]
pub struct Throttle {
    pairs: HashMap<Pair, Failures>,
    names: HashMap<String, Taken>,
    /// The callers that knew the password of a name, and when they did.
    known: HashMap<Pair, Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// A guess that is counted as wrong until it is known better.
#[derive(Debug)]
pub struct Guess {
    pair: Pair,
    before: Option<Failures>,
    /// Whether this caller knew the password of this name before.
    pub is_known: bool,
}

impl Throttle {
    /// Counts a guess.
    ///
    /// # Errors
    /// How long the caller has to wait with this name; then nothing is counted.
    pub fn guess(&mut self, name: &str, address: IpAddr, now: Instant) -> Result<Guess, Duration> {
        let pair = (name.chars().take(NAME_CHARS).collect::<String>(), party(address));
        let before = self.pairs.get(&pair).copied().filter(|one| now.duration_since(one.last) <= LONGEST_WAIT);
        if let Some(wait) = before.and_then(|before| before.wait(now)) {
            return Err(wait);
        }
        let is_known = self.known.contains_key(&pair);
        if !is_known {
            rate::make_room(&mut self.names, &pair.0, MAX_NAMES, |taken| *taken);
            NAME_RATE.take(self.names.entry(pair.0.clone()).or_default(), now)?;
        }
        rate::make_room(&mut self.pairs, &pair, MAX_NAMES, |one| (one.count, one.last));
        let count = before.map_or(0, |before| before.count).saturating_add(1);
        self.pairs.insert(pair.clone(), Failures { count, last: now });
        Ok(Guess { pair, before, is_known })
    }

    /// How long the next guess of this kind has to wait, if it has to.
    pub fn wait(&self, guess: &Guess, now: Instant) -> Option<Duration> {
        self.pairs.get(&guess.pair)?.wait(now)
    }

    /// Nobody looked at the password: as if it had not been guessed.
    pub fn give_back(&mut self, guess: Guess) {
        if !guess.is_known
            && let Some(taken) = self.names.get_mut(&guess.pair.0)
        {
            NAME_RATE.give_back(taken);
        }
        if let Some(one) = self.pairs.get_mut(&guess.pair) {
            one.count -= 1;
            match guess.before {
                _ if one.count == 0 => _ = self.pairs.remove(&guess.pair),
                // Of guesses that came since, one may still be counted.
                Some(before) if one.count == before.count => one.last = before.last,
                _ => {}
            }
        }
    }

    /// The password was right.
    pub fn passed(&mut self, guess: Guess, now: Instant) {
        let pair = guess.pair.clone();
        self.give_back(guess);
        self.pairs.remove(&pair);
        rate::make_room(&mut self.known, &pair, MAX_KNOWN, |at| *at);
        self.known.insert(pair, now);
    }
}

impl Failures {
    fn wait(&self, now: Instant) -> Option<Duration> {
        let wait = match self.count.checked_sub(FREE_FAILURES) {
            None => Duration::ZERO,
            Some(more) => FIRST_WAIT.saturating_mul(2u32.saturating_pow(more)).min(LONGEST_WAIT),
        };
        (self.last + wait).checked_duration_since(now).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).into()
    }

    fn seconds(wait: Option<Duration>) -> u64 {
        wait.map_or(0, |wait| wait.as_secs())
    }

    #[test]
    fn a_caller_waits_longer_with_every_wrong_password_and_not_for_ever() {
        let (mut throttle, mut now) = (Throttle::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..20 {
            let guess = throttle.guess("admin", HERE, now).unwrap();
            let wait = throttle.wait(&guess, now);
            if let Some(wait) = wait {
                assert_eq!(throttle.guess("admin", HERE, now).unwrap_err(), wait);
            }
            waits.push(seconds(wait));
            now += wait.unwrap_or_default();
        }
        assert_eq!(waits[..7], [0, 0, 0, 0, 10, 20, 40]);
        assert_eq!(waits[19], 900);
        assert!(throttle.guess("admin", THERE, now).is_ok() && throttle.guess("other", HERE, now).is_ok());
        let long_after = now + LONGEST_WAIT + Duration::from_secs(1);
        assert!((0..5).all(|_| throttle.guess("admin", HERE, long_after).is_ok()));
    }

    #[test]
    fn guesses_at_once_are_counted_before_they_are_looked_at() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let guesses: Vec<Guess> = (0..200).filter_map(|_| throttle.guess("admin", HERE, now).ok()).collect();
        assert_eq!(guesses.len(), 5);
        // Nobody looked at two of them.
        let mut guesses = guesses.into_iter();
        guesses.by_ref().take(2).for_each(|guess| throttle.give_back(guess));
        let more: Vec<Guess> = (0..200).filter_map(|_| throttle.guess("admin", HERE, now).ok()).collect();
        assert_eq!(more.len(), 2);
        guesses.chain(more).for_each(|guess| throttle.give_back(guess));
        assert!(throttle.pairs.is_empty());
    }

    #[test]
    fn a_guess_that_is_given_back_leaves_the_wait_as_it_was() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        (0..6).for_each(|_| _ = throttle.guess("admin", HERE, now));
        let at = now + FIRST_WAIT;
        let guess = throttle.guess("admin", HERE, at).unwrap();
        assert_eq!(seconds(throttle.wait(&guess, at)), 20);
        throttle.give_back(guess);
        assert!(throttle.guess("admin", HERE, at).is_ok());
    }

    #[test]
    fn many_callers_share_the_guesses_of_a_name_and_its_owner_does_not() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let right = throttle.guess("admin", HERE, now).unwrap();
        throttle.passed(right, now);
        assert_eq!((0..1_000).filter(|n| throttle.guess("admin", address(*n), now).is_ok()).count(), 100);
        assert_eq!(throttle.guess("admin", THERE, now).unwrap_err(), NAME_RATE.each);
        assert_eq!((0..10).filter(|_| throttle.guess("admin", HERE, now).is_ok()).count(), 5);
        assert!(throttle.guess("other", THERE, now).is_ok());
        assert!(throttle.guess("admin", THERE, now + NAME_RATE.each).is_ok());
    }

    #[test]
    fn the_memory_is_bounded_and_invented_names_do_not_wipe_out_a_guessed_one() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        (0..5).for_each(|_| _ = throttle.guess("admin", HERE, now));
        for at in 0..MAX_NAMES + 10 {
            throttle.guess(&at.to_string(), HERE, now).unwrap();
        }
        assert_eq!((throttle.pairs.len(), throttle.names.len()), (MAX_NAMES, MAX_NAMES));
        assert!(throttle.guess("admin", HERE, now).is_err());
    }
}
