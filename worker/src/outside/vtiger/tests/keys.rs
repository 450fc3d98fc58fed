//! Unique values that vtiger does not keep as they are, and references to its records.

use super::*;

#[tokio::test]
async fn a_duplicate_that_vtiger_prevents_is_the_existing_record() {
    let vtiger = Vtiger::start(Variant::A).await;
    vtiger.crm().make_unique("Leads", "email");
    let number = vtiger.crm().add("Leads", &[("lastname", "L"), ("email", "a@example.org")]).to_string();
    // Without a key the code is the number 0, and vtiger does not name the other record.
    assert_eq!(word(&perform(&vtiger, &without_key("a@example.org")).await), "Final");
    let Ok(Done { what: What::Existing(id, _), .. }) = perform(&vtiger, &lead("a@example.org")).await else { panic!() };
    assert_eq!(id.as_str(), number);
}

/// Creates a lead whose unique value stands in this field.
fn with_key(field: &str, value: &str) -> ConnectedCall {
    let fields = pairs(&[("lastname", "L"), (field, value)]);
    call(Action::Create { fields, unique: Some((field.into(), value.into())), update: false })
}

#[tokio::test]
async fn a_unique_value_that_vtiger_cuts_makes_no_second_record() {
    for fault in [None, Some(Fault::HangUpAfter), Some(Fault::BrokenAfter)] {
        let vtiger = Vtiger::start(Variant::B).await;
        if let Some(fault) = fault {
            vtiger.fault("create", fault, 1, 1);
        }
        // Its column holds 50 letters.
        let long = with_key("designation", &"я".repeat(70));
        let first = perform(&vtiger, &long).await;
        let notes = &first.as_ref().unwrap().notes;
        assert!(
            notes.contains(&Message::VtigerCut { field: "designation".into(), letters: 50 }),
            "{fault:?} {notes:?}"
        );
        assert_eq!((word(&first), word(&perform(&vtiger, &long).await)), ("created".into(), "existing".into()));
        assert_eq!(word(&perform(&vtiger, &with_key("designation", &"я".repeat(49))).await), "created");
        assert_eq!(all(&vtiger, "designation").len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_unique_value_that_vtiger_would_change_is_refused_before_it_is_sent() {
    let vtiger = Vtiger::start(Variant::A).await;
    for (field, value, kind) in [
        ("annualrevenue", "1,234.50", "currency"),
        ("noofemployees", "many", "integer"),
        ("last_action_date", "31-12-1999", "date"),
    ] {
        let failure = perform(&vtiger, &with_key(field, value)).await.unwrap_err();
        assert_eq!(failure.reason, Message::VtigerKeyChanged { field: field.into(), kind: kind.into() });
        assert_eq!(failure.kind, FailureKind::Final);
    }
    perform(&vtiger, &with_key("annualrevenue", "1234.5")).await.unwrap();
    assert_eq!(all(&vtiger, "annualrevenue"), ["1234.50000000"]);
}

/// The numbers of the contacts that a condition finds.
async fn found(vtiger: &Vtiger, field: &str, comparison: Comparison, value: &str) -> Vec<String> {
    let conditions = vec![(field.to_owned(), comparison, value.to_owned())];
    let action = Action::Find { conditions, sort: None, limit: 10 };
    let find = ConnectedCall { module: "Contacts".parse().unwrap(), ..call(action) };
    let What::Found(ids) = perform(vtiger, &find).await.unwrap().what else { panic!("nothing was looked for") };
    ids.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_reference_names_a_record_by_its_name_its_id_or_its_number() {
    let vtiger = Vtiger::start(Variant::B).await;
    let account = vtiger.crm().add("Accounts", &[("accountname", "A")]);
    for value in [format!("crm/Accounts/{account}"), format!("11x{account}"), account.to_string()] {
        let fields = pairs(&[("lastname", &value), ("account_id", &value)]);
        let action = Action::Create { fields, unique: None, update: false };
        let contact = ConnectedCall { module: "Contacts".parse().unwrap(), ..call(action) };
        perform(&vtiger, &contact).await.unwrap();
    }
    // What it is found by is written in any of these ways, too.
    let other = vtiger.crm().add("Contacts", &[("lastname", "other")]);
    for value in [format!("crm/Accounts/{account}"), format!("11x{account}"), account.to_string()] {
        assert_eq!(found(&vtiger, "account_id", Comparison::Is, &value).await.len(), 3, "{value}");
        assert_eq!(found(&vtiger, "account_id", Comparison::IsNot, &value).await, [other.to_string()], "{value}");
    }
    for value in [format!("crm/Contacts/{other}"), format!("12x{other}"), other.to_string()] {
        assert_eq!(found(&vtiger, "id", Comparison::Is, &value).await, [other.to_string()], "{value}");
    }
    let contacts = vtiger.records("Contacts");
    let contacts: Vec<_> = contacts.into_iter().filter(|one| one["lastname"] != "other").collect();
    assert!(contacts.iter().all(|one| one["account_id"] == format!("11x{account}")), "{contacts:?}");
    assert_eq!(contacts.len(), 3);
}
