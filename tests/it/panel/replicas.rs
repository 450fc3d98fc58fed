//! Two processes of control on one database: each serves what the other began.

use std::net::SocketAddr;

use reqwest::header::COOKIE;

use crate::harness::call::client;
use crate::harness::process::Process;
use crate::harness::{DEMO, Postern, SOON, eventually, ready};

use super::visitor::{PASSWORD, Visitor};
use super::without_worker;

/// Another control beside that of a Postern, and where its panel is.
async fn another(postern: &Postern, environment: &[(&str, &str)]) -> (Process, SocketAddr) {
    let mut control = Process::start("postern-control", postern.servers(), environment);
    ready("the other control is ready", &mut control).await;
    let panel = control.address("the control listener is open").await;
    (control, panel)
}

/// The key in the link that a control prints.
async fn set_up_key(control: &Process) -> String {
    let key = |log: String| Some(log.split("/setup?key=").nth(1)?.get(..64)?.to_owned());
    eventually("the link is printed", async || key(control.log())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_logs_in_at_one_control_works_at_the_other() {
    let mut postern = without_worker(DEMO).await;
    let (_other, other) = another(&postern, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    // The token of a form that one made is good at the other.
    let mut elsewhere = visitor.moved(other);
    assert_eq!(elsewhere.post("/http-handler/loopback/delete", &[("key", "loopback")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 0);
    assert_eq!(visitor.get("/http-handler/loopback").await.status, 404);
    elsewhere.post("/logout", &[]).await;
    assert_eq!(visitor.get("/runs").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_one_control_is_told_by_the_other_what_has_changed() {
    let mut postern = super::started(DEMO).await;
    let (_other, other) = another(&postern, &[]).await;
    let visitor = Visitor::logged_in(&mut postern).await;
    let cookies: Vec<String> = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let live = client().get(format!("http://{other}/live?page=%2Fruns")).header(COOKIE, cookies.join("; "));
    let mut events = live.send().await.unwrap();
    let mut next = async || tokio::time::timeout(SOON, events.chunk()).await.unwrap().unwrap().unwrap();
    assert!(next().await.starts_with(b"data:changed"));
    postern.outcome("/trigger?workflow_trigger=web_lead", "lastname=Lovelace&email=ada@example.org").await;
    while !next().await.starts_with(b"data:changed") {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_one_control_printed_works_at_the_other_and_once() {
    let postern = Postern::without_worker(DEMO).await;
    let (control, other) = another(&postern, &[]).await;
    let (first, second) = (set_up_key(&postern.control).await, set_up_key(&control).await);
    assert_ne!(first, second);
    let stored = format!("SELECT count(*) FROM set_up_keys WHERE hash = decode('{first}', 'hex')");
    assert_eq!((postern.count("SELECT count(*) FROM set_up_keys").await, postern.count(&stored).await), (2, 0));
    let set_up = async |panel: SocketAddr, key: &str, name: &str| {
        let mut visitor = Visitor::at(panel);
        visitor.get(&format!("/setup?key={key}")).await;
        let page = visitor.post("/setup", &[("key", key), ("name", name), ("password", PASSWORD)]).await;
        (page.status, page.location)
    };
    // Of several people with links, one makes the account.
    let (one, two, three) = tokio::join!(
        set_up(other, &first, "olga"),
        set_up(postern.control(), &first, "igor"),
        set_up(postern.control(), &second, "anna")
    );
    let all = [one, two, three];
    assert_eq!(all.iter().filter(|(_, location)| location == "/").count(), 1, "{all:?}");
    assert_eq!(postern.count("SELECT count(*) FROM accounts").await, 1);
    for (panel, key) in [(other, &first), (other, &second), (postern.control(), &second)] {
        assert_eq!(Visitor::at(panel).get(&format!("/setup?key={key}")).await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_many_starts_are_few_and_the_latest_works() {
    let mut postern = Postern::without_worker(DEMO).await;
    postern.sql("INSERT INTO set_up_keys (hash) SELECT sha256(n::text::bytea) FROM generate_series(1, 40) n").await;
    let (control, other) = another(&postern, &[]).await;
    assert_eq!(postern.count("SELECT count(*) FROM set_up_keys").await, 16);
    let latest = set_up_key(&control).await;
    let mut visitor = Visitor::of(&mut postern).await;
    assert_eq!(visitor.get(&format!("/setup?key={latest}")).await.status, 200);
    assert_eq!(Visitor::at(other).get(&format!("/setup?key={}", set_up_key(&postern.control).await)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_at_both_controls_count_together() {
    let mut postern = without_worker(DEMO).await;
    let (_other, other) = another(&postern, &[]).await;
    let mut visitors = [Visitor::of(&mut postern).await, Visitor::at(other)];
    let mut looked_at = 0;
    for n in 0..8 {
        let visitor = &mut visitors[n % 2];
        visitor.get("/login").await;
        let page = visitor.post("/login", &[("name", "admin"), ("password", "wrong wrong wrong")]).await;
        looked_at += usize::from(page.text.contains("do not belong together"));
    }
    assert_eq!(looked_at, 5);
    for visitor in &mut visitors {
        let page = visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await;
        assert!(page.status == 429 && page.text.contains("Too many wrong passwords"), "{}", page.text);
    }
    // It is not known from the store whose name was guessed.
    assert_eq!(postern.count("SELECT count(*) FROM log_in_guesses WHERE name = 'admin'").await, 0);
    assert_eq!(postern.count("SELECT wrong::bigint FROM log_in_guesses").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_kept_in_bounds_and_a_guessed_name_stays() {
    let mut postern = without_worker(DEMO).await;
    let guessed = "INSERT INTO log_in_guesses SELECT sha256('admin'), '127.0.0.1', 20, now()";
    postern.sql(guessed).await;
    for table in [
        "log_in_guesses SELECT sha256(n::text::bytea), '192.0.2.1', 1, now()",
        "log_in_names SELECT sha256(n::text::bytea), now()",
        "log_in_callers SELECT sha256(n::text::bytea), '192.0.2.1', now() - interval '1 hour'",
    ] {
        postern.sql(&format!("INSERT INTO {table} FROM generate_series(1, 12000) n")).await;
    }
    let mut visitor = Visitor::of(&mut postern).await;
    visitor.get("/login").await;
    // The first guess of a process makes room.
    visitor.post("/login", &[("name", "nobody"), ("password", "wrong wrong wrong")]).await;
    for (table, most) in [("log_in_guesses", 10_000), ("log_in_names", 10_000), ("log_in_callers", 1_000)] {
        assert_eq!(postern.count(&format!("SELECT count(*) FROM {table}")).await, most, "{table}");
    }
    let page = visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await;
    assert!(page.text.contains("Too many wrong passwords"), "{}", page.text);
}
