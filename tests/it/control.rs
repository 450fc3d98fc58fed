//! Control beside the services that carry leads: each does without the other.

use postern_control::panel::ROUTES;
use reqwest::Method;

use crate::harness::call::{Answer, Call};
use crate::harness::servers::Servers;
use crate::harness::{DEMO, Postern, TOKEN, eventually, private};
use crate::standalone::Standalone;

const PATH: &str = "/trigger?workflow_trigger=web_lead";

async fn get(address: std::net::SocketAddr, path: &str) -> Answer {
    let call = Call::new(Method::GET, address, path).header("authorization", &format!("Bearer {TOKEN}"));
    call.send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_control_changes_nothing_for_callers() {
    let mut postern = Postern::start(DEMO).await;
    let mut receipts = Vec::new();
    for n in 0..20 {
        if n == 1 {
            postern.control.kill();
        }
        let accepted = postern.post(PATH).form(format!("lastname=Lovelace&email=ada{n}@example.org")).send().await;
        assert_eq!(accepted.status, 202, "{}", accepted.text);
        receipts.push(accepted.header("location"));
    }
    for receipt in receipts {
        eventually("the submission has finished", async || {
            let found = postern.call("GET", &receipt).send().await;
            (found.json["status"] == "finished").then_some(())
        })
        .await;
    }
    assert_eq!(private(&mut postern.ingress, "/health/ready").await, (200, "ready\n".to_owned()));
    assert_eq!(private(&mut postern.workers[0], "/health/ready").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ingress_has_neither_the_panel_nor_the_api() {
    let postern = Postern::without_worker(DEMO).await;
    for listener in [postern.public(), postern.private()] {
        for path in ["/api/v1/triggers", "/api/v1/openapi.json", "/assets/panel.css"] {
            assert_eq!(get(listener, path).await.status, 404, "{path}");
        }
        for route in ROUTES.iter().filter(|route| route.method == "GET") {
            let path = route.path.replace("{}", "77");
            // A receipt with this number is unknown; a caller may ask for receipts.
            assert_eq!(get(listener, &path).await.status, 404, "{path}");
        }
    }
    assert_eq!(get(postern.control(), "/login").await.status, 200);
    assert_eq!(get(postern.control(), "/api/v1/triggers").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn control_takes_no_posts_and_keeps_its_metrics_to_its_private_listener() {
    let mut postern = Postern::without_worker(DEMO).await;
    let posted = Call::new(Method::POST, postern.control(), PATH).form("lastname=Lovelace").send().await;
    assert!(posted.status >= 400, "{}", posted.status);
    for path in ["/metrics", "/health/ready"] {
        assert_ne!(get(postern.control(), path).await.status, 200, "{path}");
    }
    assert_eq!(private(&mut postern.control, "/health/ready").await, (200, "ready\n".to_owned()));
    let metrics = private(&mut postern.control, "/metrics").await.1;
    for line in [r#"postern_ready{component="control"} 1"#, r#"postern_connections{listener="control"}"#] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("postern_http_answers_total"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_the_panel_beside_health_and_metrics() {
    let servers = Servers::new().await;
    let mut standalone = Standalone::on_with(&servers, &[]).await;
    let private_listener = standalone.process.address("the private listener is open: the control panel").await;
    assert_eq!(get(private_listener, "/login").await.status, 200);
    assert_eq!(get(private_listener, "/api/v1/triggers").await.status, 200);
    assert_eq!(get(private_listener, "/health/ready").await.text, "ready\n");
    let metrics = get(private_listener, "/metrics").await.text;
    for name in ["postern_http_answers_total", "postern_connections"] {
        assert_eq!(metrics.matches(&format!("# TYPE {name} ")).count(), 1, "{name} in\n{metrics}");
    }
    assert!(
        metrics.contains(r#"postern_ready{component="ingress"} 1"#)
            && !metrics.contains(r#"postern_ready{component="control"} 0"#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_serves_the_panel_by_a_listener_of_its_own_if_it_is_named() {
    let servers = Servers::new().await;
    let mut standalone = Standalone::on_with(&servers, &[("POSTERN_CONTROL_LISTEN", "127.0.0.1:0")]).await;
    let control = standalone.process.address("the control listener is open").await;
    assert_eq!(get(control, "/login").await.status, 200);
    assert_eq!(get(control, "/api/v1/triggers").await.status, 200);
    assert_ne!(get(control, "/metrics").await.status, 200);
    let (status, _) = private(&mut standalone.process, "/health/ready").await;
    assert_eq!(status, 200);
}
