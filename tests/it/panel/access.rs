//! Who gets in, how a session ends, and that no form works without its token.

use postern_control::panel::{Access, ROUTES};
use postern_shared::store::accounts::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{DEMO, Postern, eventually};

use super::visitor::{PASSWORD, Visitor};
use super::without_worker;

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
async fn another_account_may_do_least_unless_somebody_chooses() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for page in ["/accounts", "/tokens"] {
        let page = visitor.get(page).await.text;
        assert!(page.contains("value=\"viewer\" checked"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_changes_something_refuses_a_missing_or_foreign_token() {
    let mut postern = without_worker(DEMO).await;
    let mut stranger = Visitor::of(&mut postern).await;
    stranger.get("/login").await;
    let foreign = stranger.csrf.clone();
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let noted = postern.count("SELECT count(*) FROM audit_log").await;
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
    assert_eq!(postern.count("SELECT count(*) FROM audit_log").await, noted);
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
        let log = postern.control.log();
        Some(log.split("/setup?key=").nth(1)?.get(..64)?.to_owned())
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
async fn an_account_that_may_only_look_sees_pages_and_changes_nothing() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let short = [("name", "olga"), ("password", "short"), ("role", "viewer")];
    assert!(admin.post("/accounts", &short).await.text.contains("at least 12"));
    let olga = [("name", "olga"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(admin.post("/accounts", &olga).await.location, "/accounts?done=saved");
    assert!(admin.post("/accounts", &olga).await.text.contains("There is an account of this name"));

    let mut reader = Visitor::of(&mut postern).await;
    reader.get("/login").await;
    assert_eq!(reader.post("/login", &[("name", "olga"), ("password", PASSWORD)]).await.location, "/");
    let page = reader.get("/http-handler").await;
    assert!(page.status == 200 && !page.text.contains("href=\"/http-handler/new"), "{}", page.text);
    let mut tried = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Of(_))) {
        let path = route.path.replace("{}", "loopback");
        let page = if route.method == "POST" { reader.post(&path, &[]).await } else { reader.get(&path).await };
        assert_eq!(page.status, 403, "{} {path}", route.method);
        tried += 1;
    }
    assert!(tried > 15, "only {tried} routes were tried");
    assert!(ROUTES.iter().filter(|route| route.method == "POST").all(|route| match route.path {
        "/login" | "/login/code" | "/setup" | "/preferences" => route.access == Access::Open,
        "/logout" | "/password" | "/second-factor" | "/workflows/check" | "/modules/check" => {
            route.access == Access::Account
        }
        path if ["/accounts", "/tokens", "/notices", "/forget"].iter().any(|admins| path.starts_with(admins)) => {
            route.access == Access::Of(Role::Admin)
        }
        _ => route.access == Access::Of(Role::Editor),
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_changes_settings_and_reaches_neither_accounts_nor_tokens() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    admin.post("/accounts", &[("name", "egon"), ("password", PASSWORD), ("role", "editor")]).await;
    let mut editor = Visitor::of(&mut postern).await;
    editor.get("/login").await;
    editor.post("/login", &[("name", "egon"), ("password", PASSWORD)]).await;
    editor.get("/runs").await;
    for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Of(_))) {
        let path = route.path.replace("{}", "none");
        let page = if route.method == "POST" { editor.post(&path, &[]).await } else { editor.get(&path).await };
        assert_eq!(
            page.status == 403,
            route.access == Access::Of(Role::Admin),
            "{} {path}: {}",
            route.method,
            page.status
        );
    }
    let made = editor.post("/triggers/new", &[("trigger", "other")]).await;
    assert_eq!(made.location, "/triggers?done=saved", "{}", made.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_account_that_may_change_anything_stays() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let page = visitor.post("/accounts/admin/delete", &[("key", "admin")]).await;
    assert!(page.status == 422 && page.text.contains("must stay"), "{}", page.text);
    let page = visitor.post("/accounts/admin/role", &[("role", "viewer")]).await;
    assert!(page.status == 422 && page.text.contains("must stay"), "{}", page.text);
    visitor.post("/accounts", &[("name", "olga"), ("password", PASSWORD), ("role", "admin")]).await;
    assert_eq!(visitor.post("/accounts/admin/delete", &[("key", "admin")]).await.location, "/accounts?done=deleted");
    assert_eq!(visitor.get("/runs").await.status, 303);
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE kind = 'account'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_sessions_and_only_it_opens() {
    let mut postern = without_worker(DEMO).await;
    let mut thief = Visitor::logged_in(&mut postern).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let new = "another horse battery";
    let wrong = visitor.post("/password", &[("old", "wrong wrong wrong"), ("password", new)]).await;
    assert!(wrong.status == 422 && wrong.text.contains("present password is another"), "{}", wrong.text);
    assert_eq!(visitor.post("/password", &[("old", PASSWORD), ("password", new)]).await.location, "/login");
    assert_eq!(thief.get("/runs").await.status, 303);
    visitor.get("/login").await;
    assert_eq!(visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await.status, 200);
    assert_eq!(visitor.post("/login", &[("name", "admin"), ("password", new)]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_begins_a_session_of_its_own() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::of(&mut postern).await;
    let planted = "0".repeat(64);
    visitor.cookies.push(("postern-session".to_owned(), planted.clone()));
    visitor.get("/login").await;
    visitor.post("/login", &[("name", "admin"), ("password", PASSWORD)]).await;
    let sessions: Vec<_> = visitor.cookies.iter().filter(|(name, _)| name == "postern-session").collect();
    assert!(sessions.len() == 1 && sessions[0].1 != planted && sessions[0].1.len() == 64, "{sessions:?}");
    visitor.cookies = vec![("postern-session".to_owned(), planted)];
    assert_eq!(visitor.get("/runs").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_holds_a_password_or_a_token() {
    let mut postern = without_worker(DEMO).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    visitor.post("/login", &[("name", "admin"), ("password", "wrong wrong wrong")]).await;
    let made = visitor.post("/tokens", &[("name", "ci")]).await;
    let token = made.text.split("<pre>postern-").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
    let log = postern.control.log();
    assert!(log.contains("control listener"), "{log}");
    for secret in [PASSWORD, "wrong wrong wrong", &token, &visitor.csrf, &visitor.cookies[0].1] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_is_not_on_the_public_listener() {
    let mut postern = without_worker(DEMO).await;
    for route in ROUTES {
        let answer = postern.call(route.method, &route.path.replace("{}", "77")).send().await;
        assert!(!answer.text.contains("<html") && answer.status >= 400, "{}: {}", route.path, answer.status);
    }
    let private = postern.control.address("the control listener is open").await;
    let mut stream = tokio::net::TcpStream::connect(private).await.unwrap();
    stream.write_all(b"CONNECT 127.0.0.1:1 HTTP/1.1\r\nhost: 127.0.0.1:1\r\n\r\n").await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 404", "{}", postern.control.log());
    assert!(!postern.control.log().contains("panicked"), "{}", postern.control.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_only_look_sees_the_shapes_of_what_was_posted_and_no_value() {
    let mut postern = super::started(DEMO).await;
    let form = "lastname=Lovelace&email=ada@example.org&fax=secret-number";
    let accepted = postern.post("/trigger?workflow_id=77&utm=secret-source").form(form).send().await;
    postern.ended(&accepted).await;
    assert_eq!(postern.post("/trigger?workflow_id=77").form(*b"fax=secret-number&x=%FF").send().await.status, 400);
    let letter = r#"{"submissions": [{"env": {"fax": "secret-number"}, "wrong": 1}]}"#;
    postern.servers().publish("submissions.v1", letter.as_bytes()).await;
    for table in ["refused_bodies", "dead_letters"] {
        let count = format!("SELECT count(*) FROM {table}");
        eventually(table, async || (postern.count(&count).await == 1).then_some(())).await;
    }
    let mut admin = Visitor::logged_in(&mut postern).await;
    admin.post("/accounts", &[("name", "olga"), ("password", PASSWORD), ("role", "viewer")]).await;
    let mut reader = Visitor::of(&mut postern).await;
    reader.get("/login").await;
    reader.post("/login", &[("name", "olga"), ("password", PASSWORD)]).await;
    let receipt = format!("/receipts/{}", accepted.json["receipt"].as_str().unwrap());
    for (path, all_see) in [(receipt.as_str(), false), ("/refused/1", true), ("/dead-letters/1", false)] {
        let page = reader.get(path).await;
        assert!(page.text.contains("fax") && page.text.contains("s••• (13)"), "{path}: {}", page.text);
        assert!(!page.text.contains("secret-"), "{path}: {}", page.text);
        // An admin asks for the values of a refused body.
        assert_eq!(admin.get(path).await.text.contains("secret-number"), !all_see, "{path}");
    }
    assert!(!reader.get("/refused/1").await.text.contains("Show values"));
    assert_eq!(reader.post("/refused/1/values", &[]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_tab_that_leads_nowhere() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    for role in ["viewer", "editor"] {
        admin.get("/accounts").await;
        admin.post("/accounts", &[("name", role), ("password", PASSWORD), ("role", role)]).await;
        let mut visitor = Visitor::of(&mut postern).await;
        visitor.get("/login").await;
        visitor.post("/login", &[("name", role), ("password", PASSWORD)]).await;
        let page = visitor.get("/http-handler").await.text;
        let navs = page.split("<nav").skip(1).filter_map(|nav| nav.split("</nav>").next());
        let links: Vec<&str> =
            navs.flat_map(|nav| nav.split("href=\"").skip(1)).filter_map(|l| l.split('"').next()).collect();
        assert!(links.contains(&"/modules") && !links.contains(&"/accounts"), "{role}: {links:?}");
        for link in links {
            assert_eq!(visitor.get(link).await.status, 200, "{role}: {link}");
        }
    }
    assert!(admin.get("/http-handler").await.text.contains("href=\"/accounts\""));
}
