//! Whether this process should get traffic: exactly while what is posted would be accepted. Not ready says why, in words
//! for the operator.

use postern_shared::clock::WrongClock;
use postern_shared::store::migrate;

use crate::spool::Unfit;
use crate::state::State;

/// Why this process should get no traffic.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// It is told to stop.
    #[error("shutting down")]
    ShuttingDown,
    /// Without settings everybody would be a stranger.
    #[error("no settings yet: {0}")]
    NoSettings(String),
    /// What is accepted could not be kept.
    #[error("{0}")]
    Clock(WrongClock),
    /// There is no broker, and the spool takes nothing.
    #[error("there is no broker, and the spool takes nothing: {0}")]
    Spool(Unfit),
    /// The broker takes nothing, and the spool neither.
    #[error("the broker takes no messages, and the spool takes nothing either: {0}")]
    BrokerAndSpool(Unfit),
}

/// Why this process should get no traffic, or nothing. Whether the spool takes anything is looked at only if it is the
/// only way: with a broker that takes messages it may be full, or its database away.
pub async fn unready(state: &State) -> Option<Unready> {
    if state.is_draining() {
        return Some(Unready::ShuttingDown);
    }
    if !state.has_settings() {
        return Some(Unready::NoSettings(no_settings(state).await));
    }
    if let Err(wrong) = state.clock.check_now() {
        return Some(Unready::Clock(wrong));
    }
    if state.broker_takes() {
        return None;
    }
    let unfit = state.spool.unfit().await?;
    Some(if state.publisher.is_some() { Unready::BrokerAndSpool(unfit) } else { Unready::Spool(unfit) })
}

async fn no_settings(state: &State) -> String {
    let checked = async { migrate::check(&state.store.connection().await?).await };
    match checked.await {
        Err(error) => match state.refused_on_disk() {
            Some(refused) => format!("{error}; {refused}"),
            None => error.to_string(),
        },
        Ok(()) => "they are being loaded".into(),
    }
}
