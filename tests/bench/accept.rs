//! Accepting: from the post to the 202, nothing taken out of the queue meanwhile.

use std::net::SocketAddr;
use std::time::Duration;

use lapin::options::QueuePurgeOptions;
use lapin::{Connection, ConnectionProperties};
use postern_shared::broker::topology;
use postern_shared::lane::Lane;

use crate::Scale;
use crate::floor_accept::Floor;
use crate::it::harness::collector::Collector;
use crate::it::harness::servers::Servers;
use crate::it::harness::{DEMO, Postern, private};
use crate::report::{Figure, Reach, Rounds, peak_megabytes, quantile};
use crate::{lead, load};

/// Connections of many callers.
const MANY: usize = 256;

/// A permission whose callers sign, beside that of the demo.
const SIGNED: &str = "
permission: signed
addresses: 127.0.0.1
workflows: [77]
short_url: /signed
signature: {preset: github, secret: '$secret[\"bench\"]'}
";

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

/// Accepting where a permission asks for a signature, beside accepting the same signed posts where none is asked for.
pub async fn signed(scale: Scale) -> Vec<Figure> {
    let postern = Postern::with_ingress(DEMO, &[("POSTERN_SECRETS_KEY", &"0a".repeat(32))]).await;
    let secret = format!("{{\"value\":\"{}\"}}", load::KEY);
    assert_eq!(postern.api("PUT", "/secrets/bench").json(&secret).send().await.status, 204);
    postern.apply(SIGNED).await;
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        for (path, found) in [(lead::PATH, &mut rounds.floor), ("/signed?workflow_id=77", &mut rounds.postern)] {
            let way = load::Way { path, is_signed: true };
            let measured = load::closed_by(way, postern.public(), MANY, scale.round).await.per_second;
            empty(postern.servers()).await;
            found.push(measured);
        }
    }
    vec![Figure::ratio("accept with a signature, beside without", "posts/s", rounds, Reach::AtLeast(0.9))]
}

/// Accepting while each call is traced, beside accepting without traces. The collector is a part of this program.
pub async fn traced(scale: Scale) -> Vec<Figure> {
    let collector = Collector::start().await;
    let plain = Postern::without_worker(DEMO).await;
    let mut traced = Postern::with_ingress(DEMO, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())]).await;
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        rounds.floor.push(per_second(plain.public(), plain.servers(), scale.round).await);
        rounds.postern.push(per_second(traced.public(), traced.servers(), scale.round).await);
    }
    let metrics = private(&mut traced.ingress, "/metrics").await.1;
    let spans = |outcome: &str| {
        let name = format!("postern_trace_spans_total{{component=\"ingress\",outcome=\"{outcome}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse::<f64>().unwrap()
    };
    let sent = 100.0 * spans("sent") / (spans("sent") + spans("dropped"));
    vec![
        Figure::ratio("accept with traces, beside without", "posts/s", rounds, Reach::Anything),
        Figure::value("accept with traces, spans that are not dropped", "%", vec![sent], Reach::Anything),
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
    empty(servers).await;
    measured
}

async fn empty(servers: &Servers) {
    let connection = Connection::connect(&servers.amqp_url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for lane in Lane::SUBMISSIONS {
        channel.queue_purge(topology::queue(lane).unwrap().into(), QueuePurgeOptions::default()).await.unwrap();
    }
}
