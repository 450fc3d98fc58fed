//! The processes of the pair: two ingresses and three workers, each with links of its own to the servers.

use std::net::SocketAddr;

use crate::actor::Actor;
use crate::clock::Clock;
use crate::link::{Link, Mode};
use crate::logs::Logs;
use crate::plan::{INGRESSES, WORKERS, Way};
use crate::processes::free_address;

/// Where the servers are. `links`: a proxy stands before each of the two servers.
pub struct Urls {
    pub database: String,
    pub amqp: String,
    pub links: Option<[SocketAddr; 2]>,
}

/// All of them.
pub struct Cast {
    pub ingresses: Vec<Actor>,
    pub workers: Vec<Actor>,
    links: Vec<(Way, Link)>,
}

impl Cast {
    /// Starts them all, and returns when all are ready.
    pub async fn start(urls: &Urls, logs: &Logs, clock: Option<&Clock>) -> Self {
        let mut cast = Self { ingresses: Vec::new(), workers: Vec::new(), links: Vec::new() };
        for number in 1..=INGRESSES {
            let public = free_address();
            cast.links.push((Way::ClientIngress, Link::to(public).await));
            let mut environment = cast.link(urls, Way::IngressPostgres, Way::IngressRabbitmq).await;
            environment.push(("POSTERN_LISTEN", public.to_string()));
            let (name, binary) = (format!("ingress {number}"), "postern-ingress");
            cast.ingresses.push(Actor::new(name, binary, environment, &["POSTERN_PRIVATE_LISTEN"], logs, clock));
        }
        for number in 1..=WORKERS {
            let environment = cast.link(urls, Way::WorkerPostgres, Way::WorkerRabbitmq).await;
            let (name, binary) = (format!("worker {number}"), "postern-worker");
            cast.workers.push(Actor::new(name, binary, environment, &["POSTERN_PRIVATE_LISTEN"], logs, clock));
        }
        cast.all().for_each(Actor::start);
        for actor in cast.all() {
            actor.ready().await;
        }
        cast
    }

    /// Where clients reach the ingresses.
    pub fn doors(&self) -> Vec<SocketAddr> {
        self.of(Way::ClientIngress).map(|door| door.address).collect()
    }

    /// What the links of one way do with what is sent.
    pub fn set(&self, way: Way, mode: Mode) {
        self.of(way).for_each(|link| link.set(mode));
    }

    pub fn all(&mut self) -> impl Iterator<Item = &mut Actor> {
        self.ingresses.iter_mut().chain(&mut self.workers)
    }

    fn of(&self, way: Way) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |(of, _)| *of == way).map(|(_, link)| link)
    }

    /// The way of one process to both servers.
    async fn link(&mut self, urls: &Urls, postgres: Way, rabbitmq: Way) -> Vec<(&'static str, String)> {
        let mut environment = vec![("DATABASE_URL", urls.database.clone()), ("AMQP_URL", urls.amqp.clone())];
        if let Some(servers) = urls.links {
            for (((_, url), server), way) in environment.iter_mut().zip(servers).zip([postgres, rabbitmq]) {
                let link = Link::within(url, server).await;
                self.links.push((way, link));
            }
        }
        environment
    }
}
