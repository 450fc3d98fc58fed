//! Paths, queries, methods, addresses and settings: C4, C6, C11, C24 to C26.

use std::collections::BTreeSet;

use clap::CommandFactory;
use postern_shared::options::names;
use serde_json::{Value, json};

use super::SETTINGS;
use crate::harness::process::Process;
use crate::harness::{Postern, eventually};

const PATH: &str = "/trigger?workflow_id=900";

#[tokio::test(flavor = "multi_thread")]
async fn c4_a_short_url_is_the_same_however_it_is_written() {
    let postern = Postern::without_worker(SETTINGS).await;
    for (path, status) in [
        ("/trigger/", 202),
        ("//trigger", 202),
        ("/%74rigger", 202),
        ("/trigge%72//", 202),
        ("/Trigger", 404),
        ("/trigger%2F", 404),
        ("/trigger/x", 404),
        ("/", 404),
    ] {
        let answer = postern.post(&format!("{path}?workflow_id=900")).form("a=1").send().await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    let accepted = postern.post(PATH).form("a=1").send().await;
    let receipt = postern.call("GET", &format!("/{}/", accepted.header("location"))).send().await;
    assert_eq!(receipt.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn c6_what_is_no_selector_never_refuses_a_lead() {
    let cyrillic = SETTINGS.replace("title: P", "charset: windows-1251");
    for (settings, query, tag, altered) in [
        (SETTINGS, "utm_term=%D0%BC%D0", "м\u{fffd}", json!(["utm_term"])),
        (SETTINGS, "utm_term=a%00b&city=%CC%EE", "a\u{fffd}b", json!(["utm_term", "city"])),
        (cyrillic.as_str(), "utm_term=%CC%EE", "Мо", Value::Null),
        (cyrillic.as_str(), "utm_term=%D0%BC", "м", Value::Null),
    ] {
        let postern = Postern::start(settings).await;
        let answer = postern.post(&format!("{PATH}&{query}")).form("lastname=x").send().await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        postern.ended(&answer).await;
        let receipt = postern.call("GET", &answer.header("location")).send().await.json;
        assert_eq!(
            (&postern.records("Leads").await[0].0["tag"], &receipt["altered"]),
            (&json!(tag), &altered),
            "{query}"
        );
    }
    let postern = Postern::without_worker(SETTINGS).await;
    for query in ["workflow_id=%ff", "workflow_id=900&record_id=%D0"] {
        assert_eq!(postern.post(&format!("/trigger?{query}")).form("a=1").send().await.code(), "invalid_selector");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c11_head_and_options_are_answered_and_run_nothing() {
    let postern = Postern::without_worker(SETTINGS).await;
    for path in ["/trigger", PATH, "/trigger/?workflow_id=1&workflow_trigger=a"] {
        let head = postern.call("HEAD", path).send().await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        let options = postern.call("OPTIONS", path).send().await;
        assert_eq!((options.status, options.header("allow").as_str()), (204, "POST, HEAD, OPTIONS"), "{path}");
        assert_eq!(options.text, "");
    }
    let receipt = postern.call("OPTIONS", "/receipts/018f0000-0000-7000-8000-000000000000").send().await;
    assert_eq!((receipt.status, receipt.header("allow").as_str()), (204, "GET, HEAD, OPTIONS"));
    for method in ["HEAD", "OPTIONS"] {
        assert_eq!(postern.call(method, "/other").send().await.status, 404);
        assert_eq!(postern.call(method, "/trigger").from("127.0.0.2").send().await.status, 403);
    }
    assert_eq!(postern.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c24_any_header_of_a_proxy_from_loopback_is_refused() {
    let postern = Postern::without_worker(SETTINGS).await;
    for (header, value) in [
        ("x-real-ip", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("cf-connecting-ip", "203.0.113.9"),
        ("true-client-ip", ""),
    ] {
        let answer = postern.post(PATH).form("a=1").header(header, value).send().await;
        assert_eq!((answer.status, answer.code()), (403, "proxy_not_trusted"), "{header}");
    }
    assert_eq!(postern.queued().await, 0);
}

/// The names of all settings of all programs.
fn all_settings() -> BTreeSet<String> {
    let known = [postern_ingress::Options::command(), postern_worker::Options::command()].into_iter();
    known.chain([postern_control::Options::command()]).flat_map(|command| names::known(&command)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn c25_an_empty_variable_is_an_unset_one_for_every_setting() {
    let empty = || all_settings().into_iter().map(|name| (name, ""));
    assert!(empty().count() > 30);
    for (program, needed) in [
        ("postern-ingress", "not set, but needed: DATABASE_URL, AMQP_URL"),
        ("postern-worker", "not set, but needed: DATABASE_URL, AMQP_URL"),
        ("postern-control", "not set, but needed: DATABASE_URL"),
    ] {
        let mut process = Process::spawn(Process::command(program).envs(empty()));
        assert!(!process.ended().await);
        let log = eventually("the reason", async || Some(process.log()).filter(|log| !log.is_empty())).await;
        assert_eq!(log, format!("{program}: {needed}"));
    }
    // The settings of the command line and of `serve` are read before these two listeners are compared.
    let mut serve = Process::command("postern");
    serve.arg("serve").envs(empty()).arg("--listen=127.0.0.1:1").arg("--private-listen=127.0.0.1:1");
    let mut serve = Process::spawn(&mut serve);
    assert!(!serve.ended().await);
    eventually("the reason", async || serve.log().contains("are the same address").then_some(())).await;
    let mut receipt = Process::command("postern");
    receipt.envs(empty()).args(["receipt", "0192aaaa-0000-7000-8000-000000000000"]);
    let mut receipt = Process::spawn(&mut receipt);
    assert!(!receipt.ended().await);
    eventually("the reason", async || receipt.log().contains("POSTERN_API_TOKEN").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c26_callers_by_ipv4_are_shown_as_such_by_a_listener_of_ipv6() {
    let postern = Postern::with_ingress(SETTINGS, &[("POSTERN_LISTEN", "[::]:0")]).await;
    let port = postern.public().port();
    let send = |address: &str, headers: &[(&'static str, &str)]| {
        let call =
            crate::harness::call::Call::new(reqwest::Method::POST, format!("{address}:{port}").parse().unwrap(), PATH);
        headers.iter().fold(call.form("a=1"), |call, (name, value)| call.header(name, value))
    };
    assert_eq!(send("127.0.0.1", &[]).send().await.status, 202);
    let stranger = send("127.0.0.1", &[]).from("127.0.0.2").send().await;
    assert!(stranger.message().contains("address 127.0.0.2 "), "{}", stranger.text);
    let proxy = send("127.0.0.1", &[("x-real-ip", "203.0.113.9")]).send().await;
    assert!(proxy.message().starts_with("127.0.0.1 "), "{}", proxy.text);
    assert_eq!(send("127.0.0.1", &[]).form("{").send().await.status, 400);
    let shown =
        "SELECT (SELECT count(DISTINCT address) FROM rejected_callers WHERE address IN ('127.0.0.1', '127.0.0.2'))
        + (SELECT count(*) FROM refused_bodies WHERE address = '127.0.0.1')";
    eventually("all are written", async || (postern.count(shown).await == 3).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM rejected_callers WHERE address LIKE '::%'").await, 0);
}
