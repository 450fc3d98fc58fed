//! A vtiger that fails at one call is up; one that fails at all is away.

use super::*;
use crate::outside::breaker::CallOutcome;

#[tokio::test]
async fn a_call_at_which_php_fails_is_told_from_a_vtiger_that_is_away() {
    for variant in [Variant::A, Variant::B] {
        let vtiger = Vtiger::start(variant).await;
        vtiger.fault("create", Fault::BrokenBefore, 1, 1);
        let failure = perform(&vtiger, &lead("a@example.org")).await.unwrap_err();
        let fails = matches!(failure.reason, Message::VtigerFails { .. });
        assert!(fails && failure.came == CallOutcome::Answer && may_pass(&failure.reason), "{}", failure.reason);
        vtiger.crm().set_down(true);
        let failure = perform(&vtiger, &lead("a@example.org")).await.unwrap_err();
        let is_away = matches!(failure.reason, Message::VtigerNoJson { .. });
        assert!(is_away && failure.came == CallOutcome::Silence && !may_pass(&failure.reason), "{}", failure.reason);
    }
}

#[tokio::test]
async fn a_query_that_fails_in_the_database_proves_no_absence() {
    let vtiger = Vtiger::start(Variant::B).await;
    let vtigers = vtigers();
    let perform = async |email| vtigers.perform(access(&vtiger), &lead(email), None, TIMEOUT).await;
    assert_eq!(word(&perform("a@example.org").await), "created");
    assert_eq!(word(&perform("b@example.org").await), "created");
    vtiger.fault("query", Fault::NothingFound, 1, 1);
    let failure = perform("a@example.org").await.unwrap_err();
    assert_eq!((failure.reason, failure.kind), (Message::VtigerFoundNothing, FailureKind::NotSent));
    assert_eq!(word(&perform("a@example.org").await), "existing");
    let mail = |value: &str| vec![("email".to_owned(), Comparison::Is, value.to_owned())];
    let find = async |value| {
        let find = call(Action::Find { conditions: mail(value), sort: None, limit: 1 });
        vtigers.perform(access(&vtiger), &find, None, TIMEOUT).await
    };
    assert_eq!(find("none@example.org").await.unwrap(), Done::from(What::Found(Vec::new())));
    vtiger.fault("query", Fault::NothingFound, 1, 2);
    assert_eq!(find("a@example.org").await.unwrap_err().reason, Message::VtigerFoundNothing);
    // The record that was known is gone.
    vtiger.crm().remove(2);
    assert_eq!(word(&perform("c@example.org").await), "created");
}
