//! Requests that do not name this server: smuggled, or sent by a browser whose DNS was turned (DNS rebinding).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{SETTINGS, connect};
use crate::harness::{Postern, SOON};

/// The whole answer to a request that is sent as it is, and that must end its connection.
async fn answer(to: SocketAddr, request: &str) -> String {
    let mut stream = connect("127.0.0.1", to).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(SOON, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_one_valid_host_gets_400_from_every_listener() {
    let mut postern = Postern::start(SETTINGS).await;
    let worker = postern.workers[0].address("the private listener is open").await;
    for (listener, path) in [
        (postern.public(), "/trigger"),
        (postern.private(), "/health/live"),
        (postern.control(), "/login"),
        (worker, "/health/live"),
    ] {
        for hosts in
            ["", "host: 127.0.0.1\r\nhost: 127.0.0.1\r\n", "host: a b\r\n", "host: a/b\r\n", "host: u@127.0.0.1\r\n"]
        {
            let answer = answer(listener, &format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{hosts}\r\n")).await;
            assert_eq!(status(&answer), 400, "{path} {hosts:?}: {answer}");
        }
        let of_old = answer(listener, &format!("GET {path} HTTP/1.0\r\n\r\n")).await;
        assert_ne!(status(&of_old), 400, "{of_old}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_listener_answers_only_to_addresses_and_to_names_that_are_set() {
    let environment = [("POSTERN_PRIVATE_HOSTS", "postern.example.org,ingress")];
    let mut postern = Postern::with_ingress(SETTINGS, &environment).await;
    postern.start_worker_with(&environment).await;
    let worker = postern.workers[0].address("the private listener is open").await;
    for (listener, path) in
        [(postern.private(), "/health/live"), (postern.control(), "/login"), (worker, "/health/live")]
    {
        for (host, expected) in [
            ("127.0.0.1", 200),
            ("127.0.0.1:8081", 200),
            ("10.1.2.3:80", 200),
            ("[::1]:8081", 200),
            ("localhost:8081", 200),
            ("Ingress:8081", 200),
            ("postern.example.org", 200),
            ("attacker.example", 421),
            ("attacker.example:8081", 421),
            ("127.0.0.1.attacker.example", 421),
            ("localhost.attacker.example", 421),
            ("", 421),
        ] {
            let answer =
                answer(listener, &format!("GET {path} HTTP/1.1\r\nconnection: close\r\nhost: {host}\r\n\r\n")).await;
            assert_eq!(status(&answer), expected, "{host}: {answer}");
            assert_eq!(answer.contains("POSTERN_PRIVATE_HOSTS"), expected == 421, "{host}: {answer}");
        }
        let absolute =
            format!("GET http://attacker.example{path} HTTP/1.1\r\nconnection: close\r\nhost: 127.0.0.1\r\n\r\n");
        assert_eq!(status(&answer(listener, &absolute).await), 421);
    }
    let public = answer(postern.public(), "GET / HTTP/1.1\r\nconnection: close\r\nhost: any.example\r\n\r\n").await;
    assert_eq!(status(&public), 404, "{public}");
}
