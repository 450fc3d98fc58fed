//! The floor of accepting: a bare warp route that parses the form and does one confirmed publish per request. It
//! checks nobody's address, keeps no limits and makes no bundles.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Connection, ConnectionProperties};
use postern_shared::broker::topology;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use warp::Filter;
use warp::http::StatusCode;

use crate::it::harness::servers::Servers;

/// Channels to the broker; more were not faster.
const CHANNELS: usize = 8;

/// The floor as a process of its own, as the ingress is one; killed when dropped.
pub struct Floor {
    pub address: SocketAddr,
    pub servers: Servers,
    child: Child,
}

impl Floor {
    pub async fn start() -> Self {
        let servers = Servers::new().await;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--floor-server", &servers.amqp_url])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), servers, child }
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves, and says where on standard output.
pub async fn serve(amqp_url: &str) {
    let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await.unwrap();
    let mut channels = Vec::new();
    for _ in 0..CHANNELS {
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        channels.push(channel);
    }
    topology::declare(&channels[0]).await.unwrap();
    let (channels, turn) = (Arc::new(channels), Arc::new(AtomicUsize::new(0)));
    let form = form();
    let route = warp::post().and(warp::path!("trigger")).and(form).then(move |pairs: Vec<(String, String)>| {
        let channel = channels[turn.fetch_add(1, Ordering::Relaxed) % CHANNELS].clone();
        async move {
            let fields: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name, value.into())).collect();
            let body = serde_json::to_vec(&fields).unwrap();
            let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
            let properties = properties.with_delivery_mode(2);
            let lane = topology::LANE_DEFAULT.into();
            let sent = channel.basic_publish(topology::EXCHANGE.into(), lane, options, &body, properties);
            assert!(sent.await.unwrap().await.unwrap().is_ack());
            let answer = warp::reply::json(&json!({"receipt": Uuid::now_v7(), "status": "accepted"}));
            warp::reply::with_status(answer, StatusCode::ACCEPTED)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    warp::serve(route).incoming(listener).run().await;
}

#[expect(clippy::disallowed_methods, reason = "the floor has no limits")]
fn form() -> impl Filter<Extract = (Vec<(String, String)>,), Error = warp::Rejection> + Clone {
    warp::body::form()
}
