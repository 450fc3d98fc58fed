//! The second factor: a log-in without its code is none, no code counts twice, and a lost app locks nobody out for good.

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use totp_rs::{Builder, Secret};

use super::visitor::{PASSWORD, Page, Visitor};
use super::without_worker;
use crate::cli::Cli;
use crate::harness::{DEMO, Postern, eventually};

/// How long a code is valid.
const STEP_S: u64 = 30;

/// The code that an app shows now, and the one after it.
fn codes(secret: &str) -> [String; 2] {
    let bytes: [u8; 20] = BASE32_NOPAD.decode(secret.as_bytes()).unwrap().try_into().unwrap();
    let app = Builder::new().with_secret(Secret::new_stack(bytes)).build().unwrap();
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    [0, STEP_S].map(|ahead_s| app.generate(now_s + ahead_s).to_string())
}

/// A second factor that was set up.
struct SetUp {
    used: String,
    next: String,
    recovery: Vec<String>,
}

/// Sets a second factor up.
async fn set_up(visitor: &mut Visitor) -> SetUp {
    let page = visitor.get("/second-factor").await.text;
    let secret = page.split("name=\"secret\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(page.contains("class=\"qr\"") && page.contains(&format!("<code class=\"id\">{secret}</code>")), "{page}");
    let set = async |visitor: &mut Visitor, code: &str| {
        visitor.post("/second-factor", &[("action", "set"), ("secret", &secret), ("code", code)]).await
    };
    assert_eq!(set(visitor, "none").await.status, 422);
    let [used, next] = codes(&secret);
    let page = set(visitor, &used).await;
    let recovery = page.text.split("<pre>").nth(1).unwrap_or_else(|| panic!("{}", page.text));
    let recovery: Vec<String> = recovery.split("</pre>").next().unwrap().lines().map(str::to_owned).collect();
    assert_eq!(recovery.len(), 10);
    SetUp { used, next, recovery }
}

/// Someone who has sent the right password.
async fn halfway(postern: &mut Postern) -> Visitor {
    let mut visitor = Visitor::of(postern).await;
    visitor.get("/login").await;
    let page = visitor.post("/login", &[("name", "admin"), ("password", PASSWORD), ("next", "/jobs")]).await;
    assert_eq!(page.location, "/login/code?next=%2Fjobs", "{}", page.text);
    let place = page.location;
    assert_eq!(visitor.get("/jobs").await.status, 303, "it is no session yet");
    visitor.get(&place).await;
    visitor
}

async fn pay(visitor: &mut Visitor, code: &str) -> Page {
    visitor.post("/login/code", &[("code", code), ("next", "/jobs")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_owes_its_code_and_no_code_counts_twice() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let SetUp { used, next, recovery } = set_up(&mut admin).await;
    let mut visitor = halfway(&mut postern).await;
    assert_eq!(pay(&mut visitor, "wrong").await.status, 422);
    assert_eq!(pay(&mut visitor, &used).await.status, 422, "it was taken at the set-up");
    assert_eq!(pay(&mut visitor, &next).await.location, "/jobs");
    assert_eq!(visitor.get("/jobs").await.status, 200);
    let mut other = halfway(&mut postern).await;
    assert_eq!(pay(&mut other, &next).await.status, 422);
    assert_eq!(pay(&mut other, &recovery[3].to_uppercase()).await.location, "/jobs");
    assert!(other.get("/second-factor").await.text.contains("9 recovery codes are left"));
    let mut third = halfway(&mut postern).await;
    assert_eq!(pay(&mut third, &recovery[3]).await.status, 422, "a recovery code lets in once");
    let page = other.post("/second-factor", &[("action", "off"), ("code", &recovery[0])]).await;
    assert_eq!(page.location, "/second-factor?done=saved", "{}", page.text);
    Visitor::logged_in(&mut postern).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_a_code_have_to_wait_and_the_command_takes_the_factor_away() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let SetUp { next, recovery, .. } = set_up(&mut admin).await;
    let mut guesser = halfway(&mut postern).await;
    for guess in 0..5 {
        assert_eq!(pay(&mut guesser, "wrong").await.status, 422, "guess {guess}");
    }
    // The account has to wait, whoever sends a code of the app, and even with the right one.
    let mut owner = halfway(&mut postern).await;
    let page = pay(&mut owner, &next).await;
    let wait_s: u64 = page.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(page.status == 429 && page.text.contains("Too many wrong codes"), "{}", page.text);
    assert!((1..=10).contains(&wait_s), "{wait_s}");
    assert_eq!(postern.count("SELECT wrong_codes::bigint FROM second_factors").await, 5);
    assert_eq!(pay(&mut owner, &recovery[0]).await.location, "/jobs");
    assert_eq!(pay(&mut guesser, "wrong").await.status, 422, "a right code makes the next ones free");
    let url = postern.servers().database_url.clone();
    let told = Cli::on(&url).run("account reset-second-factor admin").text();
    assert!(told.contains("the second factor is taken away"), "{told}");
    Visitor::logged_in(&mut postern).await;
    let changes = "SELECT count(*) FROM audit_log WHERE account = 'postern account' AND action = 'second-factor-off'";
    assert_eq!(postern.count(changes).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_fifty_wrong_codes_only_a_recovery_code_lets_in() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let SetUp { next, recovery, .. } = set_up(&mut admin).await;
    // A week forgets none of them.
    let earlier = "UPDATE second_factors SET wrong_codes = 49, wrong_at = now() - interval '7 days'";
    postern.sql(earlier).await;
    let locked = "SELECT count(*) FROM audit_log WHERE account = 'admin' AND action = 'second-factor-locked'";
    assert_eq!(postern.count(locked).await, 0);
    let mut visitor = halfway(&mut postern).await;
    assert_eq!(pay(&mut visitor, "wrong").await.status, 422);
    postern.sql("UPDATE second_factors SET wrong_at = now() - interval '7 days'").await;
    let page = pay(&mut visitor, &next).await;
    assert!(page.status == 422 && page.text.contains("Use a recovery code"), "{}", page.text);
    assert_eq!(postern.count(locked).await, 1);
    assert!(admin.get("/audit").await.text.contains("Second factor locked"));
    assert_eq!(pay(&mut visitor, &recovery[0]).await.location, "/jobs");
    let mut again = halfway(&mut postern).await;
    assert_eq!(pay(&mut again, &next).await.location, "/jobs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_a_code_ends_where_a_second_factor_begins() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let mut other = Visitor::logged_in(&mut postern).await;
    let SetUp { recovery, .. } = set_up(&mut admin).await;
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 1);
    assert!(other.get("/jobs").await.location.starts_with("/login"), "it was begun before");
    assert_eq!(admin.get("/jobs").await.status, 200);
    // As version 57 begins a session.
    let token = "5".repeat(64);
    let begin = "INSERT INTO sessions (token, account, expires_at)";
    let of = format!("SELECT sha256(decode('{token}', 'hex')), id, now() + interval '1 hour' FROM accounts");
    postern.sql(&format!("{begin} {of}")).await;
    other.cookies = vec![("postern-session".to_owned(), token)];
    assert!(other.get("/jobs").await.location.starts_with("/login"), "it sent no code");
    admin.post("/second-factor", &[("action", "off"), ("code", &recovery[0])]).await;
    assert_eq!(other.get("/jobs").await.status, 200, "the password alone is enough again");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_codes_at_once_begin_one_session() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let SetUp { next, recovery, .. } = set_up(&mut admin).await;
    let mut first = halfway(&mut postern).await;
    let mut second = first.moved(postern.control.address("the control listener is open").await);
    let mut connection = postern.connection().await;
    let held = connection.transaction().await.unwrap();
    held.execute("SELECT FROM second_factors FOR UPDATE", &[]).await.unwrap();
    let both_wait = async {
        eventually("both codes are looked at", async || {
            (postern.waiting_for_a_lock("%second_factors%").await == 2).then_some(())
        })
        .await;
        held.commit().await.unwrap();
    };
    let (one, other, ()) = tokio::join!(pay(&mut first, &next), pay(&mut second, &recovery[0]), both_wait);
    let mut led = [one.location, other.location];
    led.sort();
    assert_eq!(led, ["/jobs", "/login"]);
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 2, "that of the set-up, and one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_log_ins_that_owe_their_code() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    let SetUp { next, .. } = set_up(&mut admin).await;
    let mut thief = halfway(&mut postern).await;
    let new = [("old", PASSWORD), ("password", "another horse battery")];
    admin.get("/password").await;
    assert_eq!(admin.post("/password", &new).await.location, "/login");
    assert_eq!(pay(&mut thief, &next).await.location, "/login");
    assert_eq!(postern.count("SELECT count(*) FROM sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_must_have_a_second_factor_sets_it_up_first() {
    let mut postern = without_worker(DEMO).await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    admin.post("/accounts", &[("name", "olga"), ("password", PASSWORD), ("role", "editor")]).await;
    let page = admin.post("/accounts/olga/second-factor", &[("action", "require")]).await;
    assert_eq!(page.location, "/accounts?done=saved", "{}", page.text);
    assert!(admin.get("/accounts/olga").await.text.contains("must set up a second factor"));
    let mut olga = Visitor::of(&mut postern).await;
    olga.get("/login").await;
    olga.post("/login", &[("name", "olga"), ("password", PASSWORD)]).await;
    for path in ["/", "/runs", "/workflows/77/design"] {
        assert_eq!(olga.get(path).await.location, "/second-factor", "{path}");
    }
    let SetUp { recovery, .. } = set_up(&mut olga).await;
    assert_eq!(olga.get("/runs").await.status, 200);
    olga.post("/second-factor", &[("action", "off"), ("code", &recovery[0])]).await;
    assert_eq!(postern.count("SELECT count(*) FROM second_factors").await, 1, "it stays as long as it is needed");
}
