//! Leaves a primary that another server has succeeded. A primary that was cut off or frozen keeps its sessions: they read
//! what is old, and their commits hang. An operator may have promoted a standby meanwhile.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::Servers;
use crate::store::connecting;

/// Between two questions to the other servers.
const EVERY: Duration = Duration::from_secs(5);

/// Looks for a successor for as long as somebody uses the servers.
pub async fn watch(servers: Weak<Servers>) {
    loop {
        sleep(EVERY).await;
        let Some(servers) = servers.upgrade() else { return };
        servers.leave_if_succeeded().await;
    }
}

impl Servers {
    /// Ends all sessions if another server has a newer timeline than what was seen.
    async fn leave_if_succeeded(&self) {
        let (last, seen) = (self.lock().last.clone(), *self.seen.borrow());
        let Some((last, seen)) = last.zip(seen) else { return };
        let reached = self.reach_others(Some(&last), Some(seen)).await.into_iter().flatten();
        let newer = reached.filter(|reached| reached.position.is_some_and(|position| position.succeeds(&seen)));
        let Some(newest) = newer.max_by_key(|reached| reached.position) else { return };
        let left = connecting::server(&self.configs[last.at]);
        let server = connecting::server(&self.configs[newest.place.at]);
        tracing::warn!(%server, %left, "another server of postgresql is the primary now; sessions with the old one end");
        self.lock().last = Some(newest.place);
        self.saw(newest.position);
    }
}
