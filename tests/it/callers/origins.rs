//! Pages of other origins: C1 to C3.

use super::SETTINGS;
use crate::harness::Postern;
use crate::harness::call::Answer;

const PATH: &str = "/trigger?workflow_id=900";
const SHOP: &str = "https://shop.example";

fn with(setting: &str) -> String {
    SETTINGS.replace("title: P", setting)
}

/// A preflight, as a browser sends it (Fetch standard, 4.8).
async fn preflight(postern: &Postern, path: &str, origin: &str) -> Answer {
    let call = postern.call("OPTIONS", path).header("origin", origin).header("access-control-request-method", "POST");
    call.header("access-control-request-headers", "content-type,idempotency-key").send().await
}

/// What an answer says to a browser: the origin that may read it, and by what it varies.
fn read_by(answer: &Answer) -> (String, String) {
    (answer.header("access-control-allow-origin"), answer.header("vary"))
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_a_refused_origin_is_told_which_setting_lists_it() {
    let postern = Postern::without_worker(SETTINGS).await;
    let long = format!("https://{}.example", "x".repeat(500));
    for (origin, words) in [
        (SHOP, "add https://shop.example to `origins` of the permission"),
        ("http://127.0.0.1:8000", "add http://127.0.0.1:8000 to `origins`"),
        ("null", "serve it from a site, and list that in `origins`"),
        (&long, "xxx to `origins`"),
    ] {
        let answer = postern.post(PATH).form("a=1").header("origin", origin).send().await;
        assert_eq!((answer.status, answer.code()), (403, "origin_denied"));
        assert!(answer.message().contains(words) && answer.text.len() < 500, "{}", answer.text);
        assert_eq!(read_by(&answer), (String::new(), String::new()), "{origin}");
    }
    assert_eq!(postern.queued().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_a_plain_form_lands_on_a_page_and_a_script_gets_json() {
    let pages = "answer: {redirect: 'https://shop.example/thanks?a=b', redirect_error: 'https://shop.example/sorry'}";
    let postern = Postern::without_worker(&with(&format!("origins: {SHOP}\n{pages}"))).await;
    for (path, body, mode, status, location) in [
        (PATH, "a=1", "navigate", 303, "https://shop.example/thanks?a=b"),
        (PATH, "a=1", "", 303, "https://shop.example/thanks?a=b"),
        (PATH, "{", "navigate", 303, "https://shop.example/sorry"),
        ("/trigger?workflow_id=1", "a=1", "navigate", 303, "https://shop.example/sorry"),
        ("/trigger?workflow_id=x", "a=1", "", 303, "https://shop.example/sorry"),
        (PATH, "a=1", "cors", 202, "/receipts/"),
        (PATH, "{", "cors", 400, ""),
        ("/other", "a=1", "navigate", 404, ""),
    ] {
        let call = postern.post(path).form(body).header("origin", SHOP);
        let call = if mode.is_empty() { call } else { call.header("sec-fetch-mode", mode) };
        let answer = call.without_redirects().send().await;
        assert_eq!(answer.status, status, "{path} {body} {mode}: {}", answer.text);
        assert!(answer.header("location").starts_with(location), "{:?}", answer.headers);
        assert!(status != 303 || answer.text.is_empty(), "{}", answer.text);
    }
    assert_eq!(postern.queued().await, 3);
    let elsewhere = || postern.post(PATH).form("a=1").header("origin", "https://evil.example").without_redirects();
    assert_eq!(elsewhere().send().await.header("location"), "https://shop.example/sorry");
    assert_eq!(elsewhere().header("sec-fetch-mode", "cors").send().await.code(), "origin_denied");
    // Of several permissions at one short URL none refuses the visitor alone.
    let other = "permission: q\naddresses: 127.0.0.1\nworkflows: [900]\norigins: https://other.example\n";
    postern.apply(other).await;
    assert_eq!(elsewhere().send().await.code(), "origin_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn c3_scripts_of_a_listed_origin_may_post_and_read_and_no_others() {
    let postern = Postern::without_worker(&with(&format!("origins: [{SHOP}, 'http://127.0.0.1:8000']"))).await;
    for (path, origin, status) in [
        (PATH, SHOP, 204),
        ("/trigger/", "http://127.0.0.1:8000", 204),
        (PATH, "https://shop.example.evil.example", 403),
        (PATH, "http://shop.example", 403),
        (PATH, "null", 403),
        ("/other", SHOP, 404),
    ] {
        let answer = preflight(&postern, path, origin).await;
        assert_eq!(answer.status, status, "{path} {origin}: {}", answer.text);
        let expected = if status == 204 { (origin, "Origin") } else { ("", "") };
        assert_eq!(read_by(&answer), (expected.0.to_owned(), expected.1.to_owned()), "{origin}");
    }
    let asked = preflight(&postern, PATH, SHOP).await;
    assert_eq!(asked.header("access-control-allow-methods"), "POST");
    assert_eq!(asked.header("access-control-allow-headers"), "content-type,idempotency-key");
    assert_eq!(asked.header("access-control-allow-credentials"), "");
    for (body, status) in [(r#"{"a":1}"#, 202), ("[1]", 400)] {
        let answer = postern.post(PATH).json(body).header("origin", SHOP).send().await;
        assert_eq!((answer.status, read_by(&answer)), (status, (SHOP.to_owned(), "Origin".to_owned())));
        assert!(answer.header("access-control-expose-headers").contains("location"));
    }
    let accepted = postern.post(PATH).json("{}").send().await;
    assert_eq!(read_by(&accepted), (String::new(), String::new()));
    let receipt = postern.call("GET", &accepted.header("location")).header("origin", SHOP).send().await;
    assert_eq!(read_by(&receipt).0, SHOP);
    let asked = preflight(&postern, &accepted.header("location"), SHOP).await;
    assert_eq!((asked.status, read_by(&asked).0.as_str()), (204, SHOP));
    assert_eq!(asked.header("access-control-allow-methods"), "GET");
    assert_eq!(asked.header("access-control-allow-headers"), "content-type,idempotency-key");
    let asked = preflight(&postern, &accepted.header("location"), "https://evil.example").await;
    assert_eq!((read_by(&asked).0, asked.header("access-control-allow-methods")), (String::new(), String::new()));
    let stranger = postern.call("OPTIONS", PATH).from("127.0.0.2").header("origin", SHOP);
    let stranger = stranger.header("access-control-request-method", "POST").send().await;
    assert_eq!((stranger.status, stranger.code(), read_by(&stranger).0), (403, "address_denied", String::new()));
}
