//! Accepting: from the post to the 202, nothing taken out of the queue meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use lapin::options::QueuePurgeOptions;
use lapin::{Connection, ConnectionProperties};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;

use crate::Scale;
use crate::floor_accept::Floor;
use crate::it::harness::servers::Servers;
use crate::it::harness::{DEMO, Postern};
use crate::load;
use crate::report::{Figure, Reach, Rounds, peak_megabytes, quantile};

/// Connections of many callers.
const MANY: usize = 256;

pub async fn many(scale: Scale) -> Vec<Figure> {
    let (postern, floor) = (Postern::without_worker(DEMO).await, Floor::start().await);
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        rounds.floor.push(per_second(floor.address, &floor.servers, scale.round).await);
        rounds.postern.push(per_second(postern.public(), postern.servers(), scale.round).await);
    }
    let memory = peak_megabytes(postern.ingress.id());
    vec![
        Figure::ratio("accept, 256 connections", "posts/s", rounds, Reach::AtLeast(1.2)),
        Figure::value("accept, peak memory of the ingress", "MB", vec![memory], Reach::AtMost(40.0)),
    ]
}

pub async fn one(scale: Scale) -> Vec<Figure> {
    let (postern, floor) = (Postern::without_worker(DEMO).await, Floor::start().await);
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        rounds.floor.push(quantile(&load::closed(floor.address, 1, scale.round).await.latencies, 0.5));
        rounds.postern.push(quantile(&load::closed(postern.public(), 1, scale.round).await.latencies, 0.5));
    }
    vec![Figure::ratio("accept, 1 connection: p50", "ms", rounds, Reach::AtMost(1.15))]
}

/// Posts a second of many callers. The queues are emptied afterwards: their length is not what is measured.
pub async fn per_second(to: SocketAddr, servers: &Servers, time: Duration) -> f64 {
    let measured = load::closed(to, MANY, time).await.per_second;
    let connection = Connection::connect(&servers.amqp_url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for lane in Lane::SUBMISSIONS {
        channel.queue_purge(topology::queue(lane).unwrap().into(), QueuePurgeOptions::default()).await.unwrap();
    }
    measured
}
