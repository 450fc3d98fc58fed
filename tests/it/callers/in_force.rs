//! What is applied is in force: C27, with two ingresses.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::json;

use super::SETTINGS;
use crate::cli::Cli;
use crate::harness::call::Call;
use crate::harness::process::Process;
use crate::harness::{Postern, eventually, ready};
use crate::panel::visitor::{PASSWORD, Visitor};

/// Another ingress beside that of a Postern, and where callers reach it.
async fn another(postern: &Postern) -> (Process, SocketAddr) {
    let mut ingress = Process::start("postern-ingress", postern.servers(), &[]);
    ready("the other ingress is ready", &mut ingress).await;
    let address = ingress.address("the public listener is open").await;
    (ingress, address)
}

fn at(short_url: &str) -> String {
    format!("permission: p\naddresses: 127.0.0.1\nworkflows: [900]\nshort_url: {short_url}\n")
}

async fn status(ingress: SocketAddr, short_url: &str) -> u16 {
    let call = Call::new(Method::POST, ingress, &format!("{short_url}?workflow_id=900"));
    call.form("lastname=Lovelace").send().await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn c27_a_call_right_after_applied_finds_the_new_settings() {
    let postern = Postern::without_worker(SETTINGS).await;
    let (_process, other) = another(&postern).await;
    let cli = Cli::of(&postern);
    for number in 0..15 {
        let url = format!("/lead{number}");
        if number % 2 == 0 {
            assert_eq!(cli.run_with("apply -", &at(&url)).text(), "permission p: applied\n");
        } else {
            let put = postern.api("PUT", "/permissions/p").header("content-type", "application/yaml");
            let put = put.body(at(&url)).send().await;
            assert_eq!((put.status, &put.json["behind"]), (200, &json!([])), "{}", put.text);
        }
        assert_eq!((status(postern.public(), &url).await, status(other, &url).await), (202, 202), "{url}");
    }
    assert_eq!(postern.api("DELETE", "/permissions/p").send().await.status, 204);
    assert_eq!((status(postern.public(), "/lead14").await, status(other, "/lead14").await), (403, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn c27_an_ingress_that_stands_still_is_named() {
    let mut postern = Postern::with_ingress(SETTINGS, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let (frozen, other) = another(&postern).await;
    let cli = Cli::of(&postern);
    frozen.freeze();
    let text = cli.run_with("apply -", &at("/cold")).text();
    let named = format!("not yet in force at ingress {} ({other}), last heard from at ", host());
    assert!(text.starts_with("permission p: applied\n") && text.contains(&named), "{text}");
    assert!(!text.contains(&postern.public().to_string()), "{text}");
    assert_eq!(status(postern.public(), "/cold").await, 202);
    let again = postern.api("POST", "/apply").header("content-type", "application/yaml").body(at("/cold")).send().await;
    assert_eq!(again.json["behind"].as_array().unwrap().len(), 1, "{}", again.text);

    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.get("/http-handler/p").await;
    let on = visitor.post("/http-handler/p/enabled", &[("enabled", "false")]).await;
    let page = visitor.get(&on.location).await.text;
    assert!(page.contains("not in force everywhere yet") && page.contains(&other.to_string()), "{page}");

    frozen.thaw();
    eventually("the ingress holds the settings", async || {
        let applied = postern.api("POST", "/apply").header("content-type", "application/yaml").body(at("/cold"));
        (applied.send().await.json["behind"] == json!([])).then_some(())
    })
    .await;
    assert_eq!(status(other, "/cold").await, 202);
    let page = visitor.get(&on.location).await.text;
    assert!(!page.contains("not in force everywhere yet"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn c27_an_ingress_that_has_ended_is_not_waited_for() {
    let postern = Postern::without_worker(SETTINGS).await;
    let (mut gone, _) = another(&postern).await;
    assert_eq!(postern.count("SELECT count(*) FROM processes WHERE service = 'ingress'").await, 2);
    gone.terminate();
    assert!(gone.ended().await);
    assert_eq!(Cli::of(&postern).run_with("apply -", &at("/next")).text(), "permission p: applied\n");
    assert_eq!(postern.count("SELECT count(*) FROM processes WHERE service = 'ingress'").await, 1);
}

fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}
