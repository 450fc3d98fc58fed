//! What a bundle holds of its records.

use super::*;

fn unit() -> (UnitOfWork, RecordId) {
    let id = RecordId::try_from(852).unwrap();
    let fields = serde_json::from_str(r#"{"a":1,"b":2}"#).unwrap();
    let mut unit = UnitOfWork::default();
    unit.take_in(&[id], vec![Record { id, module: "Leads".parse().unwrap(), fields }]);
    (unit, id)
}

#[test]
fn a_change_is_flushed_once_and_no_change_never() {
    let (mut unit, id) = unit();
    unit.set(id, vec![("a".into(), 1.into())]).unwrap();
    assert_eq!(unit.flush(), []);
    unit.set(id, vec![("a".into(), 3.into()), ("b".into(), Value::Null)]).unwrap();
    assert_eq!(unit.flush()[0].fields.to_string(), r#"{"a":3}"#);
    assert_eq!(unit.flush(), []);
}

#[test]
fn what_the_runs_made_of_a_record_wins_over_a_later_read() {
    let (mut unit, id) = unit();
    unit.set(id, vec![("a".into(), 3.into())]).unwrap();
    unit.take_in(&[id], vec![Record { id, module: "Leads".parse().unwrap(), fields: Env::default() }]);
    assert_eq!(unit.fields(id).unwrap().get("a"), Some(&3.into()));
}

#[test]
fn a_deleted_record_is_neither_changed_nor_held_by_its_key() {
    let (mut unit, id) = unit();
    let (module, key) = ("Leads".parse::<ModuleName>().unwrap(), UniqueKey::of("a").unwrap());
    unit.remember_key(module.clone(), key, id);
    unit.set(id, vec![("a".into(), 3.into())]).unwrap();
    unit.delete(id);
    unit.delete(id);
    assert_eq!((unit.take_deleted(), unit.flush(), unit.by_key(&module, key)), (vec![id], vec![], None));
    assert!(matches!(unit.get(id), Known::Missing) && unit.take_deleted().is_empty());
}

#[test]
fn a_record_looked_at_is_not_held_and_a_held_one_is_as_the_runs_made_it() {
    let (mut unit, id) = unit();
    let (other, none) = (RecordId::try_from(853).unwrap(), RecordId::try_from(854).unwrap());
    let record = |id| Record { id, module: "Leads".parse().unwrap(), fields: Env::default() };
    unit.see(&[id, other, none], vec![record(id), record(other)]);
    assert!(matches!(unit.look(id), Known::There(_, fields) if fields.get("a") == Some(&1.into())));
    assert!(matches!((unit.look(other), unit.get(other)), (Known::There(..), Known::Unknown)));
    assert!(matches!((unit.look(none), unit.get(none)), (Known::Missing, Known::Unknown)));
    unit.delete(id);
    assert!(matches!(unit.look(id), Known::Missing));
}

#[test]
fn a_record_too_large_to_keep_stays_as_it_was() {
    let (mut unit, id) = unit();
    let error = unit.set(id, vec![("a".into(), "x".repeat(MAX_RECORD_BYTES).into())]).unwrap_err();
    assert!(matches!(error, Message::RecordTooLarge { .. }), "{error}");
    assert_eq!(unit.flush(), []);
}
