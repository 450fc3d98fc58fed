//! A workflow is built in the designer by the keyboard alone, from an empty page until it is published, and tried before
//! with a call that comes meanwhile. A call then does what the dry run showed.

use serde_json::{Value, json};

use super::PASSWORD;
use super::driver::Browser;
use super::keyboard::ENTER;
use super::person::Person;
use crate::harness::Postern;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;

/// What may be called before there is a workflow.
const SETTINGS: &str = "trigger: web_lead\n---\npermission: test\naddresses: 127.0.0.1\ntriggers: [web_lead]\n";

/// The call that is listened for, and that is sent again when the workflow is published.
const CALL: &str = "/trigger?workflow_trigger=web_lead";
const FORM: &str = "email=ada@example.org";

const ESCAPE: &str = "\u{E00C}";

/// The most actions that the workflow may take. An action is a key that does something, a choice, or a text that is typed
/// into a field; the way to a field by the tab key is none.
const MAX_ACTIONS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_built_from_an_empty_page_by_the_keyboard_alone() {
    build("en").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_workflow_is_built_in_russian() {
    build("ru").await;
}

/// Find the contact by e-mail or create it, comment, mail, wait, ask an API.
async fn build(language: &str) {
    let (outside, mail) = (Outside::start().await, MailServer::start().await);
    let mut postern = Postern::with_ingress(SETTINGS, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let url = mail.url();
    let environment = [
        ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
        ("POSTERN_SMTP_URL", &*url),
        ("POSTERN_MAIL_FROM", "leads@example.com"),
    ];
    postern.start_worker_with(&environment).await;
    let panel = postern.control.address("the control listener is open").await;
    let browser = Browser::start(panel, language).await;
    super::pages::log_in(&browser).await;
    let english = language == "en";
    browser.go("/workflows").await;
    let mut person = Person::at(&browser);
    person.goes_to("button[data-key=n]").await;
    person.key(ENTER, "/workflows/1/design").await;

    person.types("[name=title]", "Web form").await;
    person.types("[name='start.module']", "Contacts").await;
    person.goes_to("[name='start.triggers']").await;
    person.actions.push("chooses the trigger".to_owned());
    browser.keys(" ").await;
    person.keeps().await;

    person.add(if english { "find" } else { "find_record" }, "step=").await;
    person.types("[name=find_record]", "Contacts").await;
    person.types("[name='where.name']", "email").await;
    person.types("[name='where.value']", "$env[\"email\"]").await;
    person.types("[name=store_id]", "contact").await;
    person.keeps().await;

    goes_on(&mut person, english, &outside.url("/contacts")).await;
    creates_what_is_not_found(&mut person).await;
    browser.shows(if english { "No mistakes" } else { "Ошибок нет" }).await;
    browser.keys(ESCAPE).await;
    let built = person.actions.len();
    let shown = tries(&mut person, &postern, english).await;
    assert_eq!((outside.got().len(), mail.got().len(), postern.count("SELECT count(*) FROM records").await), (0, 0, 0));
    person.actions.push("key p".to_owned());
    browser.keys("p").await;
    person.key(ENTER, "done=published").await;
    assert!(built < MAX_ACTIONS, "{built} actions: {:#?}", person.actions);
    does_what_was_shown(&postern, &shown, (&outside, &mail)).await;
    let document =
        "SELECT count(*) FROM workflow_versions WHERE workflow = 1 AND document #>> '{start,triggers,0}' = 'web_lead'";
    assert_eq!(postern.count(document).await, 1);
}

/// Listens for a call, and tries the workflow with it; returns what was shown: the steps, and everything as text.
async fn tries(person: &mut Person<'_>, postern: &Postern, english: bool) -> (Value, String) {
    let browser = person.browser;
    person.key("t", "/try").await;
    person.key("l", "since=").await;
    let called = postern.outcome(CALL, FORM).await;
    assert_eq!(called["status"], "unmatched", "nothing listens yet");
    browser.shows(if english { "A call has come" } else { "Запрос пришёл" }).await;
    assert_eq!(browser.run("return document.querySelector('[name=\"text:email\"]').value").await, "ada@example.org");
    person.key("t", "/try").await;
    browser.shows(if english { "What would happen" } else { "Что произошло бы" }).await;
    let steps = "return [...document.querySelectorAll('#tried .path > li')].map(\
        (step) => step.querySelector('div > div > strong').textContent)";
    let text = "return document.querySelector('#tried').textContent \
        + [...document.querySelectorAll('#tried pre')].map((one) => one.textContent).join(' ')";
    (browser.run(steps).await, browser.run(text).await.as_str().unwrap().to_owned())
}

/// A call does what the dry run has shown.
async fn does_what_was_shown(
    postern: &Postern,
    (steps, text): &(Value, String),
    (outside, mail): (&Outside, &MailServer),
) {
    postern.settings_are_in_force().await;
    let receipt = postern.outcome(CALL, FORM).await;
    assert_eq!(receipt["status"], "finished", "{receipt}");
    let path = receipt["runs"][0]["path"].as_array().unwrap().iter();
    assert_eq!(*steps, json!(path.map(|step| step["step"].clone()).collect::<Vec<_>>()), "{text}");
    let (mails, requests) = (mail.got(), outside.got());
    assert_eq!((mails.len(), requests.len(), postern.records("Contacts").await.len()), (1, 1, 1));
    for shown in
        ["ada@example.org", "Asked by the web form", "sales@example.org", "New contact", "Call ada@example.org"]
    {
        assert!(text.contains(shown), "{shown} is missing in {text}");
    }
    assert_eq!(
        (mails[0].header("Subject"), &*mails[0].to),
        (Some("New contact"), &["sales@example.org".to_owned()][..])
    );
    assert!(text.contains(&format!("GET {}", outside.url("/contacts"))), "{text}");
    assert_eq!(requests[0].line, "GET /contacts HTTP/1.1");
    assert_eq!(postern.count("SELECT count(*) FROM comments WHERE text = 'Asked by the web form'").await, 1);
}

/// Comment, mail, wait, ask an API.
async fn goes_on(person: &mut Person<'_>, english: bool, api: &str) {
    person.add(if english { "comm" } else { "comment" }, "edit=1").await;
    person.types("[name=comment]", "Asked by the web form").await;
    person.types("[name=record]", "$env[\"contact\"]").await;
    person.keeps().await;

    person.add("mail", "edit=1").await;
    person.types("[name=send_mail]", "sales@example.org").await;
    person.types("[name=subject]", "New contact").await;
    person.types("[name=text]", "Call $env[\"email\"]").await;
    person.keeps().await;

    person.add("delay", "edit=1").await;
    person.types("[name=delay]", "1s").await;
    person.keeps().await;

    person.add("http", "edit=1").await;
    person.types("[name=http_request]", api).await;
    person.keeps().await;
}

/// Back to the search, by its card: what is not found is created, and then commented on as well.
async fn creates_what_is_not_found(person: &mut Person<'_>) {
    let browser = person.browser;
    let find = browser.run("return document.querySelectorAll('.card-link')[1].dataset.step").await;
    let find = find.as_str().unwrap().to_owned();
    let arrow = "\u{E013}";
    for _ in 0..4 {
        person.actions.push("arrow up".to_owned());
        browser.keys(arrow).await;
    }
    assert_eq!(browser.run("return document.activeElement.dataset.step").await, find.as_str());
    // The form is open, and its first field has the focus.
    person.key(ENTER, "edit=1").await;
    assert_eq!(browser.run("return document.activeElement.name").await, "find_record");
    browser.keys(ESCAPE).await;
    person.add("create", "edit=1").await;
    person.types("[name=create_record]", "Contacts").await;
    person.types("[name='fields.name']", "email").await;
    person.types("[name='fields.value']", "$env[\"email\"]").await;
    person.types("[name=unique]", "$env[\"email\"]").await;
    person.types("[name=store_id]", "contact").await;
    person.keeps().await;
    let comment =
        browser.run("return document.querySelector('.card-link[aria-label*=\"comment\"]').dataset.step").await;
    for output in ["created", "existing"] {
        person.key("c", "connect=1").await;
        let chosen = browser.run("return document.querySelector('[name=output]').value").await;
        assert_eq!(chosen, output);
        person.goes_to("[name=to]").await;
        person.actions.push("chooses the comment".to_owned());
        browser
            .keys(&comment.as_str().unwrap()[..comment.as_str().unwrap().char_indices().nth(2).map_or(2, |(at, _)| at)])
            .await;
        assert_eq!(browser.run("return document.querySelector('[name=to]').value").await, comment);
        person.key(ENTER, "step=").await;
    }
}
