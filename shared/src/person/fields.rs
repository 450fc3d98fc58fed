//! A name whose words stand in several fields of one map: the first name in one, the last name in another. The names of the
//! fields tell that they are of one person: they differ in nothing but the part of the name that they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::FORGOTTEN;
use super::keys::Keys;
use crate::search_key::Key;

/// How field names say which part of a name they hold, the longer words before those that they contain.
const PARTS: [&str; 22] = [
    "first",
    "given",
    "fore",
    "last",
    "family",
    "second",
    "middle",
    "fname",
    "lname",
    "sur",
    "patronymic",
    "vorname",
    "nachname",
    "name",
    "prenom",
    "prénom",
    "имени",
    "имя",
    "фамилии",
    "фамилия",
    "отчество",
    "отчества",
];

/// Blanks the fields of one person; returns whether there are any.
pub(super) fn blank<K: Ord>(document: &mut Value, named: &[Vec<K>], key: &impl Fn(&Key) -> K) -> bool {
    let mut is_in = false;
    match document {
        Value::Array(items) => items.iter_mut().for_each(|item| is_in |= blank(item, named, key)),
        Value::Object(map) => {
            for name in named.iter().filter(|name| name.len() > 1) {
                for field in of_one_person(map, name, key) {
                    map.insert(field, FORGOTTEN.into());
                    is_in = true;
                }
            }
            map.values_mut().for_each(|item| is_in |= blank(item, named, key));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    is_in
}

/// The fields of a map that together hold the name and nothing else.
fn of_one_person<K: Ord>(map: &Map<String, Value>, name: &[K], key: &impl Fn(&Key) -> K) -> Vec<String> {
    let mut persons: BTreeMap<String, (BTreeSet<&K>, Vec<String>)> = BTreeMap::new();
    for (field, value) in map {
        let (Some(person), Value::String(text)) = (person(field), value) else { continue };
        if let Some(parts) = Keys::of(text, key).parts_of(name) {
            let (words, fields) = persons.entry(person).or_default();
            words.extend(parts);
            fields.push(field.clone());
        }
    }
    let whole = persons.into_values().filter(|(words, _)| name.iter().all(|word| words.contains(word)));
    whole.flat_map(|(_, fields)| fields).collect()
}

/// What the name of a field holds beside the part of a name: whose it is. None = the field holds no part of a name.
fn person(field: &str) -> Option<String> {
    let mut rest = field.to_lowercase();
    let had = rest.len();
    for part in PARTS {
        rest = rest.replace(part, "");
    }
    (rest.len() < had).then(|| rest.chars().filter(|c| c.is_alphanumeric()).collect())
}
