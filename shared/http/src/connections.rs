//! The connections of a listener. Accepting never stops: at a limit the oldest idle connection of the party with most
//! connections is closed, so that whoever holds many pays with its own. Strangers pay before all others, and nobody pays
//! for a party that holds as many. A connection is idle between two requests, while the rest of a header or of a body is
//! on its way, and while its peer does not read. Opening, closing and each change of a connection take logarithmic time
//! under one short lock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use tokio::sync::Notify;

use super::metrics::{Closed, ListenerMetrics};
use super::party::party;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of all addresses.
    pub total: usize,
    /// Of one.
    pub per_address: usize,
}

/// The connections of one listener.
#[derive(Debug)]
pub struct Connections {
    caps: Caps,
    /// Proxies: all callers come by them, so only the total holds for them.
    proxies: Vec<IpNet>,
    metrics: ListenerMetrics,
    table: Mutex<Table>,
}

/// A place in the table, until it is dropped.
#[derive(Debug)]
pub struct Place {
    connections: Arc<Connections>,
    party: IpAddr,
    number: u64,
    close: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Table {
    parties: HashMap<IpAddr, Party>,
    /// The parties that have idle connections, each with the moment since which its oldest is idle. The last pays.
    ranks: BTreeSet<(Weight, Reverse<u64>, IpAddr)>,
    open: HashMap<u64, Activity>,
    /// Counts what happens; stands in for the time.
    clock: u64,
}

/// What decides who pays: whether it is a stranger, then how many connections it holds.
type Weight = (bool, usize);

#[derive(Debug, Default)]
struct Party {
    is_stranger: bool,
    connections: usize,
    /// By the moment since which they are idle.
    idle: BTreeMap<u64, (u64, Arc<Notify>)>,
}

/// What an open connection does.
#[derive(Debug, Default)]
struct Activity {
    has_request: bool,
    waits_for_body: bool,
    is_stalled: bool,
    /// None: it is busy.
    idle_since: Option<u64>,
}

impl Connections {
    /// No connection yet.
    pub fn new(caps: Caps, proxies: Vec<IpNet>, metrics: ListenerMetrics) -> Self {
        Self { caps, proxies, metrics, table: Mutex::default() }
    }

    /// A place for a connection, for which an idle one may have to go; none = all are busy. A stranger is an address of
    /// which nothing can be accepted.
    pub fn open(self: &Arc<Self>, address: IpAddr, is_stranger: bool) -> Option<Place> {
        let is_proxy = self.proxies.iter().any(|network| network.contains(&address.to_canonical()));
        let party = party(address);
        let close = Arc::new(Notify::new());
        let is_stranger = is_stranger && !is_proxy;
        let mut table = self.table();
        let held = table.parties.get(&party).map_or(0, |party| party.connections);
        let has_room = (is_proxy || held < self.caps.per_address || self.close_idle_of(&mut table, party))
            && (table.open.len() < self.caps.total || self.close_for(&mut table, party, (is_stranger, held)));
        if !has_room {
            self.metrics.closed(Closed::Full);
            return None;
        }
        let number = table.tick();
        table.open.insert(number, Activity::default());
        table.change(party, |party| {
            party.is_stranger = is_stranger;
            party.connections += 1;
        });
        table.settle(party, number, &close);
        self.metrics.held(table.open.len());
        Some(Place { connections: Arc::clone(self), party, number, close })
    }

    /// Closes a connection though no limit is reached, for a descriptor; false = all are busy.
    pub fn shed(&self) -> bool {
        self.close_oldest(&mut self.table())
    }

    fn close_oldest(&self, table: &mut Table) -> bool {
        let most = table.ranks.last().map(|(_, _, party)| *party);
        most.is_some_and(|party| self.close_idle_of(table, party))
    }

    /// Closes one for another of this party: of the last in rank if that weighs more than this party does, else its own.
    fn close_for(&self, table: &mut Table, party: IpAddr, weight: Weight) -> bool {
        let last = table.ranks.last().filter(|(of_last, ..)| *of_last > weight).map(|(.., last)| *last);
        self.close_idle_of(table, last.unwrap_or(party))
    }

    fn close_idle_of(&self, table: &mut Table, party: IpAddr) -> bool {
        let oldest = table.parties.get(&party).and_then(|party| party.idle.first_key_value());
        let Some((number, close)) = oldest.map(|(_, (number, close))| (*number, Arc::clone(close))) else {
            return false;
        };
        table.remove(party, number);
        close.notify_one();
        self.metrics.closed(Closed::Idle);
        true
    }

    /// A thread that panicked here left nothing half done.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A request begins; false = the connection was chosen to be closed before.
    pub fn begin(&self) -> bool {
        self.set(|activity| activity.has_request = true)
    }

    /// The request is answered.
    pub fn end(&self) {
        self.set(|activity| activity.has_request = false);
    }

    /// The rest of the body of its request is on its way, or has come.
    pub fn wait_for_body(&self, waits: bool) {
        self.set(|activity| activity.waits_for_body = waits);
    }

    /// The peer does not read, or reads again.
    pub fn stall(&self, is_stalled: bool) {
        self.set(|activity| activity.is_stalled = is_stalled);
    }

    /// The peer did not read for too long.
    pub fn is_cut_off(&self) {
        self.connections.metrics.closed(Closed::Stalled);
    }

    /// The peer did not shake hands by TLS in time.
    pub fn is_unsecured(&self) {
        self.connections.metrics.closed(Closed::Unsecured);
    }

    /// Ends when the connection is to be closed.
    pub async fn is_to_close(&self) {
        self.close.notified().await;
    }

    fn set(&self, change: impl FnOnce(&mut Activity)) -> bool {
        let mut table = self.connections.table();
        let Some(activity) = table.open.get_mut(&self.number) else { return false };
        change(activity);
        table.settle(self.party, self.number, &self.close);
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        table.remove(self.party, self.number);
        self.connections.metrics.held(table.open.len());
    }
}

impl Table {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Puts an open connection among the idle ones, or takes it away from them.
    fn settle(&mut self, party: IpAddr, number: u64, close: &Arc<Notify>) {
        let now = self.tick();
        let Some(activity) = self.open.get_mut(&number) else { return };
        let is_busy = activity.has_request && !activity.waits_for_body && !activity.is_stalled;
        match (activity.idle_since, is_busy) {
            (None, false) => {
                activity.idle_since = Some(now);
                let close = Arc::clone(close);
                self.change(party, |party| _ = party.idle.insert(now, (number, close)));
            }
            (Some(since), true) => {
                activity.idle_since = None;
                self.change(party, |party| _ = party.idle.remove(&since));
            }
            (None, true) | (Some(_), false) => {}
        }
    }

    fn remove(&mut self, party: IpAddr, number: u64) {
        let Some(activity) = self.open.remove(&number) else { return };
        self.change(party, |party| {
            party.connections -= 1;
            activity.idle_since.and_then(|since| party.idle.remove(&since));
        });
    }

    /// Changes a party and its rank.
    fn change(&mut self, address: IpAddr, change: impl FnOnce(&mut Party)) {
        let party = self.parties.entry(address).or_default();
        let before = party.rank(address);
        change(party);
        let (after, is_gone) = (party.rank(address), party.connections == 0);
        if is_gone {
            self.parties.remove(&address);
        }
        if before != after {
            before.map(|rank| self.ranks.remove(&rank));
            after.map(|rank| self.ranks.insert(rank));
        }
    }
}

impl Party {
    fn rank(&self, address: IpAddr) -> Option<(Weight, Reverse<u64>, IpAddr)> {
        let weight = (self.is_stranger, self.connections);
        self.idle.first_key_value().map(|(oldest, _)| (weight, Reverse(*oldest), address))
    }
}

#[cfg(test)]
mod tests;
