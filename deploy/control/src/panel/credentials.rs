//! Whether a name and a password belong together, for a caller that may be guessing.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postern_shared::store::accounts::{self, Account};

use super::password::{Busy, MAX_PASSWORD_BYTES, Rank};
use super::reply::Refusal;
use super::throttle::Throttle;
use super::visit::Visit;

/// What came of a name and a password.
#[derive(Debug)]
pub enum Checked {
    /// They belong to this account.
    Right(Account),
    /// They do not belong together.
    Wrong,
    /// Nobody looked: the caller has to wait so long.
    Wait(Duration),
    /// Nobody looked: too many others are looked at.
    Busy,
}

/// Checks them. A guess counts from its beginning, also when its caller does not wait for the answer; only one at whose
/// password nobody looked is given back.
pub async fn check(visit: &Visit<'_>, name: &str, password: &str) -> Result<Checked, Refusal> {
    let guess = match throttle(visit).guess(name, visit.peer, Instant::now()) {
        Ok(guess) => guess,
        Err(wait) => return Ok(Checked::Wait(wait)),
    };
    let is_known = guess.is_known || visit.account.is_some();
    let found = look(visit, name, password, if is_known { Rank::Known } else { Rank::Stranger }).await;
    let mut throttle = throttle(visit);
    match found {
        Ok(Ok(Some(account))) => {
            throttle.passed(guess, Instant::now());
            Ok(Checked::Right(account))
        }
        Ok(Ok(None)) => {
            let wait_s = throttle.wait(&guess, Instant::now()).unwrap_or_default().as_secs();
            tracing::warn!(peer = %visit.peer, wait_s, "a wrong password was sent to the control panel");
            Ok(Checked::Wrong)
        }
        Ok(Err(Busy)) => {
            throttle.give_back(guess);
            Ok(Checked::Busy)
        }
        Err(refusal) => {
            throttle.give_back(guess);
            Err(refusal)
        }
    }
}

/// The account, if the password is its own. The store is asked by those only that have a slot: the others do not take
/// its connections.
async fn look(
    visit: &Visit<'_>,
    name: &str,
    password: &str,
    rank: Rank,
) -> Result<Result<Option<Account>, Busy>, Refusal> {
    let slot = match visit.panel.passwords.slot(visit.peer, rank).await {
        Ok(slot) => slot,
        Err(busy) => return Ok(Err(busy)),
    };
    let account = accounts::by_name(&visit.connection().await?, name).await?;
    let known = account.as_ref().map(|account| account.password.clone());
    let is_known = password.len() <= MAX_PASSWORD_BYTES && slot.matches(password, known).await;
    Ok(Ok(account.filter(|_| is_known)))
}

/// A thread that panicked here left nothing half done.
fn throttle<'v>(visit: &'v Visit<'_>) -> MutexGuard<'v, Throttle> {
    visit.panel.throttle.lock().unwrap_or_else(PoisonError::into_inner)
}
