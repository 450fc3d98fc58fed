//! Whether a name and a password belong together, for a caller that may be guessing.

use std::time::{Duration, Instant, SystemTime};

use postern_shared::store::accounts::{self, Account};
use postern_shared::store::{self, Connection, StoreError, second_factors};

use super::code::{Secret, recovery_hash};
use super::password::{MAX_PASSWORD_BYTES, Place, Rank};
use super::reply::Refusal;
use super::throttle::NoCode;
use super::visit::Visit;
use super::{guesses, throttle};

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

/// Checks them. A guess counts from before its password is looked at, also when its caller does not wait for the answer. It
/// takes its place among the passwords under way first: so few guesses at once are counted in the store.
pub async fn check(visit: &Visit<'_>, name: &str, password: &str) -> Result<Checked, Refusal> {
    let (guesses, pair) = (&visit.panel.guesses, guesses::pair(name, visit.peer));
    if let Some(wait) = guesses.refused(&pair, Instant::now()) {
        return Ok(Checked::Wait(wait));
    }
    let is_known = visit.account.is_some() || guesses.is_known(&pair).await;
    let rank = if is_known { Rank::Known } else { Rank::Stranger };
    let Ok(place) = visit.panel.passwords.place(visit.peer, rank) else { return Ok(Checked::Busy) };
    let counted = match guesses.count(&pair).await? {
        Ok(counted) => counted,
        Err(wait) => return Ok(Checked::Wait(wait)),
    };
    if let Some(account) = look(visit, place, name, password).await? {
        guesses.pass(&pair, &counted).await?;
        return Ok(Checked::Right(account));
    }
    let wait_s = throttle::wait_after(counted.wrong).as_secs();
    tracing::warn!(peer = %visit.peer, wait_s, "a wrong password was sent to the control panel");
    Ok(Checked::Wrong)
}

/// What came of the code of a second factor.
#[derive(Debug)]
pub enum CheckedCode {
    /// It is right, and taken: it is right no second time.
    Right,
    /// It is wrong, or was taken already.
    Wrong,
    /// Nobody looked.
    Not(NoCode),
}

/// Checks a code of the app or a recovery code. Wrong codes of the app are counted by account wherever they come from:
/// whoever guesses has the password already. Recovery codes are not slowed down: nobody guesses one, and the owner of the
/// account has to get in beside somebody who guesses.
pub async fn check_code(visit: &Visit<'_>, (id, name): (i64, &str), typed: &str) -> Result<CheckedCode, Refusal> {
    let mut connection = visit.connection().await?;
    let checked = match recovery_hash(typed) {
        Some(hash) if second_factors::take_code(&connection, id, &hash).await? => CheckedCode::Right,
        Some(_) => CheckedCode::Wrong,
        None => check_app(&mut connection, (id, name), typed).await?,
    };
    if matches!(checked, CheckedCode::Wrong) {
        tracing::warn!(peer = %visit.peer, "a wrong code of a second factor was sent to the control panel");
    }
    Ok(checked)
}

async fn check_app(connection: &mut Connection, of: (i64, &str), typed: &str) -> Result<CheckedCode, StoreError> {
    let transaction = store::begin(connection).await?;
    let Some(standing) = second_factors::standing(&transaction, of.0).await? else { return Ok(CheckedCode::Wrong) };
    let (wrong, is_last) = match throttle::judge_code(standing.wrong, standing.since_last) {
        Ok(judged) => judged,
        Err(why) => return Ok(CheckedCode::Not(why)),
    };
    let step = Secret::stored(standing.factor.secret).step(typed, SystemTime::now());
    match step.filter(|step| *step > standing.factor.last_step) {
        Some(step) => {
            second_factors::take_step(transaction, of.0, step).await?;
            Ok(CheckedCode::Right)
        }
        None => {
            second_factors::count_wrong(transaction, of, wrong, is_last).await?;
            Ok(CheckedCode::Wrong)
        }
    }
}

/// The account, if the password is its own. The store is asked by those only that have a slot: the others do not take
/// its connections.
async fn look(visit: &Visit<'_>, place: Place, name: &str, password: &str) -> Result<Option<Account>, Refusal> {
    let Ok(slot) = visit.panel.passwords.slot(place).await else { return Err(Refusal::TooBusy) };
    let account = accounts::by_name(&visit.connection().await?, name).await?;
    let known = account.as_ref().map(|account| account.password.clone());
    let is_right = password.len() <= MAX_PASSWORD_BYTES && slot.matches(password, known).await;
    Ok(account.filter(|_| is_right))
}
