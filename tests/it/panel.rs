//! The control panel as a browser without a script sees it: who gets in, what forms do, and that what strangers post
//! is only ever text.

mod strangers;
mod visitor;

use postern_ingress::panel::{Access, ROUTES};

use crate::harness::{DEMO, Postern, eventually};
use visitor::{PASSWORD, Visitor};

async fn started(settings: &str) -> Postern {
    let mut postern = without_worker(settings).await;
    postern.start_worker().await;
    postern
}

async fn without_worker(settings: &str) -> Postern {
    Postern::with_ingress(settings, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_logged_in_is_sent_to_the_log_in_and_back() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::of(&mut postern).await;
    for route in ROUTES.iter().filter(|route| route.access == Access::Account && route.method == "GET") {
        let page = visitor.get(&route.path.replace("{}", "77")).await;
        assert_eq!(page.status, 303, "{}", route.path);
        assert!(page.location.starts_with("/login"), "{}: {}", route.path, page.location);
    }
    let page = visitor.get("/runs?state=failed").await;
    assert_eq!(page.location, "/login?next=%2Fruns%3Fstate%3Dfailed");
    visitor.get(&page.location).await;
    let fields = [("name", "admin"), ("password", PASSWORD), ("next", "/runs?state=failed")];
    assert_eq!(visitor.post("/login", &fields).await.location, "/runs?state=failed");
    assert_eq!(visitor.get("/runs?state=failed").await.status, 200);
    assert_eq!(visitor.post("/logout", &[]).await.location, "/login");
    assert_eq!(visitor.get("/runs").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_out_ends_the_session_even_for_whoever_kept_the_cookie() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let cookies = visitor.cookies.clone();
    visitor.post("/logout", &[]).await;
    visitor.cookies = cookies;
    assert_eq!(visitor.get("/runs").await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_itself_and_the_store_knows_no_token() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let token = &visitor.cookies.iter().find(|(name, _)| name == "postern-session").unwrap().1;
    assert_eq!(token.len(), 64);
    let stored = format!("SELECT count(*) FROM sessions WHERE token = decode('{token}', 'hex')");
    assert_eq!(postern.count(&stored).await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM sessions WHERE expires_at < now() + interval '13 hours'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM accounts WHERE password LIKE '$argon2id$%'").await, 1);
    postern.sql("UPDATE sessions SET expires_at = now()").await;
    assert_eq!(visitor.get("/runs").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_changes_something_refuses_a_missing_or_foreign_token() {
    let mut postern = without_worker(DEMO).await;
    let mut stranger = Visitor::of(&mut postern).await;
    stranger.get("/login").await;
    let foreign = stranger.csrf.clone();
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let mut tried = 0;
    for route in ROUTES.iter().filter(|route| route.method != "GET") {
        let path = route.path.replace("{}", "loopback");
        for fields in [vec![], vec![("csrf", "")], vec![("csrf", foreign.as_str())]] {
            let page = visitor.post_without_token(&path, &fields).await;
            assert_eq!(page.status, 403, "{path} {fields:?}");
        }
        tried += 1;
    }
    assert!(tried > 10, "only {tried} routes were tried");
    assert_eq!(postern.count("SELECT count(*) FROM audit_log").await, 0);
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_becomes_slow_and_tells_nothing() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::of(&mut postern).await;
    visitor.get("/login").await;
    let wrong = [("name", "admin"), ("password", "wrong wrong wrong")];
    for _ in 0..5 {
        let page = visitor.post("/login", &wrong).await;
        assert!(page.text.contains("do not belong together"), "{}", page.text);
    }
    let unknown = visitor.post("/login", &[("name", "nobody"), ("password", "wrong wrong wrong")]).await;
    assert!(unknown.text.contains("do not belong together"), "{}", unknown.text);
    // Even the right one has to wait now.
    let page = visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await;
    assert!(page.text.contains("Too many wrong passwords"), "{}", page.text);
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_a_link_that_makes_the_first_account_once() {
    let mut postern = Postern::without_worker(DEMO).await;
    let link = eventually("the link is printed", async || {
        let log = postern.ingress.log();
        Some(log.split("/setup?key=").nth(1)?.lines().next()?.to_owned())
    })
    .await;
    let mut visitor = Visitor::of(&mut postern).await;
    assert_eq!(visitor.get(&format!("/setup?key={}", "0".repeat(64))).await.status, 404);
    assert_eq!(visitor.get(&format!("/setup?key={link}")).await.status, 200);
    let short = [("key", link.as_str()), ("name", "olga"), ("password", "short")];
    assert!(visitor.post("/setup", &short).await.text.contains("at least 12"));
    let fields = [("key", link.as_str()), ("name", "olga"), ("password", PASSWORD)];
    assert_eq!(visitor.post("/setup", &fields).await.location, "/");
    assert_eq!(visitor.get("/runs").await.status, 200);
    assert_eq!(visitor.get(&format!("/setup?key={link}")).await.status, 404);
    assert_eq!(postern.count("SELECT count(*) FROM accounts WHERE name = 'olga'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_carry_a_policy_that_runs_no_script_but_our_own() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        let page = visitor.get(&route.path.replace("{}", "77")).await;
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        for inline in ["<script>", " style=\"", "<style", " onclick=", "javascript:", "http-equiv"] {
            assert!(!page.text.contains(inline), "{} has {inline}", route.path);
        }
        assert!(page.status < 500, "{}", route.path);
        assert!(page.text.len() < 150_000, "{}", route.path);
    }
    for (path, kind) in [("/assets/panel.css", "text/css"), ("/assets/panel.js", "text/javascript")] {
        let asset = visitor.get(path).await;
        assert!(asset.headers["content-type"].to_str().unwrap().starts_with(kind));
    }
    assert!(visitor.get("/assets/panel.js").await.text.lines().count() < 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_permission_lets_its_caller_in_until_it_is_switched_off_and_deleted() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let lead = || postern.post("/trigger?workflow_trigger=web_lead").form("lastname=Ada");
    assert_eq!(lead().send().await.status, 403);
    assert!(visitor.get("/http-handler?address=127.0.0.1").await.text.contains("is denied"));
    let page = visitor.get("/http-handler/new?address=127.0.0.1").await;
    assert!(page.text.contains("127.0.0.1</textarea>"), "{}", page.text);
    let fields = [("title", "This machine"), ("addresses", "127.0.0.1"), ("triggers", "web_lead"), ("enabled", "true")];
    let saved = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(saved.location, "/http-handler/this-machine?done=saved", "{}", saved.text);
    eventually("the caller is let in", async || (lead().send().await.status == 202).then_some(())).await;
    let page = visitor.get(&saved.location).await;
    assert!(page.text.contains("curl -i") && page.text.contains("workflow_trigger=web_lead"), "{}", page.text);
    assert!(visitor.get("/http-handler?address=127.0.0.1").await.text.contains("is let in"));

    let page = visitor.post("/http-handler/this-machine/enabled", &[("enabled", "false")]).await;
    assert_eq!(page.location, "/http-handler?done=disabled");
    eventually("the caller is refused", async || (lead().send().await.status == 403).then_some(())).await;

    let page = visitor.post("/http-handler/this-machine/delete", &[("key", "this machine")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 1);
    let page = visitor.post("/http-handler/this-machine/delete", &[("key", "this-machine")]).await;
    assert_eq!(page.location, "/http-handler?done=deleted");
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 0);
    let noted =
        "SELECT count(*) FROM audit_log WHERE account = 'admin' AND kind = 'permission' AND key = 'this-machine'";
    assert_eq!(postern.count(noted).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_caller_becomes_a_permission_in_three_clicks_and_its_next_post_is_202() {
    let mut postern = without_worker(DEMO).await;
    let lead = || postern.post("/trigger?workflow_id=77").from("127.0.0.9").form("lastname=Ada");
    assert_eq!(lead().send().await.status, 403);
    assert_eq!(lead().send().await.status, 403);
    eventually("the refusal is counted", async || {
        (postern.count("SELECT count(*) FROM rejected_callers WHERE count > 1").await == 1).then_some(())
    })
    .await;
    let private = postern.ingress.address("the private listener is open").await;
    let mut visitor = Visitor::logged_in_at(private).await;
    let page = visitor.get("/http-handler").await;
    assert!(page.text.contains("Is it a proxy"), "{}", page.text);
    let draft = page.text.split("href=\"/http-handler/new?").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = visitor.get(&format!("/http-handler/new?{draft}")).await;
    assert!(page.text.contains("127.0.0.9</textarea>"), "{}", page.text);
    let fields = [("title", "Neighbour"), ("addresses", "127.0.0.9"), ("workflows", "77"), ("enabled", "true")];
    assert_eq!(visitor.post("/http-handler/new", &fields).await.status, 303);
    let lead = || postern.post("/trigger?workflow_id=77").from("127.0.0.9").form("lastname=Ada");
    eventually("the caller is let in", async || (lead().send().await.status == 202).then_some(())).await;
    assert!(!visitor.get("/http-handler").await.text.contains("Refused callers"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_does_not_parse_is_refused_by_name_and_keeps_what_was_typed() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let fields = [
        ("title", "Office & <friends>"),
        ("addresses", "192.168.0.*\n10.0.0.300"),
        ("triggers", "web_lead"),
        ("ping", "test=test"),
    ];
    let page = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(page.status, 422);
    for expected in
        ["10.0.0.300", "is not an IP address", "Office &#38; &#60;friends&#62;", "test=test", "256 addresses"]
    {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    assert!(page.text.contains("value=\"web_lead\" checked"), "{}", page.text);
    assert_eq!(postern.count("SELECT count(*) FROM permissions").await, 0);
    let page = visitor.get("/http-handler/covers?addresses=192.168.0.*%0A10.0.0.0/33").await;
    assert!(page.text.contains("covers 192.168.0.0–192.168.0.255, 256 addresses"), "{}", page.text);
    assert!(page.text.contains("has a wrong prefix length"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_address_gets_a_short_url_that_nobody_can_guess() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let fields = [("title", "Ads"), ("addresses", "any"), ("triggers", "web_lead"), ("enabled", "true")];
    let saved = visitor.post("/http-handler/new", &fields).await;
    assert_eq!(saved.location, "/http-handler/ads?done=saved", "{}", saved.text);
    let made = "SELECT count(*) FROM permissions WHERE length(document->>'short_url') >= 22";
    assert_eq!(postern.count(made).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_run_of_a_posted_lead_is_found_with_its_path_and_its_values() {
    let mut postern = started(DEMO).await;
    let accepted = postern
        .post("/trigger?workflow_id=77&utm_source=ads")
        .form("lastname=Lovelace&email=ada@example.org&fristname=Ada");
    let accepted = accepted.send().await;
    postern.ended(&accepted).await;
    let receipt = accepted.json["receipt"].as_str().unwrap();
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let list = visitor.get("/runs?state=finished&workflow=77").await;
    assert!(list.text.contains(&format!("/receipts/{receipt}#run-1")), "{}", list.text);
    let none = visitor.get("/runs?state=failed").await;
    assert!(none.text.contains("No run is like that"), "{}", none.text);
    let page = visitor.get(&format!("/receipts/{receipt}")).await;
    for expected in [
        "<strong>usable</strong>",
        "→ yes",
        "<strong>lead</strong>",
        "Lovelace",
        "utm_source",
        "<svg",
        "loopback",
        "fristname",
        "firstname",
    ] {
        assert!(page.text.contains(expected), "{expected} is missing in {}", page.text);
    }
    let records = visitor.get("/records").await;
    assert!(records.text.contains("Lovelace") && records.text.contains("/records/1\""), "{}", records.text);
    let record = visitor.get("/records/1").await;
    assert!(record.text.contains("ada@example.org") && record.text.contains("Asked about"), "{}", record.text);
    assert_eq!(visitor.get(&format!("/search?q={receipt}")).await.location, format!("/receipts/{receipt}"));
    assert_eq!(visitor.get("/search?q=new+lead").await.location, "/workflows/77");
    assert_eq!(visitor.get("/search?q=1").await.location, "/records/1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_runs_goes_on_behind_its_last_one() {
    let mut postern = without_worker(DEMO).await;
    postern
        .sql(
            "INSERT INTO runs (receipt, workflow, version, place, state, steps, started_at)
             SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - n), 12, '0') || '7000800000000000' ||
                 lpad(to_hex(n), 4, '0'))::uuid, 77, 1, 1, 'failed', n, now() FROM generate_series(1, 120) n",
        )
        .await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let (mut path, mut seen) = ("/runs".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = visitor.get(&path).await;
        seen.extend(page.text.split("href=\"/receipts/").skip(1).map(|rest| rest[..36].to_owned()));
        path = page
            .text
            .split("href=\"/runs?")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or("")
            .replace("&#38;", "&");
        path = format!("/runs?{path}");
        assert!(page.text.contains("class=\"count\" title=\"120 runs failed"), "{}", page.text);
    }
    assert_eq!(seen.len(), 120);
    seen.dedup();
    assert_eq!(seen.len(), 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_pasted_its_fault_is_found_at_its_line_and_it_is_saved_and_drawn() {
    let mut postern = without_worker("trigger: web_lead\n").await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let right = include_str!("../../deploy/demo/workflow-77.yaml").replace('\n', "\r\n");
    let wrong = right.replace("then: lead", "then: laed");
    let page = visitor.post("/workflows/new", &[("text", &wrong), ("action", "save")]).await;
    assert_eq!(page.status, 422);
    let line = wrong.lines().position(|line| line.contains("laed")).unwrap() + 1;
    assert!(page.text.contains(&format!("<span id=\"line-{line}\" class=\"bad\">")), "{}", page.text);
    assert!(page.text.contains("and there is no such step") && page.text.contains("then: laed"), "{}", page.text);
    assert!(!page.text.contains("<svg"), "{}", page.text);
    let checked = visitor.post("/workflows/check", &[("text", &wrong)]).await;
    assert!(checked.text.contains(&format!("data-line=\"{line}\"")), "{}", checked.text);

    let page = visitor.post("/workflows/new", &[("text", &right), ("action", "check")]).await;
    assert_eq!((page.status, postern.count("SELECT count(*) FROM workflows").await), (422, 0));
    let page = visitor.post("/workflows/new", &[("text", &right), ("action", "save")]).await;
    assert_eq!(page.location, "/workflows/77?done=saved", "{}", page.text);
    let page = visitor.get(&page.location).await;
    assert!(page.text.contains("<svg") && page.text.contains(">reject</text>"), "{}", page.text);
    let other = visitor.post("/workflows/77", &[("text", &right.replace("workflow: 77", "workflow: 78"))]).await;
    assert_eq!((other.status, other.text.contains("the number cannot be changed")), (422, true));
    let again = visitor.post("/workflows/new", &[("text", &right)]).await;
    assert_eq!((again.status, again.text.contains("already")), (422, true));
    let second = visitor.post("/workflows/77", &[("text", &right.replace("title: New lead", "title: Lead"))]).await;
    assert_eq!(second.status, 303, "{}", second.text);
    assert_eq!(postern.count("SELECT version::bigint FROM workflows WHERE id = 77").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_is_made_renamed_and_deleted() {
    let mut postern = without_worker(include_str!("../../deploy/demo/workflow-77.yaml")).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    assert!(visitor.get("/triggers").await.text.contains("There are no triggers yet"));
    let wrong = visitor.post("/triggers/new", &[("trigger", "web lead"), ("title", "Web form")]).await;
    assert!(wrong.status == 422 && wrong.text.contains("may hold only letters") && wrong.text.contains("Web form"));
    assert_eq!(visitor.post("/triggers/new", &[("trigger", "web_lead"), ("title", "Web form")]).await.status, 303);
    assert!(visitor.post("/triggers/new", &[("trigger", "web_lead")]).await.text.contains("This key is taken"));
    assert!(visitor.get("/triggers").await.text.contains("New lead #77"));
    assert_eq!(visitor.post("/triggers/web_lead", &[("title", "Form")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM triggers WHERE document->>'title' = 'Form'").await, 1);
    assert_eq!(visitor.post("/triggers/web_lead/delete", &[("key", "web_lead")]).await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM triggers").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn language_and_theme_are_chosen_without_a_script() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/preferences", &[("language", "ru"), ("back", "/http-handler")]).await;
    assert_eq!(page.location, "/http-handler");
    let page = visitor.get("/http-handler").await;
    for word in ["обработчик HTTP-запросов", "Новое разрешение", "Бизнес-процессы", "Триггеры", "lang=\"ru\""]
    {
        assert!(page.text.contains(word), "{word} is missing in {}", page.text);
    }
    visitor.post("/preferences", &[("theme", "dark"), ("back", "https://evil.example/")]).await;
    assert!(visitor.get("/runs").await.text.contains("data-theme=\"dark\""));
    let away = visitor.post("/preferences", &[("theme", "light"), ("back", "//evil.example/")]).await;
    assert_eq!(away.location, "/");
}
