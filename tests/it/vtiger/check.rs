//! `connection check` names what is wrong with a connection to vtiger, mistake by mistake.

use std::net::TcpListener;
use std::time::Duration;

use postern_vtiger::{Fault, Front, Variant};
use serde_json::json;

use super::{Crm, WITH_KEY};

/// The code of what a check found, of the connection with this address and user.
async fn found(crm: &Crm, url: &str, user: &str) -> String {
    let document =
        format!("connection: crm\nvtiger: {{url: '{url}', user: {user}, access_key: '$secret[\"crm_key\"]'}}");
    crm.postern.apply(&document).await;
    let answer = crm.postern.api("POST", "/connections/crm/check").json("{}").send().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let code = answer.json["message_code"]["code"].as_str().unwrap().to_owned();
    assert_eq!(answer.json["works"], code == "vtiger-works", "{}", answer.text);
    code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_address_that_leads_to_no_vtiger() {
    let crm = Crm::start(Variant::A, WITH_KEY).await;
    let url = crm.vtiger.url();
    assert_eq!(found(&crm, &url, "admin").await, "vtiger-works");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, code) in [
        ("http://vtiger.invalid/".to_owned(), "target-not-resolved"),
        (format!("http://{closed}/"), "target-refused"),
        (url.replace("http:", "https:"), "no-tls"),
    ] {
        assert_eq!(found(&crm, &address, "admin").await, code, "{address}");
    }
    for (front, code) in [
        (Front::Redirect(url.replace("http:", "https:")), "redirects-to-https"),
        (Front::Redirect("http://127.0.0.1/other/".to_owned()), "redirects"),
        (Front::Page(404), "no-vtiger"),
        (Front::Page(200), "no-vtiger"),
        (Front::Page(403), "webservice-off"),
        (Front::Page(502), "target-answered"),
    ] {
        crm.vtiger.put_in_front(Some(front.clone()));
        assert_eq!(found(&crm, &url, "admin").await, code, "{front:?}");
    }
    crm.vtiger.put_in_front(None);
    crm.vtiger.fault("getchallenge", Fault::Slow(Duration::from_secs(60)), 1, 1);
    assert_eq!(found(&crm, &url, "admin").await, "no-answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_the_user_the_key_the_module_and_the_clock() {
    let crm = Crm::start(Variant::B, WITH_KEY).await;
    let url = crm.vtiger.url();
    assert_eq!(found(&crm, &url, "nobody").await, "user-unknown");
    crm.vtiger.crm().switch_off("clerk");
    assert_eq!(found(&crm, &url, "clerk").await, "key-wrong", "it does not tell an inactive user from a wrong key");
    crm.vtiger.crm().tell_inactive();
    assert_eq!(found(&crm, &url, "clerk").await, "user-inactive");
    crm.vtiger.crm().deny("Contacts");
    assert_eq!(found(&crm, &url, "admin").await, "module-denied");
    crm.vtiger.crm().set_clock_ahead(3_600);
    assert_eq!(found(&crm, &url, "admin").await, "clock-wrong");
    crm.vtiger.crm().set_clock_ahead(0);
    let body = json!({"value": "another-access-key"}).to_string();
    assert_eq!(crm.postern.api("PUT", "/secrets/crm_key").json(&body).send().await.status, 204);
    assert_eq!(found(&crm, &url, "admin").await, "key-wrong");
    assert!(crm.vtiger.records("Leads").is_empty());
}
