//! Where the broker is. A URL names one node or several, and holds a password, so it never prints itself.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lapin::uri::{AMQPScheme, AMQPUri};
use percent_encoding::percent_decode_str;

use crate::tls::client::{Check, ClientTls, Files};

/// Seconds between heartbeats, at most. A peer that misses two of them is gone: a link that swallows is noticed
/// within 10 s, and the messages of a frozen worker go to others. RabbitMQ advises 5 to 20.
pub const HEARTBEAT_S: u16 = 5;

/// A parsed `amqp://user:password@host:port/vhost`. Several nodes are a list of hosts, or of whole URLs, joined by commas.
/// TLS takes the parameters of RabbitMQ's own clients: <https://www.rabbitmq.com/docs/uri-query-parameters>. Clones share
/// whose turn it is.
#[derive(Clone)]
pub struct BrokerUrl {
    nodes: Arc<[Node]>,
    turn: Arc<AtomicUsize>,
}

/// A node of the broker.
#[derive(Clone)]
pub(super) struct Node {
    pub uri: AMQPUri,
    /// None = a connection without TLS.
    pub tls: Option<ClientTls>,
}

/// Why a text is not the URL of a broker. It never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBrokerUrl {
    /// Not of the form at all.
    #[error("it does not read as amqp://user:password@host:port/vhost")]
    Malformed,
    /// A certificate and no key, or the other way round.
    #[error("certfile and keyfile go together")]
    HalfAnIdentity,
    /// Of what is to be checked.
    #[error("verify is verify_peer or verify_none")]
    Verify,
    /// A file for TLS cannot be used, or there is no CA.
    #[error("{0}")]
    Files(String),
}

impl BrokerUrl {
    /// All nodes. The node that is taken comes last. Each call begins with another node, so a process that lost its node
    /// tries the next one, and sessions spread.
    pub(super) fn in_turn(&self, taken: Option<&str>) -> impl Iterator<Item = &Node> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len();
        let turn = self.nodes[first..].iter().chain(&self.nodes[..first]);
        let (last, others): (Vec<&Node>, Vec<&Node>) = turn.partition(|node| taken == Some(&node.server()));
        others.into_iter().chain(last)
    }

    /// How many nodes it names.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
}

impl Node {
    /// Host and port, for messages.
    pub fn server(&self) -> String {
        let (host, port) = (&self.uri.authority.host, self.uri.authority.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl FromStr for BrokerUrl {
    type Err = InvalidBrokerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBrokerUrl> {
        let urls = urls(text);
        // Two in one: behind the comma begins something that is no URL of a broker.
        if urls.iter().any(|url| url.matches("://").count() != 1) {
            return Err(InvalidBrokerUrl::Malformed);
        }
        let urls = urls.into_iter().flat_map(hosts);
        let nodes = urls.map(|url| node(&url)).collect::<Result<Arc<[Node]>, _>>()?;
        // A random one: the processes of a Deployment are not all at the first node.
        let first = RandomState::new().hash_one(()) % nodes.len() as u64;
        Ok(Self { nodes, turn: Arc::new(AtomicUsize::new(usize::try_from(first).unwrap_or_default())) })
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerUrl(hidden)")
    }
}

/// The URLs of a list. A comma within a URL is no end of it.
fn urls(text: &str) -> Vec<&str> {
    let ends = text.match_indices(',').map(|(at, _)| at);
    let begins = |text: &str| ["amqp://", "amqps://"].iter().any(|scheme| text.starts_with(scheme));
    let ends = ends.filter(|at| begins(text[at + 1..].trim_start()));
    let (mut urls, mut begin) = (Vec::new(), 0);
    for end in ends.chain([text.len()]) {
        urls.push(text[begin..end].trim());
        begin = end + 1;
    }
    urls
}

/// A URL for each host of `amqp://user:password@host1:5672,host2/vhost`.
fn hosts(url: &str) -> Vec<String> {
    let begin = url.find("://").map_or(0, |at| at + 3);
    let end = url[begin..].find(['/', '?']).map_or(url.len(), |at| begin + at);
    let begin = url[begin..end].rfind('@').map_or(begin, |at| begin + at + 1);
    let (front, back) = (&url[..begin], &url[end..]);
    url[begin..end].split(',').map(|host| format!("{front}{host}{back}")).collect()
}

fn node(url: &str) -> Result<Node, InvalidBrokerUrl> {
    let mut uri: AMQPUri = url.parse().map_err(|_| InvalidBrokerUrl::Malformed)?;
    if has_no_host(url) {
        return Err(InvalidBrokerUrl::Malformed);
    }
    if let Some(address) = bracketed_host(url) {
        uri.authority.host = address.to_owned();
    }
    let asked = uri.query.heartbeat.filter(|seconds| *seconds > 0);
    uri.query.heartbeat = Some(asked.unwrap_or(HEARTBEAT_S).min(HEARTBEAT_S));
    let tls = if uri.scheme == AMQPScheme::AMQPS { Some(tls(url)?) } else { None };
    Ok(Node { uri, tls })
}

fn tls(url: &str) -> Result<ClientTls, InvalidBrokerUrl> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let parameter = |name: &str| {
        let found = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name);
        found.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
    };
    let file = |name| parameter(name).map(PathBuf::from);
    let identity = match (file("certfile"), file("keyfile")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => return Err(InvalidBrokerUrl::HalfAnIdentity),
    };
    let check = match parameter("verify").as_deref() {
        None | Some("verify_peer") => Check::IssuerAndName,
        Some("verify_none") => Check::Nothing,
        Some(_) => return Err(InvalidBrokerUrl::Verify),
    };
    ClientTls::new(check, Files { ca: file("cacertfile"), identity }).map_err(InvalidBrokerUrl::Files)
}

/// Of a list that ends with a comma, for instance: lapin would take `localhost`.
fn has_no_host(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    host.rsplit('@').next().is_none_or(|host| host.is_empty() || host.starts_with(':'))
}

/// The address in `[…]`, which the parser of lapin would silently replace by `localhost`.
fn bracketed_host(text: &str) -> Option<&str> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    let host = authority.rsplit('@').next()?;
    Some(host.strip_prefix('[')?.split_once(']')?.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn from_the_first(text: &str) -> BrokerUrl {
        let url: BrokerUrl = text.parse().unwrap();
        url.turn.store(0, Ordering::Relaxed);
        url
    }

    fn servers(text: &str) -> Vec<String> {
        from_the_first(text).in_turn(None).map(Node::server).collect()
    }

    #[test]
    fn a_url_is_parsed_once_and_never_printed() {
        let url: BrokerUrl = "amqp://postern:s3cret@rabbit:5673/tests".parse().unwrap();
        let uri = &url.in_turn(None).next().unwrap().uri;
        assert_eq!((uri.authority.host.as_str(), uri.authority.port, uri.vhost.as_str()), ("rabbit", 5673, "tests"));
        assert_eq!(format!("{url:?}"), "BrokerUrl(hidden)");
        for (text, words) in [
            ("http://postern:s3cret@rabbit", "does not read"),
            ("s3cret", "does not read"),
            ("", "does not read"),
            ("amqp://postern:s3cret@a,b,/v", "does not read"),
            ("amqp://a:s3cret@one,http://b", "does not read"),
            ("amqps://a:s3cret@one?cacertfile=/no/such.pem", "/no/such.pem cannot be read"),
            ("amqps://a:s3cret@one?certfile=/c.pem", "go together"),
            ("amqps://a:s3cret@one?verify=perhaps", "verify_peer or verify_none"),
        ] {
            let refused = text.parse::<BrokerUrl>().unwrap_err().to_string();
            assert!(refused.contains(words) && !refused.contains("s3cret"), "{text}: {refused}");
        }
    }

    #[test]
    fn several_nodes_are_a_list_of_hosts_or_of_urls() {
        for (text, expected) in [
            ("amqp://u:p@a:1,b,[::1]:3/v?heartbeat=3", vec!["a:1", "b:5672", "[::1]:3"]),
            ("amqp://u:p@a/v,amqps://u:p@b/v?verify=verify_none", vec!["a:5672", "b:5671"]),
            ("amqp://u:p@a/v, amqp://u:p@b,c/v", vec!["a:5672", "b:5672", "c:5672"]),
            ("amqp://u:p,w@a/v", vec!["a:5672"]),
            ("amqp://u:p@amqp-0,amqp-1/v", vec!["amqp-0:5672", "amqp-1:5672"]),
        ] {
            assert_eq!(servers(text), expected, "{text}");
        }
    }

    #[test]
    fn each_call_begins_with_the_next_node() {
        let url = from_the_first("amqp://a,b,c");
        let firsts = (0..4).map(|_| url.in_turn(None).next().unwrap().server()).collect::<Vec<_>>();
        assert_eq!(firsts, ["a:5672", "b:5672", "c:5672", "a:5672"]);
        assert_eq!(url.clone().in_turn(None).map(Node::server).collect::<Vec<_>>(), ["b:5672", "c:5672", "a:5672"]);
        assert_eq!(url.in_turn(Some("c:5672")).map(Node::server).collect::<Vec<_>>(), ["a:5672", "b:5672", "c:5672"]);
    }

    #[test]
    fn processes_begin_with_different_nodes() {
        let first = |_| "amqp://a,b,c".parse::<BrokerUrl>().unwrap().in_turn(None).next().unwrap().server();
        assert_eq!((0..100).map(first).collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn a_heartbeat_may_be_shorter_but_not_longer_or_off() {
        for (query, seconds) in [("", 5), ("?heartbeat=3", 3), ("?heartbeat=60", 5), ("?heartbeat=0", 5)] {
            let url: BrokerUrl = format!("amqp://rabbit/v{query}").parse().unwrap();
            assert_eq!(url.in_turn(None).next().unwrap().uri.query.heartbeat, Some(seconds), "{query}");
        }
    }
}
