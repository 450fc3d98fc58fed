//! Records that are gone, changes that come late, and comments that vtiger keeps otherwise.

use super::*;

/// A connection of this user.
fn access_of(vtiger: &Vtiger, user: &str) -> Access {
    Access { user: user.to_owned(), ..access(vtiger) }
}

fn change(id: &str, fields: &[(&str, &str)]) -> ConnectedCall {
    call(Action::Change { id: id.parse().unwrap(), fields: pairs(fields) })
}

fn comment(id: &str, text: &str) -> ConnectedCall {
    call(Action::Comment { id: id.parse().unwrap(), text: text.to_owned() })
}

/// A vtiger with a lead, and the number of the lead.
async fn with_a_lead() -> (Vtiger, String) {
    let vtiger = Vtiger::start(Variant::A).await;
    let number = vtiger.crm().add("Leads", &[("lastname", "L")]);
    (vtiger, number.to_string())
}

#[tokio::test]
async fn a_refused_change_names_its_record_as_gone_only_if_it_is() {
    let (vtiger, number) = with_a_lead().await;
    // The user may not give the record to nobody: vtiger has the code of a record that is gone.
    let owner = change(&number, &[("assigned_user_id", "19x999")]);
    let failure = vtigers().perform(access_of(&vtiger, "clerk"), &owner, None, TIMEOUT).await.unwrap_err();
    let is_told = matches!(&failure.reason, Message::VtigerRefused { answer, .. } if answer == "ACCESS_DENIED");
    assert!(is_told && failure.kind == FailureKind::Final, "{}", failure.reason);
    vtiger.crm().remove(number.parse().unwrap());
    for work in [owner, change(&format!("10x{number}"), &[("city", "C")])] {
        let failure = vtigers().perform(access_of(&vtiger, "clerk"), &work, None, TIMEOUT).await.unwrap_err();
        let missing = Message::VtigerRecordMissing { record: record_of(&number.parse().unwrap()).into() };
        assert_eq!((failure.reason, failure.kind), (missing, FailureKind::Final));
    }
}

#[tokio::test]
async fn a_comment_on_a_record_that_is_gone_fails() {
    let (vtiger, number) = with_a_lead().await;
    assert_eq!(word(&perform(&vtiger, &comment(&number, "a")).await), "done");
    vtiger.crm().remove(number.parse().unwrap());
    for fault in [None, Some(Fault::ErrorAfter), Some(Fault::BrokenBefore)] {
        fault.iter().for_each(|fault| vtiger.fault("create", *fault, 1, 1));
        let failure = perform(&vtiger, &comment(&number, "b")).await.unwrap_err();
        assert!(matches!(failure.reason, Message::VtigerRecordMissing { .. }), "{fault:?} {}", failure.reason);
    }
}

#[tokio::test]
async fn a_comment_under_the_number_zero_is_left_to_a_person() {
    let (vtiger, number) = with_a_lead().await;
    vtiger.fault("create", Fault::ZeroId, 1, 1);
    let comment = comment(&number, "a");
    let first = perform(&vtiger, &comment).await.unwrap_err();
    let again = vtigers().perform(access(&vtiger), &comment, Some(Duration::ZERO), TIMEOUT).await.unwrap_err();
    for failure in [first, again] {
        assert!(matches!(failure.reason, Message::VtigerZeroId { .. }), "{}", failure.reason);
        assert_eq!(failure.kind, FailureKind::Unclear);
    }
    assert_eq!(vtiger.records("ModComments").len(), 1);
}

#[tokio::test]
async fn a_comment_that_vtiger_keeps_otherwise_is_not_said_twice() {
    for text in ["Да 😀", "<script>alert(1)</script> & <b>"] {
        let (vtiger, number) = with_a_lead().await;
        vtiger.fault("create", Fault::SilentAfter(Duration::from_secs(1)), 1, 1);
        let (vtigers, comment) = (vtigers(), comment(&number, text));
        let first = vtigers.perform(access(&vtiger), &comment, None, Duration::from_millis(300)).await;
        if first.is_err() {
            vtigers.perform(access(&vtiger), &comment, Some(Duration::ZERO), TIMEOUT).await.unwrap();
        }
        assert_eq!(vtiger.records("ModComments").len(), 1, "{text}");
    }
}

#[tokio::test]
async fn what_vtiger_changed_of_a_comment_is_noted() {
    let (vtiger, number) = with_a_lead().await;
    let Done { notes, .. } = perform(&vtiger, &comment(&number, "Да 😀")).await.unwrap();
    assert_eq!(notes, [Message::VtigerChanged { field: "commentcontent".into() }]);
}

#[tokio::test]
async fn a_record_that_vtiger_keeps_otherwise_is_met_again_as_the_own_one() {
    let vtiger = Vtiger::start(Variant::B).await;
    vtiger.fault("create", Fault::SilentAfter(TIMEOUT), 1, 1);
    let fields = pairs(&[("lastname", "😀"), ("email", "a@example.org")]);
    let unique = Some(("email".to_owned(), "a@example.org".to_owned()));
    let create = call(Action::Create { fields, unique, update: false });
    let broken_off = vtigers();
    let first = broken_off.perform(access(&vtiger), &create, None, TIMEOUT);
    assert!(tokio::time::timeout(Duration::from_secs(1), first).await.is_err());
    let again = vtigers().perform(access(&vtiger), &create, Some(Duration::ZERO), TIMEOUT).await;
    assert_eq!((word(&again).as_str(), vtiger.records("Leads").len()), ("created", 1));
}

#[tokio::test]
async fn a_call_that_waited_for_vtiger_is_not_made_twice() {
    // Which of the calls that wait goes on first is chance.
    for n in 0..20 {
        let (vtiger, number) = with_a_lead().await;
        let (vtigers, moment) = (vtigers(), Duration::from_millis(100));
        let email = format!("{n}@example.org");
        let work = if n % 2 == 0 { lead(&email) } else { comment(&number, &email) };
        // A session, and what vtiger tells of the module.
        vtigers.perform(access(&vtiger), &change(&number, &[("city", "C")]), None, TIMEOUT).await.unwrap();
        vtiger.freeze_at("create");
        assert_eq!(word(&vtigers.perform(access(&vtiger), &work, None, moment).await), "Unclear");
        let again = vtigers.perform(access(&vtiger), &work, Some(Duration::ZERO), TIMEOUT);
        let thaw = async {
            tokio::time::sleep(moment).await;
            vtiger.freeze(false);
        };
        let (again, ()) = tokio::join!(again, thaw);
        assert!(again.is_ok(), "{again:?}");
        tokio::time::sleep(moment).await;
        let count = vtiger.records(if n % 2 == 0 { "Leads" } else { "ModComments" }).len();
        assert_eq!(count, if n % 2 == 0 { 2 } else { 1 }, "{n}");
    }
}

#[tokio::test]
async fn a_change_that_comes_late_does_not_overwrite_the_next_one() {
    let (vtiger, number) = with_a_lead().await;
    let (vtigers, slow) = (vtigers(), Duration::from_secs(1));
    vtiger.fault("revise", Fault::Slow(slow), 1, 1);
    let first = change(&number, &[("city", "A")]);
    assert_eq!(word(&vtigers.perform(access(&vtiger), &first, None, slow / 4).await), "Unclear");
    assert_eq!(word(&vtigers.perform(access(&vtiger), &first, Some(Duration::ZERO), TIMEOUT).await), "done");
    let next = change(&number, &[("city", "B")]);
    assert_eq!(word(&vtigers.perform(access(&vtiger), &next, None, TIMEOUT).await), "done");
    tokio::time::sleep(slow * 2).await;
    assert_eq!(all(&vtiger, "city"), ["B"]);
}

#[tokio::test]
async fn a_search_without_a_list_is_no_search_without_records() {
    let (vtiger, number) = with_a_lead().await;
    let find = call(Action::Find { conditions: Vec::new(), sort: None, limit: 1 });
    for work in [lead("a@example.org"), find] {
        vtiger.fault("query", Fault::NullBefore, 1, 1);
        assert_eq!(word(&perform(&vtiger, &work).await), "NotSent");
        assert_eq!(vtiger.records("Leads").len(), 1);
    }
    vtiger.fault("retrieve", Fault::NullBefore, 1, 1);
    assert_eq!(word(&perform(&vtiger, &call(Action::Read { id: number.parse().unwrap() })).await), "NotSent");
}
