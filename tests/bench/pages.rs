//! The control panel of an installation that has much: how long each page and each search takes, and how large pages are.

use std::fmt::Write as _;
use std::time::Instant;

use crate::Scale;
use crate::growth::with_workflows;
use crate::it::harness::{Postern, eventually};
use crate::it::panel::visitor::{PASSWORD, Visitor};
use crate::lead::PATH;
use crate::report::{Figure, Reach};

/// Leads that are really posted; the rest of the history are copies of them.
const POSTED: u64 = 5_000;

const WORKFLOWS: u64 = 1_000;
const PERMISSIONS: u64 = 10_000;

/// Looks at each page, and at each search.
const LOOKS: usize = 20;
const SEARCHES: usize = 100;

const MULTIPLY: &str = include_str!("multiply.sql");

/// What else is posted: it waits, and it starts nothing.
const MORE: &str = "
---
workflow: 78
title: Calls back
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1d}, next: end}
  end: {stop: finished}
---
trigger: nobody
title: Nobody listens
---
permission: more
addresses: 127.0.0.1
short_url: more
workflows: [78]
triggers: [nobody]
";

const PAGES: [&str; 40] = [
    "/",
    "/runs",
    "/runs?state=failed",
    "/runs?state=waiting",
    "/runs?state=held",
    "/runs?workflow=77",
    "/receipts/RECEIPT",
    "/runs/RECEIPT.1/again",
    "/search?q=ivanov",
    "/jobs",
    "/records",
    "/records?module=Leads",
    "/records/1",
    "/triggers",
    "/triggers/web_lead",
    "/workflows",
    "/workflows/77",
    "/workflows/77/versions",
    "/workflows/77/statistics",
    "/workflows/77/design",
    "/workflows/77/draft",
    "/workflows/77/try",
    "/workflows/77/delete",
    "/http-handler",
    "/http-handler?address=10.0.0.1",
    "/http-handler/loopback",
    "/http-handler/new",
    "/modules",
    "/connections",
    "/secrets",
    "/variables",
    "/dead-letters",
    "/unmatched",
    "/unmatched?target=trigger+nobody",
    "/refused",
    "/accounts",
    "/tokens",
    "/notices",
    "/forget",
    "/audit",
];

const SEARCHED: [&str; 8] = [
    "lead17@example.org",
    "+7 912 000-00-17",
    "ivanov",
    "anna ivanov",
    "anna petrov",
    "nobody@example.org",
    "127.0.0.1",
    "RECEIPT",
];

pub async fn pages(scale: Scale) -> Vec<Figure> {
    let environment = [("POSTERN_ADMIN_PASSWORD", PASSWORD)];
    let mut postern = Postern::with_ingress(&settings(), &environment).await;
    postern.start_worker().await;
    let receipt = filled(&postern, scale.history).await;
    let (mut pages, mut sizes) = (Vec::new(), Vec::new());
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for path in PAGES {
        let path = path.replace("RECEIPT", &receipt);
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            let begin = Instant::now();
            let page = visitor.get(&path).await;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
            assert_eq!(page.status, 200, "{path}: {}", page.text);
            sizes.push(page.text.len() as f64 / 1024.0);
        }
        let (median, p95) = of_all(times);
        println!("{path}: median {median:.0} ms, p95 {p95:.0} ms, {:.0} kB", sizes.last().unwrap());
        pages.push(median);
    }
    let mut searches = Vec::new();
    for text in SEARCHED {
        let url =
            reqwest::Url::parse_with_params("http://localhost/find", [("text", text.replace("RECEIPT", &receipt))]);
        let path = format!("/find?{}", url.unwrap().query().unwrap());
        let mut times = Vec::new();
        for _ in 0..SEARCHES {
            let begin = Instant::now();
            let answer = postern.api("GET", &path).send().await;
            times.push(begin.elapsed().as_secs_f64() * 1e3);
            assert_eq!(answer.status, 200, "{text}: {}", answer.json);
        }
        let (median, p95) = of_all(times);
        println!("search of {text}: median {median:.0} ms, p95 {p95:.0} ms");
        searches.push(p95);
    }
    let worst = |all: Vec<f64>| vec![all.into_iter().fold(0.0, f64::max)];
    vec![
        Figure::value(
            format!("slowest page of {} receipts, median", scale.history),
            "ms",
            worst(pages),
            Reach::AtMost(50.0),
        ),
        Figure::value("slowest search, p95", "ms", worst(searches), Reach::AtMost(50.0)),
        Figure::value("largest page", "kB", worst(sizes), Reach::AtMost(150.0)),
    ]
}

fn of_all(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() * 95 / 100])
}

fn settings() -> String {
    let mut settings = with_workflows(WORKFLOWS) + MORE;
    for n in 0..PERMISSIONS {
        let _ =
            write!(settings, "---\npermission: other-{n}\naddresses: 10.0.{}.{}\nworkflows: [77]\n", n / 250, n % 250);
    }
    settings
}

/// Posts leads and copies them; returns the receipt of one.
async fn filled(postern: &Postern, receipts: u64) -> String {
    const FIRST: [&str; 5] = ["Anna", "Ivan", "Pyotr", "Maria", "Olga"];
    const LAST: [&str; 4] = ["Ivanov", "Petrov", "Sidorov", "Smirnov"];
    let mut one = String::new();
    for n in 0..POSTED {
        let at = usize::try_from(n).unwrap();
        let email = if n % 10 == 0 { "none".to_owned() } else { format!("lead{n}@example.org") };
        let (first, last) = (FIRST[at % FIRST.len()], LAST[at / FIRST.len() % LAST.len()]);
        let form = format!("firstname={first}&lastname={last}&email={email}&phone=%2B7912{n:07}&tags[]=web");
        let path = match n % 20 {
            3 => "/more?workflow_id=78",
            7 => "/more?workflow_trigger=nobody",
            _ => PATH,
        };
        let answer = postern.post(path).form(form).send().await;
        assert_eq!(answer.status, 202, "{}", answer.json);
        answer.json["receipt"].as_str().unwrap().clone_into(&mut one);
    }
    for table in ["SELECT count(*) - 5000 FROM receipts", "SELECT count(*) FROM digest_queue"] {
        eventually(table, async || (postern.count(table).await == 0).then_some(())).await;
    }
    println!("{POSTED} leads were posted; they are copied");
    let copies = receipts / POSTED;
    let client = postern.connection().await;
    for statement in [MULTIPLY.replace("NUMBER", &copies.to_string()).as_str(), "VACUUM ANALYZE"] {
        client.batch_execute(statement).await.unwrap();
    }
    let (rows, records) =
        (postern.count("SELECT count(*) FROM receipts").await, postern.count("SELECT count(*) FROM records").await);
    println!("{rows} receipts, {records} records");
    one
}
