//! An admin forgets a person: what would be removed is shown before, and a report stays.

use crate::harness::Postern;

use super::started;
use super::visitor::Visitor;

const SETTINGS: &str = "permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: make}
steps: {make: {create_record: Leads, fields: {firstname: '$env[\"firstname\"]', lastname: '$env[\"lastname\"]'}}}
";

async fn post(postern: &Postern, form: &str) -> String {
    let receipt = postern.outcome("/trigger?workflow_id=1", form).await;
    receipt["receipt"].as_str().unwrap().to_owned()
}

/// The value of a hidden field.
fn hidden<'p>(page: &'p str, name: &str) -> &'p str {
    page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap().split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_shown_before_it_is_forgotten_and_others_stay() {
    let mut postern = started(SETTINGS).await;
    let ada = post(&postern, "firstname=Ada&lastname=Lovelace").await;
    let bob = post(&postern, "firstname=Ada&lastname=King&partner=Lovelace").await;
    let mut admin = Visitor::logged_in(&mut postern).await;
    assert!(admin.get("/forget").await.text.contains("None yet"));
    let asked = admin.post("/forget", &[("texts", "Ada Lovelace\n")]).await;
    assert!(asked.status == 200 && asked.text.contains(&format!("href=\"/receipts/{ada}\"")), "{}", asked.text);
    assert!(!asked.text.contains(&bob), "{}", asked.text);
    assert_eq!(postern.count("SELECT count(*) FROM forgettings").await, 0);
    let (found, rows) = (hidden(&asked.text, "found").to_owned(), hidden(&asked.text, "rows").to_owned());
    let wrong = [("texts", "Ada Lovelace"), ("found", &found), ("rows", &rows), ("action", "forget"), ("key", "Ada")];
    let wrong = admin.post("/forget", &wrong).await;
    assert!(wrong.status == 422 && wrong.text.contains("aria-invalid"), "{}", wrong.text);
    assert_eq!(postern.count("SELECT count(*) FROM forgettings").await, 0);
    let fields = [("texts", "Ada Lovelace"), ("action", "forget"), ("key", "Ada Lovelace")];
    let done = admin.post("/forget", &fields).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/forget?done=forgotten"), "{}", done.text);
    let page = admin.get(&done.location).await.text;
    assert!(page.contains("Submissions 1") && page.contains("Records 1") && !page.contains("not finished"), "{page}");
    let left = "SELECT count(*) FROM receipts WHERE env::text LIKE '%Lovelace%' AND env::text LIKE '%King%'";
    assert_eq!(postern.count(left).await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM receipts WHERE env::text LIKE '%Lovelace%'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM records WHERE fields::text LIKE '%(forgotten)%'").await, 1);
    assert_eq!(postern.count("SELECT count(*) FROM audit_log WHERE kind = 'person' AND account = 'admin'").await, 1);
    for texts in ["", " \n ", "---"] {
        assert_eq!(admin.post("/forget", &[("texts", texts)]).await.status, 422, "{texts}");
    }
}
