//! A viewer walks every page and every operation, and sees no value.

use std::collections::BTreeSet;

use postern_control::operation::ROWS;
use postern_control::panel::{Access, ROUTES};
use postern_shared::store::accounts::Role;

use super::strict::looking;
use super::world::{MARKER, World};
use crate::harness::call::Call;
use crate::harness::{TOKEN, eventually};
use crate::panel::visitor::{PASSWORD, Visitor};

fn is_hidden(place: &str, text: &str) {
    let at = text.to_lowercase().find(MARKER);
    let around = at.map(|at| text.chars().skip(at.saturating_sub(200)).take(400).collect::<String>());
    assert!(around.is_none(), "{place}: {}", around.unwrap_or_default());
}

async fn viewer(world: &mut World) -> Visitor {
    let mut admin = Visitor::logged_in(&mut world.postern).await;
    let olga = [("name", "olga"), ("password", PASSWORD), ("role", "viewer")];
    assert_eq!(admin.post("/accounts", &olga).await.location, "/accounts?done=saved");
    let mut viewer = Visitor::of(&mut world.postern).await;
    viewer.get("/login").await;
    assert_eq!(viewer.post("/login", &[("name", "olga"), ("password", PASSWORD)]).await.location, "/");
    viewer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_no_value_in_any_operation() {
    let world = World::new().await;
    let token = format!("Bearer {}", world.token("viewer").await);
    let admin = format!("Bearer {TOKEN}");
    let (mut seen, mut holding) = (0, BTreeSet::new());
    for wanted in looking(&world) {
        let answer = wanted.call_as(&world, &token).send().await;
        assert_eq!(answer.status, 200, "{}: {}", wanted.name, answer.text);
        is_hidden(wanted.name, &answer.text);
        let whole = wanted.call_as(&world, &admin).send().await;
        holding.extend(whole.text.contains(MARKER).then_some(wanted.name));
        seen += 1;
    }
    // Otherwise it would look at nothing.
    let expected =
        ["getDeadLetter", "getPermission", "getReceipt", "getRecord", "getWorkflow", "listChanges", "listRuns"];
    assert!(expected.iter().all(|name| holding.contains(name)), "{holding:?}");
    assert!(seen >= ROWS.iter().filter(|row| row.about.role <= Some(Role::Viewer)).count());
    let to = world.postern.control();
    let revealing = Call::new("GET".parse().unwrap(), to, "/api/v1/refused_bodies/1?values=true");
    let revealing = revealing.header("authorization", &token);
    assert_eq!(revealing.send().await.code(), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_no_value_on_any_page() {
    let mut world = World::new().await;
    let mut viewer = viewer(&mut world).await;
    let mut admin = Visitor::logged_in(&mut world.postern).await;
    let mut holding = 0;
    let changes = world.postern.api("GET", "/audit_log?last=1000").send().await.json;
    let changes: Vec<String> =
        changes["changes"].as_array().unwrap().iter().map(|change| change["id"].to_string()).collect();
    assert!(changes.len() > 1);
    let keys = |path: &str| -> Vec<String> {
        match path {
            "/receipts/{}" => vec![world.receipt.clone(), world.unmatched.clone(), world.undecided[..36].to_owned()],
            "/records/{}" => vec![world.record.to_string()],
            "/triggers/{}" => vec!["web_lead".to_owned()],
            "/connections/{}" => vec!["api".to_owned()],
            "/workflows/{}" | "/workflows/{}/versions" | "/workflows/{}/statistics" | "/workflows/{}/export" => {
                ["1", "2", "4"].map(str::to_owned).to_vec()
            }
            "/http-handler/{}" => ["test", "hidden"].map(str::to_owned).to_vec(),
            "/modules/{}" => vec!["Leads".to_owned()],
            "/dead-letters/groups/{}" => vec![world.group.clone()],
            "/dead-letters/{}" => vec![world.letter.to_string(), world.unreadable.to_string()],
            "/refused/{}" => vec!["1".to_owned()],
            "/audit/{}" => changes.clone(),
            path => {
                assert!(!path.contains("{}"), "{path}: what stands there?");
                vec![String::new()]
            }
        }
    };
    for route in ROUTES.iter().filter(|route| route.method == "GET" && route.path != "/live") {
        if !matches!(route.access, Access::Account | Access::Of(Role::Viewer)) {
            continue;
        }
        for key in keys(route.path) {
            let path = route.path.replace("{}", &key);
            holding += i32::from(admin.get(&path).await.text.contains(MARKER));
            let page = viewer.get(&path).await;
            assert_eq!(page.status, 200, "{} {key}: {}", route.path, page.text);
            is_hidden(&format!("{} {key}", route.path), &page.text);
        }
    }
    assert!(holding > 10, "only {holding} pages have it for an admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_finds_a_record_by_a_full_value_only() {
    let mut world = World::new().await;
    let mut viewer = viewer(&mut world).await;
    let (record, value) = (format!("href=\"/records/{}\"", world.record), format!("n: {MARKER}"));
    let kinds = ["/receipts/", "/refused/", "/dead-letters/"].map(|kind| format!("href=\"{kind}"));
    let whole = eventually("all is digested", async || {
        let page = viewer.get(&format!("/search?q={MARKER}")).await.text;
        (page.contains(&record) && kinds.iter().all(|kind| page.contains(kind))).then_some(page)
    })
    .await;
    assert!(whole.contains("n: q••• (13)") && !whole.contains(&value), "{whole}");
    let mut admin = Visitor::logged_in(&mut world.postern).await;
    assert!(admin.get(&format!("/search?q={MARKER}")).await.text.contains(&value));
    for visitor in [&mut viewer, &mut admin] {
        let part = visitor.get(&format!("/search?q={}", &MARKER[..7])).await;
        assert!(part.status == 200 && !part.text.contains("href=\"/records/"), "{}", part.text);
    }
}
