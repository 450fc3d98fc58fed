mod away;
mod keys;
mod records;

use futures_util::future::join_all;
use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};
use postern_shared::rendered::Comparison;
use postern_vtiger::{ACCESS_KEY, Fault, Variant, Vtiger};
use serde_json::Value;

use super::*;
use crate::outside::call::{FailureKind, UNDER_WAY};
use crate::outside::connected::What;

const TIMEOUT: Duration = Duration::from_secs(5);

fn vtigers() -> Vtigers {
    Vtigers::new(Http::new(vec!["127.0.0.0/8".parse().unwrap()]).unwrap())
}

fn access(vtiger: &Vtiger) -> Access {
    let (url, access_key) = (vtiger.url().parse().unwrap(), ACCESS_KEY.to_owned());
    Access { url, user: "admin".to_owned(), access_key, sessions: 4, rate: None }
}

fn call(action: Action) -> ConnectedCall {
    ConnectedCall { connection: "crm".parse().unwrap(), module: "Leads".parse().unwrap(), url: None, action }
}

fn record_of(id: &ConnectedId) -> ConnectedRecord {
    ConnectedRecord { connection: "crm".parse().unwrap(), module: "Leads".parse().unwrap(), id: id.clone() }
}

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Creates a lead with this e-mail, which is its unique value.
fn lead(email: &str) -> ConnectedCall {
    let fields = pairs(&[("lastname", "Иванов & <Co> \"'"), ("email", email)]);
    call(Action::Create { fields, unique: Some(("email".into(), email.into())), update: false })
}

fn without_key(email: &str) -> ConnectedCall {
    call(Action::Create { fields: pairs(&[("lastname", "L"), ("email", email)]), unique: None, update: false })
}

async fn perform(vtiger: &Vtiger, call: &ConnectedCall) -> Result<Done, Failure> {
    vtigers().perform(access(vtiger), call, None, TIMEOUT).await
}

/// The values of a field of all leads, sorted.
fn all(vtiger: &Vtiger, field: &str) -> Vec<String> {
    let text = |record: Value| record[field].as_str().unwrap().to_owned();
    let mut all: Vec<String> = vtiger.records("Leads").into_iter().map(text).collect();
    all.sort();
    all
}

/// What a call came to, in a word.
fn word(result: &Result<Done, Failure>) -> String {
    match result {
        Ok(Done { what: What::Created(..), .. }) => "created".to_owned(),
        Ok(Done { what: What::Existing(..), .. }) => "existing".to_owned(),
        Ok(_) => "done".to_owned(),
        Err(failure) => format!("{:?}", failure.kind),
    }
}

#[tokio::test]
async fn a_record_is_created_once_read_changed_and_deleted() {
    for variant in [Variant::A, Variant::B] {
        let vtiger = Vtiger::start(variant).await;
        let Ok(Done { what: What::Created(id, record), notes }) = perform(&vtiger, &lead("a@example.org")).await else {
            panic!("it was not created");
        };
        assert_eq!((record.get("lastname"), notes), (Some(&"Иванов & <Co> \"'".into()), Vec::new()));
        assert_eq!(word(&perform(&vtiger, &lead("A@example.org")).await), "existing");
        let fields = pairs(&[("phone", "7"), ("lastname", &"x".repeat(300)), ("street", "S")]);
        let change = call(Action::Change { id: id.clone(), fields });
        let Done { what, notes } = perform(&vtiger, &change).await.unwrap();
        let cut = Message::VtigerCut { field: "lastname".into(), letters: 80 };
        assert_eq!(notes, [cut, Message::VtigerDropped { field: "street".into() }]);
        assert!(matches!(what, What::Changed(record) if record.get("phone") == Some(&"7".into())));
        for _ in 0..2 {
            let deleted = perform(&vtiger, &call(Action::Delete { id: id.clone() })).await.unwrap();
            assert_eq!(deleted, Done::from(What::Gone(record_of(&id))));
        }
        let read = perform(&vtiger, &call(Action::Read { id: id.clone() })).await.unwrap();
        assert_eq!(read, Done::from(What::Gone(record_of(&id))));
    }
}

#[tokio::test]
async fn each_fault_leaves_one_record_of_a_unique_value() {
    for variant in [Variant::A, Variant::B] {
        for (fault, expected) in [
            (Fault::LoseSession, "created"),
            // vtiger has answered, and the record is not there: whoever tries next need not wait.
            (Fault::BrokenBefore, "NotSent"),
            (Fault::BrokenAfter, "created"),
            (Fault::HangUpBefore, "Unclear"),
            (Fault::HangUpAfter, "created"),
            (Fault::SilentAfter(Duration::from_secs(3)), "created"),
            (Fault::ErrorBefore, "NotSent"),
            (Fault::ZeroId, "Unclear"),
        ] {
            let vtiger = Vtiger::start(variant).await;
            vtiger.fault("create", fault, 1, 1);
            let vtigers = vtigers();
            let timeout = Duration::from_secs(2);
            let first = vtigers.perform(access(&vtiger), &lead("a@example.org"), None, timeout).await;
            assert_eq!(word(&first), expected, "{fault:?} {first:?}");
            let unclear_for = (expected != "NotSent").then_some(Duration::ZERO);
            let again = vtigers.perform(access(&vtiger), &lead("a@example.org"), unclear_for, timeout).await;
            let count = all(&vtiger, "email").len();
            // A row with the number 0 is there and cannot be reached: a person decides.
            let expected = if fault == Fault::ZeroId { ("Unclear".to_owned(), 1) } else { ("created".to_owned(), 1) };
            assert_eq!((word(&again), count), expected, "{fault:?} {again:?}");
        }
    }
}

#[tokio::test]
async fn without_the_session_of_an_open_create_a_record_is_only_looked_for() {
    for (fault, soon, count) in [(Fault::HangUpBefore, "NotSent", 0), (Fault::SilentAfter(TIMEOUT), "created", 1)] {
        let vtiger = Vtiger::start(Variant::A).await;
        vtiger.fault("create", fault, 1, 1);
        let again = async |workers: &Vtigers, ago| {
            let result = workers.perform(access(&vtiger), &lead("a@example.org"), Some(ago), TIMEOUT).await;
            (word(&result), vtiger.records("Leads").len())
        };
        // The worker is gone before it hears of its call.
        let (first, lead) = (vtigers(), lead("a@example.org"));
        let broken_off = first.perform(access(&vtiger), &lead, None, TIMEOUT);
        let _ = tokio::time::timeout(Duration::from_secs(1), broken_off).await;
        assert_eq!(again(&vtigers(), UNDER_WAY / 2).await, (soon.to_owned(), count), "{fault:?}");
        assert_eq!(again(&vtigers(), UNDER_WAY).await, ("created".to_owned(), 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_record_with_another_value_is_not_the_one_that_is_looked_for() {
    let vtiger = Vtiger::start(Variant::A).await;
    vtiger.crm().add("Leads", &[("lastname", "Muller")]);
    let unique = Some(("lastname".to_owned(), "Müller".to_owned()));
    let create = call(Action::Create { fields: pairs(&[("lastname", "Müller")]), unique, update: false });
    assert_eq!(word(&perform(&vtiger, &create).await), "created");
    assert_eq!(word(&perform(&vtiger, &create).await), "existing");
}

#[tokio::test]
async fn a_slow_pace_takes_nothing_off_the_time_of_a_call() {
    let vtiger = Vtiger::start(Variant::A).await;
    let slow = Access { rate: Some("1/s".parse().unwrap()), ..access(&vtiger) };
    // A description, a look and the create: the last has its turn after two seconds.
    let result = vtigers().perform(slow, &lead("a@example.org"), None, Duration::from_millis(1_500)).await;
    assert_eq!(word(&result), "created");
}

#[tokio::test]
async fn a_call_that_is_perhaps_done_goes_to_no_other_vtiger() {
    let vtiger = Vtiger::start(Variant::A).await;
    for (url, unclear_for, expected) in [
        (vtiger.url().as_str(), Some(UNDER_WAY), "created"),
        ("http://127.0.0.1:1/", None, "existing"),
        ("http://127.0.0.1:1/", Some(UNDER_WAY), "Final"),
    ] {
        let url = Some(url.parse::<reqwest::Url>().unwrap().to_string());
        let moved = ConnectedCall { url, ..lead("a@example.org") };
        let result = vtigers().perform(access(&vtiger), &moved, unclear_for, TIMEOUT).await;
        assert_eq!(word(&result), expected, "{unclear_for:?}");
    }
}

#[tokio::test]
async fn a_text_that_names_a_record_becomes_an_id_in_a_reference_alone() {
    let vtiger = Vtiger::start(Variant::A).await;
    let fields = pairs(&[("lastname", "L"), ("city", "crm/Leads/5")]);
    let create = call(Action::Create { fields, unique: None, update: false });
    assert_eq!(word(&perform(&vtiger, &create).await), "created");
    assert_eq!(all(&vtiger, "city"), ["crm/Leads/5"]);
}

#[tokio::test]
async fn an_id_that_is_no_number_is_refused_before_vtiger_is_asked() {
    let vtiger = Vtiger::start(Variant::A).await;
    for id in ["0", "11x5", "5'or'1'='1", "10x5'or'1'='1"] {
        let id: ConnectedId = id.parse().unwrap();
        let comment = call(Action::Comment { id: id.clone(), text: "t".to_owned() });
        for action in [comment, call(Action::Read { id })] {
            let failure = perform(&vtiger, &action).await.unwrap_err();
            assert!(matches!(failure.reason, Message::VtigerNoId { .. }), "{}", failure.reason);
        }
    }
    assert_eq!((vtiger.calls("retrieve"), vtiger.calls("query"), vtiger.calls("create")), (0, 0, 0));
}

#[tokio::test]
async fn without_a_unique_value_an_unknown_outcome_stays_unknown() {
    for (fault, expected, count) in [
        (Fault::LoseSession, "created", 1),
        (Fault::BrokenBefore, "Unclear", 0),
        (Fault::BrokenAfter, "Unclear", 1),
        (Fault::HangUpAfter, "Unclear", 1),
        (Fault::ZeroId, "Unclear", 1),
    ] {
        let vtiger = Vtiger::start(Variant::A).await;
        vtiger.fault("create", fault, 1, 1);
        let result = perform(&vtiger, &without_key("a@example.org")).await;
        assert_eq!((word(&result).as_str(), vtiger.records("Leads").len()), (expected, count), "{fault:?}");
    }
}

#[tokio::test]
async fn a_log_in_that_fails_has_sent_nothing() {
    for (operation, fault) in [
        ("getchallenge", Fault::BrokenBefore),
        ("login", Fault::HangUpAfter),
        ("login", Fault::BrokenAfter),
        ("describe", Fault::HangUpBefore),
    ] {
        let vtiger = Vtiger::start(Variant::B).await;
        vtiger.fault(operation, fault, 1, 1);
        let result = perform(&vtiger, &without_key("a@example.org")).await;
        assert_eq!(word(&result), "NotSent", "{operation} {fault:?}");
        assert!(vtiger.records("Leads").is_empty());
    }
    let vtiger = Vtiger::start(Variant::B).await;
    vtiger.go_away();
    assert_eq!(word(&perform(&vtiger, &without_key("a")).await), "NotSent");
    vtiger.come_back().await;
    assert_eq!(word(&perform(&vtiger, &without_key("a")).await), "created");
    vtiger.crm().rotate_key("admin", "another");
    let failure = perform(&vtiger, &without_key("b")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotSent);
    assert!(matches!(failure.reason, Message::VtigerLogin { .. }), "{}", failure.reason);
}

#[tokio::test]
async fn many_at_once_log_in_once_for_each_session_and_each_is_done_once() {
    let vtiger = Vtiger::start(Variant::A).await;
    // Two workers, which know nothing of each other, and sessions that are lost on the way.
    let workers = [vtigers(), vtigers()];
    vtiger.fault("create", Fault::LoseSession, 10, 5);
    let calls: Vec<ConnectedCall> = (0..60).map(|n| lead(&format!("{n}@example.org"))).collect();
    let timeout = Duration::from_secs(20);
    let asked = calls.iter().enumerate();
    let results = join_all(asked.map(|(n, call)| workers[n % 2].perform(access(&vtiger), call, None, timeout))).await;
    // Workers break each other's log-ins: a call that was not sent for that is made again, as its run makes it.
    for (n, result) in results.into_iter().enumerate().filter(|(_, result)| word(result) != "created") {
        assert_eq!(word(&result), "NotSent");
        let again = workers[n % 2].perform(access(&vtiger), &calls[n], None, timeout).await;
        assert_eq!(word(&again), "created");
    }
    let emails = all(&vtiger, "email");
    assert_eq!((emails.len(), emails.iter().collect::<std::collections::BTreeSet<_>>().len()), (60, 60));
    assert!(vtiger.crm().session_count() <= 8 + 5, "{} log-ins", vtiger.calls("login"));
}

#[tokio::test]
async fn all_pages_are_read_also_where_a_page_has_a_hundred_rows() {
    for variant in [Variant::A, Variant::B] {
        let vtiger = Vtiger::start(variant).await;
        (0..250).for_each(|n| _ = vtiger.crm().add("Leads", &[("lastname", "O'Neil"), ("city", &n.to_string())]));
        let conditions = vec![("lastname".to_owned(), Comparison::Is, "o'neil".to_owned())];
        for (limit, expected) in [(1_000, 250), (150, 150), (1, 1)] {
            let find = call(Action::Find { conditions: conditions.clone(), sort: None, limit });
            let found = perform(&vtiger, &find).await.unwrap();
            assert!(matches!(&found.what, What::Found(ids) if ids.len() == expected), "{found:?}");
        }
        let none = call(Action::Find {
            conditions: vec![("lastname".to_owned(), Comparison::Is, "a\\b".to_owned())],
            sort: None,
            limit: 1,
        });
        assert_eq!(word(&perform(&vtiger, &none).await), "Final");
    }
}

#[tokio::test]
async fn a_comment_whose_answer_is_lost_is_not_said_twice() {
    for fault in [Fault::HangUpAfter, Fault::BrokenAfter, Fault::BrokenBefore] {
        let vtiger = Vtiger::start(Variant::B).await;
        let number = vtiger.crm().add("Leads", &[("lastname", "L")]).to_string();
        vtiger.fault("create", fault, 1, 1);
        let comment = call(Action::Comment { id: number.parse().unwrap(), text: "Спросил & <b>".to_owned() });
        let vtigers = vtigers();
        let first = vtigers.perform(access(&vtiger), &comment, None, TIMEOUT).await;
        if let Err(failure) = first {
            let unclear_for = (failure.kind != FailureKind::NotSent).then_some(Duration::ZERO);
            vtigers.perform(access(&vtiger), &comment, unclear_for, TIMEOUT).await.unwrap();
        }
        let comments = vtiger.records("ModComments");
        assert_eq!(comments.len(), 1, "{fault:?}");
        assert_eq!(comments[0]["commentcontent"], "Спросил & <b>");
    }
}

#[tokio::test]
async fn a_comment_that_is_still_being_written_is_not_said_twice() {
    let slow = Duration::from_secs(2);
    // The same worker goes on, or another one does.
    for is_same in [true, false] {
        let vtiger = Vtiger::start(Variant::A).await;
        let number = vtiger.crm().add("Leads", &[("lastname", "L")]).to_string();
        vtiger.fault("create", Fault::Slow(slow), 1, 1);
        let comment = call(Action::Comment { id: number.parse().unwrap(), text: "Спросил".to_owned() });
        let (first, other) = (vtigers(), vtigers());
        let say = async |workers: &Vtigers, unclear_for| {
            word(&workers.perform(access(&vtiger), &comment, unclear_for, Duration::from_millis(300)).await)
        };
        assert_eq!(say(&first, None).await, "Unclear");
        let next = if is_same { &first } else { &other };
        assert_eq!(say(next, Some(Duration::ZERO)).await, "NotSent", "{is_same}");
        tokio::time::sleep(slow).await;
        assert_eq!(say(next, Some(slow)).await, "done", "{is_same}");
        assert_eq!(vtiger.records("ModComments").len(), 1, "{is_same}");
    }
}
