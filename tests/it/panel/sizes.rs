//! No page is over 150 kB, also where there is much to show.

use std::fmt::Write;

use super::started;
use super::visitor::Visitor;

/// What a page may have at most, as it is sent without compression.
const MAX_BYTES: usize = 150 * 1024;

/// A workflow of a hundred steps in a row, and a permission for it.
fn large() -> String {
    let mut text = "permission: test\naddresses: 127.0.0.1\nworkflows: [1]\n---\nworkflow: 1\ntitle: Large\n\
                    start: {without_record: true, next: s0}\nsteps:\n"
        .to_owned();
    for at in 0..99 {
        let _ = writeln!(
            text,
            "  s{at}: {{condition: '$env[\"lastname\"] and $env[\"n\"] == \"{at}\"', then: s{next}, else: s{next}}}",
            next = at + 1
        );
    }
    text + "  s99: {stop: finished}\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_over_150_kb() {
    let mut postern = started(&large()).await;
    let form = (0..60).fold("lastname=Lovelace Ada".to_owned(), |form, n| format!("{form}&name{n}=Some Value {n}"));
    let mut receipt = String::new();
    for _ in 0..60 {
        let report = postern.outcome("/trigger?workflow_id=1", &form).await;
        report["receipt"].as_str().unwrap().clone_into(&mut receipt);
    }
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let receipt = format!("/receipts/{receipt}");
    for path in [
        "/",
        "/runs",
        "/workflows/1",
        "/workflows/new",
        "/workflows/1/design?step=s5&last=day",
        "/workflows/1/draft",
        "/workflows/1/versions",
        "/workflows/1/statistics",
        "/http-handler/new",
        "/http-handler/test",
        "/audit",
        receipt.as_str(),
    ] {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.len() < MAX_BYTES, "{path} has {} bytes", page.text.len());
    }
}

/// So many permissions and workflows that their lists have several pages.
fn many() -> String {
    let mut text = "permission: last\ntitle: The last one\naddresses: 192.0.2.9\nworkflows: [1]\n".to_owned();
    for n in 1..=350 {
        let _ = write!(
            text,
            "---\npermission: site-{n}\ntitle: Site {n}\naddresses: 10.0.0.1\nworkflows: [{n}]\n---\nworkflow: {n}\n\
             title: Flow {n}\nstart: {{without_record: true, next: end}}\nsteps:\n  end: {{stop: finished}}\n"
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_have_pages_and_a_search() {
    let mut postern = started(&many()).await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for (path, has, has_not) in [
        ("/workflows", "Flow 100", "Flow 101"),
        ("/workflows", "after=100", "after=200"),
        ("/workflows?after=100", "Flow 101", "Flow 100 "),
        ("/workflows?q=flow+349", "Flow 349", "Flow 34 "),
        ("/workflows?q=none", "Nothing was found", "Flow 1"),
        ("/http-handler", "rel=\"next\"", "Site 99<"),
        ("/http-handler?q=SITE-333", "Site 333", "Site 33<"),
        ("/http-handler?address=192.0.2.9", "The last one", "Site 99<"),
        ("/http-handler/new", "Flow 100", "Flow 101"),
        ("/http-handler/site-300", "Flow 300", "Flow 299"),
        ("/http-handler/site-300", "Others, by number or key", "Site 1<"),
    ] {
        let page = visitor.get(path).await.text;
        assert!(page.contains(has), "{path} has no {has}: {page}");
        assert!(!page.contains(has_not), "{path} has {has_not}: {page}");
        assert!(page.len() < MAX_BYTES, "{path} has {} bytes", page.len());
    }
    let typed = [
        ("permission", "office"),
        ("addresses", "192.0.2.10"),
        ("enabled", "true"),
        ("workflows", "7"),
        ("workflows", "349, 350"),
    ];
    assert_eq!(visitor.post("/http-handler/new", &typed).await.status, 303);
    let page = visitor.get("/http-handler/office").await.text;
    for chosen in ["value=\"7\" checked", "value=\"349\" checked", "value=\"350\" checked"] {
        assert!(page.contains(chosen), "{chosen} is missing in {page}");
    }
}
