//! Forms of pages that an action has answered with: where they are sent.

use crate::harness::{DEMO, eventually};

use super::started;
use super::visitor::{Page, Visitor};

/// Where the form with this button is sent from a page of this path.
fn action(page: &Page, path: &str, button: &str) -> String {
    let mut forms = page.text.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
    let form = forms.find(|form| form.contains(button)).unwrap_or_else(|| panic!("{}", page.text));
    let tag = form.split('>').next().unwrap();
    tag.split("action=\"").nth(1).map_or(path, |rest| rest.split('"').next().unwrap()).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_is_read_again_after_its_values_were_shown() {
    let mut postern = started(DEMO).await;
    // Windows-1251, which nobody has named.
    let body: &[u8] = b"lastname=\xcb\xe0\xe2&email=ada@example.org";
    let refused = postern.post("/trigger?workflow_id=77").form(body).send().await;
    assert_eq!(refused.status, 400, "{}", refused.json);
    eventually("it is kept", async || (postern.count("SELECT count(*) FROM refused_bodies").await == 1).then_some(()))
        .await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    let values = "/refused/1/values";
    let mut page = visitor.post(values, &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mut path = action(&page, values, "Read again");
    // A charset that is none, shown again, and then the right one.
    page = visitor.post(&path, &[("charset", "latin-17")]).await;
    assert_eq!(page.status, 422, "{}", page.text);
    path = action(&page, &path, "Read again");
    page = visitor.post(&path, &[("charset", "windows-1251")]).await;
    assert!(page.location.starts_with("/receipts/"), "{} {}", page.status, page.text);
    let record = async || postern.records("Leads").await.into_iter().next();
    let record = eventually("the lead is there", record).await;
    assert_eq!(record.get("lastname").unwrap(), "Лав");
}
