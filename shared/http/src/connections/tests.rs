use super::*;
use crate::metrics::ConnectionMetrics;
use futures_util::FutureExt;
use prometheus::Registry;

const CAPS: Caps = Caps { total: 6, per_address: 4 };

fn connections() -> Arc<Connections> {
    let metrics = ConnectionMetrics::new(&Registry::new()).unwrap();
    let proxies = vec!["10.0.0.0/8".parse().unwrap()];
    Arc::new(Connections::new(CAPS, proxies, metrics.listener("public")))
}

fn open(connections: &Arc<Connections>, address: &str) -> Option<Place> {
    connections.open(address.parse().unwrap(), false)
}

fn open_to_stranger(connections: &Arc<Connections>, address: &str) -> Option<Place> {
    connections.open(address.parse().unwrap(), true)
}

fn is_closed(place: &Place) -> bool {
    place.is_to_close().now_or_never().is_some()
}

#[test]
fn at_the_limit_of_an_address_its_oldest_idle_connection_goes() {
    let connections = connections();
    let other = open(&connections, "192.0.2.2").unwrap();
    let mut places: Vec<_> = (0..4).map(|_| open(&connections, "192.0.2.1").unwrap()).collect();
    assert!(places[0].begin());
    places.push(open(&connections, "192.0.2.1").unwrap());
    // The first is busy; the second is the oldest that is idle, and can begin nothing more.
    assert_eq!(places.iter().map(is_closed).collect::<Vec<_>>(), [false, true, false, false, false]);
    assert!(!places[1].begin() && !is_closed(&other));
    // What was answered is idle from then on.
    places[0].end();
    places.push(open(&connections, "192.0.2.1").unwrap());
    assert!(is_closed(&places[2]) && !is_closed(&places[0]));
    assert!(places.iter().filter(|place| place.begin()).count() == 4);
    assert!(open(&connections, "192.0.2.1").is_none(), "all are busy");
    assert!(open(&connections, "192.0.2.2").is_some());
}

#[test]
fn at_the_limit_of_all_the_address_with_most_pays() {
    let connections = connections();
    let one = open(&connections, "192.0.2.1").unwrap();
    let many: Vec<_> = (0..3).map(|_| open(&connections, "192.0.2.2").unwrap()).collect();
    let two: Vec<_> = (0..2).map(|_| open(&connections, "192.0.2.3").unwrap()).collect();
    let newcomer = open(&connections, "192.0.2.4").unwrap();
    assert!(is_closed(&many[0]) && !is_closed(&one) && !two.iter().any(is_closed));
    // Two have two each: the one whose oldest is older pays.
    let next = open(&connections, "192.0.2.5").unwrap();
    assert!(is_closed(&many[1]) && ![&one, &newcomer, &next].into_iter().any(is_closed));
    // Only what is idle can go.
    assert!([&one, &newcomer, &next, &many[2], &two[0], &two[1]].into_iter().all(Place::begin));
    assert!(open(&connections, "192.0.2.6").is_none() && !connections.shed());
    newcomer.stall(true);
    assert!(open(&connections, "192.0.2.6").is_some() && is_closed(&newcomer), "who does not read is idle");
}

#[test]
fn nobody_pays_for_an_address_that_holds_as_many() {
    let connections = connections();
    let honest: Vec<_> = (0..2).map(|_| open(&connections, "192.0.2.1").unwrap()).collect();
    let many: Vec<_> = (0..4).map(|_| open(&connections, "192.0.2.2").unwrap()).collect();
    assert!(many.iter().all(Place::begin));
    // The others are the address with most idle ones, but hold fewer.
    assert!(open(&connections, "192.0.2.2").is_none() && !honest.iter().any(is_closed));
    many[3].end();
    assert!(open(&connections, "192.0.2.2").is_some() && is_closed(&many[3]) && !honest.iter().any(is_closed));
}

#[test]
fn strangers_pay_before_all_others() {
    let connections = connections();
    let caller: Vec<_> = (0..4).map(|_| open(&connections, "192.0.2.1").unwrap()).collect();
    let strangers = ["192.0.2.2", "192.0.2.3"].map(|address| open_to_stranger(&connections, address).unwrap());
    let next = open_to_stranger(&connections, "192.0.2.2").unwrap();
    assert!(is_closed(&strangers[0]) && !caller.iter().any(is_closed));
    let _another = open(&connections, "192.0.2.4").unwrap();
    let _one_more = open(&connections, "192.0.2.4").unwrap();
    assert!(is_closed(&strangers[1]) && is_closed(&next));
    assert!(open_to_stranger(&connections, "192.0.2.2").is_none() && !caller.iter().any(is_closed));
    // An address that a permission allows from now on is no stranger.
    assert!(open(&connections, "192.0.2.2").is_some() && is_closed(&caller[0]));
}

#[test]
fn a_proxy_may_take_all_and_a_network_of_ipv6_counts_as_one() {
    let connections = connections();
    let by_proxy: Vec<_> = (0..6).map(|_| open_to_stranger(&connections, "::ffff:10.0.0.1").unwrap()).collect();
    assert!(!by_proxy.iter().any(is_closed));
    drop(by_proxy);
    let network: Vec<_> = (1..6).map(|n| open(&connections, &format!("2001:db8::{n}")).unwrap()).collect();
    assert_eq!(network.iter().filter(|place| is_closed(place)).count(), 1);
}

#[test]
fn what_is_closed_leaves_nothing() {
    let connections = connections();
    for n in 0..100 {
        let places: Vec<_> = (0..4).map(|_| open(&connections, "192.0.2.1").unwrap()).collect();
        assert!(places[n % 4].begin() && connections.shed());
    }
    let table = connections.table();
    assert!(table.open.is_empty() && table.parties.is_empty() && table.ranks.is_empty());
}
