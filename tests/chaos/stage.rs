//! What the leads are posted to, in one of its two forms.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::actor::Actor;
use crate::alone::Alone;
use crate::cast::Cast;
use crate::database::Database;
use crate::pair::Pair;
use crate::plan::{Form, Strike};
use crate::servers::Servers;
use crate::settings;

pub enum Stage {
    Pair(Pair),
    Alone(Alone),
}

impl Stage {
    /// Starts everything, with the settings for the leads, which reach outside at an address.
    pub async fn start(form: Form, outside: SocketAddr) -> Self {
        match form {
            Form::Pair => {
                let servers = Arc::new(Servers::boot().await);
                settings::apply(&servers.database, outside).await;
                Self::Pair(Pair { cast: Cast::start(&servers).await, servers })
            }
            Form::Alone => {
                let alone = Alone::start().await;
                settings::apply(&alone.database, outside).await;
                Self::Alone(alone)
            }
        }
    }

    /// Where clients post to.
    pub fn doors(&self) -> Vec<SocketAddr> {
        match self {
            Self::Pair(pair) => pair.cast.doors(),
            Self::Alone(alone) => vec![alone.door()],
        }
    }

    pub fn database(&self) -> Database {
        match self {
            Self::Pair(pair) => pair.servers.database.clone(),
            Self::Alone(alone) => alone.database.clone(),
        }
    }

    pub async fn harm_and_heal(&mut self, strike: &Strike) -> Vec<String> {
        match self {
            Self::Pair(pair) => pair.harm_and_heal(strike).await,
            Self::Alone(alone) => alone.harm_and_heal(strike).await,
        }
    }

    /// Those that have ended although nobody told them to are started again, and complained of.
    pub fn replace_ended(&mut self) -> Vec<String> {
        let ended = self.actors().into_iter().filter_map(|actor| actor.has_ended().then_some(actor));
        ended
            .map(|actor| {
                actor.start();
                format!("{} ended by itself", actor.name)
            })
            .collect()
    }

    /// Waits until all are ready.
    pub async fn ready(&mut self) {
        for actor in self.actors() {
            actor.ready().await;
        }
    }

    /// All went well: the logs are not wanted any more.
    pub fn forget_logs(&mut self) {
        match self {
            Self::Pair(pair) => pair.servers.forget_logs(),
            Self::Alone(alone) => alone.forget_logs(),
        }
    }

    fn actors(&mut self) -> Vec<&mut Actor> {
        match self {
            Self::Pair(pair) => pair.cast.all().collect(),
            Self::Alone(alone) => vec![&mut alone.program],
        }
    }
}
