//! The rules that slow down strangers who guess passwords, without a store and without a clock. A guess is counted before
//! its password is looked at, so that many at once are not more than many in turn. It is counted under its name and its
//! caller: after a few wrong passwords this caller has to wait with this name, each time twice as long, and no other
//! caller has. Many callers that guess one name share an allowance for that name, beside which stand the callers that
//! knew its password before.

use std::time::Duration;

use postern_http::rate::Rate;
use postern_shared::store::log_ins::{Counted, Limits, Standing};

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
const MAX_NAMES: i64 = 10_000;
/// How many pairs of a name and a caller that knew its password are remembered: some for each account.
const MAX_KNOWN: i64 = 1_000;

/// Wrong codes of a second factor since the last right one, beyond which no code of the app is looked at. Whoever guesses
/// has the password, and of a million codes three are right: so many guesses find one of them once in 6,000 times.
const MAX_WRONG_CODES: u32 = 50;

/// How much is remembered.
pub const LIMITS: Limits = Limits { guesses: MAX_NAMES, callers: MAX_KNOWN, longest_wait: LONGEST_WAIT };

/// What stands after a guess of a pair with this standing.
///
/// # Errors
/// How long the caller has to wait with this name; then nothing is counted.
pub fn judge(standing: &Standing) -> Result<Counted, Duration> {
    let before = if standing.since_last > LONGEST_WAIT { 0 } else { standing.wrong };
    let left = wait_after(before).saturating_sub(standing.since_last);
    if !left.is_zero() {
        return Err(left);
    }
    let name_back_in = if standing.is_known { None } else { Some(spend(standing.name_back_in)?) };
    Ok(Counted { wrong: before.saturating_add(1), name_back_in })
}

/// Why no code is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoCode {
    /// Too many were wrong, and the account has to wait so long.
    Wait(Duration),
    /// So many were wrong that only a recovery code counts.
    Locked,
}

/// How many wrong codes stand if this one is wrong too, and whether it is the last one that is looked at. Time forgets none
/// of them.
///
/// # Errors
/// Why the code is not looked at; then nothing is counted.
pub fn judge_code(wrong: u32, since_last: Duration) -> Result<(u32, bool), NoCode> {
    if wrong >= MAX_WRONG_CODES {
        return Err(NoCode::Locked);
    }
    match wait_after(wrong).saturating_sub(since_last) {
        Duration::ZERO => Ok((wrong + 1, wrong + 1 == MAX_WRONG_CODES)),
        left => Err(NoCode::Wait(left)),
    }
}

/// What comes back to the name of a guess whose password was right.
pub fn given_back(counted: &Counted) -> Duration {
    counted.name_back_in.map_or(Duration::ZERO, |_| NAME_RATE.each)
}

/// How long the next guess has to wait after so many wrong ones.
pub fn wait_after(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT.saturating_mul(2u32.saturating_pow(more)).min(LONGEST_WAIT),
    }
}

/// Takes one of the guesses of a name (the generic cell rate algorithm). A clock that was set back makes nobody wait
/// longer than for all of them.
fn spend(back_in: Duration) -> Result<Duration, Duration> {
    let back_in = back_in.min(NAME_RATE.each * NAME_RATE.burst);
    match back_in.saturating_sub(NAME_RATE.each * (NAME_RATE.burst - 1)) {
        Duration::ZERO => Ok(back_in + NAME_RATE.each),
        wait => Err(wait),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pair(wrong: u32, since_last: u64) -> Standing {
        Standing { wrong, since_last: s(since_last), ..Standing::default() }
    }

    #[test]
    fn a_caller_waits_longer_with_every_wrong_password_and_not_for_ever() {
        for (wrong, since_last, expected) in [
            (0, 0, Ok(1)),
            (4, 0, Ok(5)),
            (5, 0, Err(10)),
            (5, 9, Err(1)),
            (5, 10, Ok(6)),
            (6, 10, Err(10)),
            (7, 0, Err(40)),
            (40, 0, Err(900)),
            (40, 900, Ok(41)),
            (40, 901, Ok(1)),
            (u32::MAX, 900, Ok(u32::MAX)),
        ] {
            let judged = judge(&pair(wrong, since_last)).map(|counted| counted.wrong).map_err(|wait| wait.as_secs());
            assert_eq!(judged, expected, "{wrong} wrong ones, the latest {since_last} s ago");
        }
    }

    #[test]
    fn wrong_codes_are_never_forgotten_and_in_the_end_none_is_looked_at() {
        let year_s = 365 * 24 * 3600;
        for (wrong, since_last, expected) in [
            (0, 0, Ok((1, false))),
            (4, 0, Ok((5, false))),
            (5, 9, Err(NoCode::Wait(s(1)))),
            (5, 10, Ok((6, false))),
            (40, 0, Err(NoCode::Wait(s(900)))),
            (40, year_s, Ok((41, false))),
            (49, 900, Ok((50, true))),
            (50, year_s, Err(NoCode::Locked)),
            (u32::MAX, year_s, Err(NoCode::Locked)),
        ] {
            assert_eq!(judge_code(wrong, s(since_last)), expected, "{wrong} wrong ones, the latest {since_last} s ago");
        }
    }

    #[test]
    fn many_callers_share_the_guesses_of_a_name_and_its_owner_does_not() {
        let name = |back_in, is_known| Standing { name_back_in: s(back_in), is_known, ..Standing::default() };
        for (back_in, expected) in
            [(0, Ok(10)), (990, Ok(1_000)), (991, Err(1)), (1_000, Err(10)), (1_000_000, Err(10))]
        {
            let judged = judge(&name(back_in, false)).map(|counted| counted.name_back_in.unwrap().as_secs());
            assert_eq!(judged.map_err(|wait| wait.as_secs()), expected, "{back_in}");
            assert_eq!(judge(&name(back_in, true)), Ok(Counted { wrong: 1, name_back_in: None }));
        }
    }

    #[test]
    fn a_right_password_gives_back_what_its_guess_has_spent() {
        assert_eq!(given_back(&judge(&Standing::default()).unwrap()), NAME_RATE.each);
        assert_eq!(given_back(&judge(&Standing { is_known: true, ..Standing::default() }).unwrap()), s(0));
    }
}
