//! A draft is tried on a page of its own, with a call that comes while the page listens.

use super::visitor::Visitor;
use super::without_worker;
use crate::harness::{DEMO, Postern, eventually};

const TRY: &str = "/workflows/77/try";

async fn start() -> (Postern, Visitor) {
    let mut postern = without_worker(&DEMO.replace("active: true", "active: false")).await;
    postern.start_worker().await;
    let visitor = Visitor::logged_in(&mut postern).await;
    (postern, visitor)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_comes_while_a_page_listens_becomes_the_test_data() {
    let (postern, mut visitor) = start().await;
    let earlier = postern.outcome("/trigger?workflow_trigger=web_lead", "lastname=Earlier&email=e@example.org").await;
    assert_eq!(earlier["status"], "unmatched", "the workflow is not active");
    let listening = visitor.post("/workflows/77/listen", &[]).await.location;
    assert!(listening.starts_with(&format!("{TRY}?since=")), "{listening}");
    let page = visitor.get(&listening).await;
    assert!(page.text.contains("Waiting for a call") && page.text.contains("data-live"), "{}", page.text);
    assert!(page.text.contains("POST http://"), "{}", page.text);
    for shown in ["/trigger?workflow_trigger=web_lead</code>", "A permission must admit the caller first"] {
        assert!(page.text.contains(shown), "{shown} is missing in {}", page.text);
    }
    let lead = "lastname=Lovelace&email=ada@example.org&tags[]=a&tags[]=b";
    let called = postern.outcome("/trigger?workflow_trigger=web_lead", lead).await;
    let page = visitor.get(&listening).await;
    for shown in ["A call has come", "value=\"Lovelace\"", "name=\"json:tags\"", called["receipt"].as_str().unwrap()] {
        assert!(page.text.contains(shown), "{shown} is missing in {}", page.text);
    }
    // It stays the test data of the account.
    assert!(visitor.get(TRY).await.text.contains("value=\"Lovelace\""));
    let receipt = called["receipt"].as_str().unwrap();
    let typed = [("receipt", receipt), ("text:lastname", "Byron"), ("json:tags", "[\"c\"]"), ("until", "")];
    let page = visitor.post(TRY, &typed).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for shown in ["What would happen", "would be", "Byron", "Asked about c", "New record"] {
        let is_there = page.text.contains(shown);
        assert_eq!(is_there, shown != "would be", "{shown}: {}", page.text);
    }
    // What was typed goes along with the next try, which stops sooner.
    assert!(page.text.contains("value=\"Byron\""), "{}", page.text);
    let more = [("receipt", receipt), ("object", r#"{"lastname": "Hopper", "age": 36}"#), ("until", "lead")];
    let page = visitor.post(TRY, &more).await;
    for shown in ["value=\"Hopper\"", "name=\"json:age\"", "stopped at the step"] {
        assert!(page.text.contains(shown), "{shown} is missing in {}", page.text);
    }
    assert_eq!(postern.count("SELECT count(*) FROM records").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_made_from_a_call_and_tried_with_it() {
    let (postern, mut visitor) = start().await;
    let called = postern.outcome("/trigger?workflow_trigger=web_lead", "name=Lovelace&E-Mail=ada@example.org").await;
    let made = visitor.post(&format!("/receipts/{}/workflow", called["receipt"].as_str().unwrap()), &[]).await;
    assert!(made.location.starts_with("/workflows/78/design?step="), "{} {}", made.location, made.text);
    let page = visitor.get(&made.location).await;
    assert!(page.text.contains("No mistakes") && page.text.contains("web_lead"), "{}", page.text);
    assert!(
        !page.text.contains("No trigger starts") && !page.text.contains("None of the latest calls"),
        "{}",
        page.text
    );
    assert!(visitor.get("/workflows/78/try").await.text.contains("value=\"Lovelace\""));
    let receipt = called["receipt"].as_str().unwrap();
    let page = visitor.post("/workflows/78/try", &[("receipt", receipt)]).await;
    assert!(page.text.contains("<strong>New record</strong> Leads"), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_tells_which_names_nobody_posts_and_that_no_trigger_starts_it() {
    let (postern, mut visitor) = start().await;
    postern.outcome("/trigger?workflow_id=77", "emial=ada@example.org&lastname=Lovelace").await;
    let page = visitor.get("/workflows/77/design").await.text;
    assert!(page.contains("None of the latest calls had: <code>email</code> (→ <code>emial</code>?)"), "{page}");
    assert!(!page.contains("No trigger starts"), "{page}");
    let text = include_str!("../../../deploy/demo/workflow-77.yaml").replace("  triggers: [web_lead]\n", "");
    visitor.post("/workflows/77/draft", &[("text", &text)]).await;
    let page = visitor.get("/workflows/77/design").await.text;
    assert!(page.contains("No trigger starts this workflow") && page.contains("No mistakes"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_draft_or_a_value_stands_on_the_page() {
    let (postern, mut visitor) = start().await;
    let page = visitor.post(TRY, &[("object", "[1]")]).await;
    assert_eq!((page.status, page.text.contains("A value that was no text is no JSON")), (422, true), "{}", page.text);
    let page = visitor.post(TRY, &[("record", "none")]).await;
    assert_eq!((page.status, page.text.contains("This is not the number of a record")), (422, true), "{}", page.text);
    let fields = [("action", "add"), ("step", "note"), ("output", "next"), ("task", "comment")];
    visitor.post("/workflows/77/design", &fields).await;
    let page = visitor.post(TRY, &[]).await;
    assert_eq!((page.status, page.text.contains("The draft has mistakes")), (422, true), "{}", page.text);
    let mut connection = postern.connection().await;
    let holding = connection.transaction().await.unwrap();
    holding.execute("LOCK TABLE records", &[]).await.unwrap();
    visitor.post("/workflows/77/discard", &[]).await;
    let lead = [("object", r#"{"lastname": "Lovelace", "email": "ada@example.org"}"#)];
    let page = visitor.post(TRY, &lead).await;
    assert_eq!((page.status, page.text.contains("the record is busy")), (422, true), "{}", page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_listens_is_told_when_a_call_comes() {
    let (mut postern, mut visitor) = start().await;
    let listening = visitor.post("/workflows/77/listen", &[]).await.location;
    let panel = postern.control.address("the control listener is open").await;
    let cookies: Vec<String> = visitor.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let page = reqwest::Url::parse_with_params(&format!("http://{panel}/live"), [("page", &listening)]).unwrap();
    let mut events = reqwest::Client::new().get(page).header("cookie", cookies.join("; ")).send().await.unwrap();
    // The first event comes at once: whatever happened before is not missed.
    let first = events.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("data:changed"), "{first:?}");
    postern.outcome("/trigger?workflow_trigger=web_lead", "lastname=Lovelace").await;
    let second = eventually("an event comes", async || events.chunk().await.unwrap()).await;
    assert!(String::from_utf8_lossy(&second).contains("data:changed"), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_listens_tells_of_a_call_that_was_refused() {
    let (postern, mut visitor) = start().await;
    let listening = visitor.post("/workflows/77/listen", &[]).await.location;
    assert!(!visitor.get(&listening).await.text.contains("A call was refused"));
    let refused = postern.post("/trigger?workflow_trigger=web%20lead").form("lastname=Lovelace").send().await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let page = eventually("the page tells of it", async || {
        let page = visitor.get(&listening).await.text;
        page.contains("A call was refused since you listen").then_some(page)
    })
    .await;
    assert!(page.contains("<a href=\"/refused/") && page.contains("workflow_trigger cannot be used"), "{page}");
    assert!(page.contains("data-live"), "it goes on to listen: {page}");
}
