//! What is refused is refused with a reason, counted, and visible.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cli::Cli;
use crate::harness::call::Call;
use crate::harness::{DEMO, Postern, eventually, private};

const PATH: &str = "/trigger?workflow_id=77&utm=a";

/// The lines of a command's JSON, once there are so many.
async fn listed(cli: &Cli, command: &str, count: usize) -> Vec<Value> {
    eventually("the refusals are written", async || {
        let name = if command.starts_with("refused") { "refused_bodies" } else { "rejected_callers" };
        let found = cli.items(command, name);
        (found.len() == count).then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_refused_from_a_permitted_address_is_kept_with_the_reason() {
    let mut postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    let sent = b"lastname=\xcf\xf0&x=\x1b[2J";
    assert_eq!(postern.post(PATH).form(sent).send().await.code(), "invalid_body");
    assert_eq!(postern.post(PATH).json("[1]").send().await.code(), "invalid_body");
    let large = postern.post(PATH).form(vec![b'x'; 1024 * 1024 + 1]).send().await;
    assert_eq!(large.code(), "body_too_large");
    let found = listed(&cli, "refused list", 3).await;
    assert_eq!((&found[0]["code"], &found[0]["bytes"]), (&json!("body_too_large"), &Value::Null), "{found:?}");
    assert_eq!(
        (&found[2]["query"], &found[2]["permission"]),
        (&json!("workflow_id=77&utm=••• (1)"), &json!("loopback"))
    );
    assert_eq!(found[2]["content_type"], "application/x-www-form-urlencoded");
    let id = &found[2]["id"];
    assert!(found[2]["message"].as_str().unwrap().contains("lastname"), "{found:?}");
    assert_eq!(cli.bytes(&format!("refused show {id} --raw")), sent);
    let shown = cli.run(&format!("refused show {id}")).text();
    assert!(shown.contains("x: ••• (4)") && !shown.contains('\x1b'), "{shown:?}");
    let metrics = private(&mut postern.ingress, "/metrics").await.1;
    assert!(metrics.contains("postern_refused_bodies_total{outcome=\"kept\"} 3"), "{metrics}");
    assert!(metrics.contains("postern_refused_bodies_total{outcome=\"dropped\"} 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_kept_under_the_permission_of_its_target() {
    let shop = "---\npermission: shop\naddresses: 127.0.0.1\nworkflows: [9]\n---\nworkflow: 9\ntitle: Shop\n\
        start: {without_record: true, next: end}\nsteps:\n  end: {stop: finished}\n";
    let postern = Postern::without_worker(&format!("{DEMO}\n{shop}")).await;
    for path in ["/trigger?workflow_id=9", PATH] {
        let denied = postern.post(path).header("origin", "https://shop.example").form("lastname=Ada").send().await;
        assert_eq!(denied.code(), "origin_denied");
    }
    let found = listed(&Cli::of(&postern), "refused list", 2).await;
    assert_eq!((&found[0]["permission"], &found[1]["permission"]), (&json!("loopback"), &json!("shop")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_sends_is_not_kept() {
    let postern = Postern::without_worker(DEMO).await;
    assert_eq!(postern.post(PATH).from("127.0.0.2").json("[1]").send().await.status, 403);
    assert_eq!(postern.post("/other").from("127.0.0.2").json("[1]").send().await.status, 403);
    assert_eq!(postern.post(PATH).json("[2]").send().await.status, 400);
    let found = listed(&Cli::of(&postern), "refused list", 1).await;
    assert_eq!(found[0]["bytes"], 3, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_the_reason_of_a_refusal_and_nothing_that_was_posted() {
    let postern =
        Postern::without_worker(&DEMO.replace("addresses: [127.0.0.1", "batch: true\naddresses: [127.0.0.1")).await;
    let made = postern.api("POST", "/tokens").json(r#"{"name": "looks", "role": "viewer"}"#).send().await.json;
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    let long = "ada+wants+to+be+called+back+".repeat(20);
    for (path, body, words) in [
        (PATH, "ada@example.org, call me \u{fffd}%ff", "field … is not text in UTF-8"),
        (PATH, &long, "it begins with …"),
        (PATH, "a=1&_charset_=ada@example.org", "charset … is not supported here"),
        ("/trigger?workflow_id=ada@example.org", "a=1", "workflow id … is not a whole number"),
        (PATH, r#"[{},{"ada@example.org":"\u0000"}]"#, "item 2 of the list: field … holds a NUL"),
        ("/ada@example.org", "a=1", "nothing answers on this path"),
    ] {
        let call = postern.post(path);
        let call = if body.starts_with('[') { call.json(body) } else { call.form(body) };
        assert!(call.send().await.status >= 400, "{path}");
        let seen = eventually("it is listed", async || {
            let to = postern.control();
            let list = Call::new("GET".parse().unwrap(), to, "/api/v1/refused_bodies").header("authorization", &token);
            Some(list.send().await.text).filter(|list| list.contains(words))
        })
        .await;
        assert!(!seen.contains("example.org") && !seen.contains("called back"), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_bodies_are_kept_for_a_week_and_within_a_share() {
    let postern = Postern::without_worker(DEMO).await;
    let put = "INSERT INTO refused_bodies (permission, address, code, message, query, body, refused_at)
        SELECT 'p', 'a', 'c', 'm', 'q', convert_to(repeat('x', 1048576), 'UTF8'), ";
    postern.sql(&format!("{put} now() - interval '8 days' FROM generate_series(1, 2)")).await;
    postern.sql(&format!("{put} now() FROM generate_series(1, 40)")).await;
    postern.sql(&format!("{} now() FROM generate_series(1, 10)", put.replace("'p'", "'q'"))).await;
    assert_eq!(postern.post(PATH).json("[1]").send().await.status, 400);
    eventually("the oldest are gone", async || {
        (postern.count("SELECT count(*) FROM refused_bodies").await == 31 + 10 + 1).then_some(())
    })
    .await;
    let latest = "SELECT count(*) FROM refused_bodies WHERE id = (SELECT max(id) FROM refused_bodies) AND code <> 'c'";
    assert_eq!(postern.count(latest).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_callers_are_counted_by_address_and_day() {
    let mut postern = Postern::without_worker(DEMO).await;
    let cli = Cli::of(&postern);
    for address in ["127.0.0.2", "127.0.0.3", "127.0.0.2"] {
        assert_eq!(postern.post(PATH).from(address).form("a=b").send().await.status, 403);
    }
    let found = listed(&cli, "rejected", 2).await;
    let of = |found: &[Value], address: &str| found.iter().find(|one| one["address"] == address).cloned().unwrap();
    eventually("all are counted", async || {
        let found = cli.items("rejected", "rejected_callers");
        (of(&found, "127.0.0.2")["count"] == 2).then_some(())
    })
    .await;
    let once = of(&found, "127.0.0.3");
    assert_eq!((&once["count"], &once["reason"]), (&json!(1), &json!("address_denied")), "{found:?}");
    assert!(once["last_at"].as_str().unwrap().starts_with(once["day"].as_str().unwrap()), "{found:?}");
    let forwarded = postern.post(PATH).header("x-forwarded-for", "198.51.100.1").form("a=b").send().await;
    assert_eq!(forwarded.code(), "proxy_not_trusted");
    assert_eq!(postern.post(PATH).from("127.0.0.2").form("a=b").send().await.status, 403);
    postern.ingress.terminate();
    assert!(postern.ingress.ended().await);
    let kept = "SELECT count(*) FROM rejected_callers WHERE (address, reason, count) IN
        (('127.0.0.2', 'address_denied', 3), ('127.0.0.1', 'proxy_not_trusted', 1))";
    assert_eq!(postern.count(kept).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_counts_ten_thousand_addresses_by_themselves_and_the_others_together() {
    let postern = Postern::without_worker(DEMO).await;
    let put = "INSERT INTO rejected_callers (day, address, reason, count, last_at)
        SELECT (now() AT TIME ZONE 'UTC')::date, 'n' || n, 'r', 1, now() FROM generate_series(2, 10000) AS n";
    postern.sql(put).await;
    let addresses = ["127.0.0.2", "127.0.0.3", "127.0.0.4"];
    for address in addresses.iter().chain(&addresses) {
        assert_eq!(postern.post(PATH).from(address).form("a=b").send().await.status, 403);
    }
    let new = "SELECT coalesce(sum(count), 0)::bigint FROM rejected_callers WHERE reason <> 'r'";
    eventually("all are counted", async || (postern.count(new).await == 6).then_some(())).await;
    assert_eq!(postern.count("SELECT count(*) FROM rejected_callers").await, 10_001);
    assert_eq!(postern.count("SELECT count FROM rejected_callers WHERE address = 'others'").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_is_counted_by_its_address() {
    let postern = Postern::without_worker(DEMO).await;
    let long = "x".repeat(20_000);
    let refused = [
        (&b"city=\xcc\xee"[..], "400"),
        (b"a b", "400"),
        (b"a=\"b\"", "400"),
        (b"a=<b", "400"),
        (b"a=b>", "400"),
        (b"a=\x7f", "400"),
        (long.as_bytes(), "431"),
    ];
    // These are read as they are.
    let accepted = [&b"a={b}|c"[..], "city=Москва".as_bytes(), b"a=[b]^c`d\\e", b"a='b'", b"a=b#c"];
    for (query, status) in refused.into_iter().chain(accepted.map(|query| (query, "202"))) {
        let mut stream = TcpStream::connect(postern.public()).await.unwrap();
        let rest = b" HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(&[b"POST /trigger?workflow_id=77&", query, rest].concat()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{query:?}");
    }
    // One that hangs up has sent nothing wrong.
    let mut stream = TcpStream::connect(postern.public()).await.unwrap();
    stream.write_all(b"POST /trigger HTTP/1.1\r\nhost: x").await.unwrap();
    drop(stream);
    let counted = "SELECT coalesce(sum(count), 0)::bigint FROM rejected_callers
        WHERE (address, reason) = ('127.0.0.1', 'unreadable_request')";
    eventually("they are counted", async || (postern.count(counted).await == 7).then_some(())).await;
}
