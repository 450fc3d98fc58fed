//! What a ready-made call posts: the names that the workflows of its permission read, each with a sample.

use std::collections::BTreeSet;

use postern_shared::workflow::Workflow;
use serde_json::Value;

/// What is posted if the workflows read no name, or nobody knows which.
pub const DEFAULT: [&str; 2] = ["lastname", "email"];

/// The most names of a call: a person puts in the rest.
const MAX: usize = 8;

/// The keys under which steps give names of `$env`: such names are not posted.
const GIVEN: [&str; 6] = ["store", "store_id", "store_ids", "item", "index", "for_each"];

/// What stands in a name, and a value for it; the first that fits.
const SAMPLES: [(&[&str], &str); 7] = [
    (&["mail"], "ada@example.org"),
    (&["phone", "mobile", "tel"], "+442071234567"),
    (&["lastname", "last_name", "surname"], "Lovelace"),
    (&["firstname", "first_name"], "Ada"),
    (&["name"], "Ada Lovelace"),
    (&["date"], "2026-12-31"),
    (&["url", "site", "page"], "https://www.example.com/"),
];

/// The names that the first workflow or trigger of a permission reads; the usual ones come first.
pub fn read(permission: &Value, workflows: &[Value]) -> Vec<String> {
    let (trigger, id) = (&permission["triggers"][0], &permission["workflows"][0]);
    let listens = |one: &Value| match (trigger.as_str(), &one["start"]["triggers"]) {
        (Some(key), Value::Array(keys)) => keys.iter().any(|one| one == key),
        (Some(key), Value::String(keys)) => keys.split([' ', ',']).any(|one| one == key),
        (Some(_), _) => false,
        (None, _) => one["workflow"] == *id,
    };
    let (mut names, mut given) = (BTreeSet::new(), BTreeSet::new());
    for document in workflows.iter().filter(|one| listens(one)) {
        let Ok(parsed) = Workflow::from_document(document) else { continue };
        parsed.start.condition.iter().for_each(|condition| names.extend(condition.reads().names.iter().cloned()));
        parsed.steps.iter().for_each(|step| names.extend(step.reads.names.iter().cloned()));
        for step in document["steps"].as_object().into_iter().flat_map(|steps| steps.values()) {
            given.extend(step["set_env"].as_object().into_iter().flat_map(|map| map.keys().cloned()));
            given.extend(GIVEN.iter().filter_map(|key| step[*key].as_str().map(str::to_owned)));
            // Their names if a step gives no others.
            given.extend(step.get("for_each").into_iter().flat_map(|_| ["item".to_owned(), "index".to_owned()]));
        }
    }
    names.retain(|name| !given.contains(name) && !name.contains(['{', '}', '\n']));
    let usual = DEFAULT.iter().map(|name| (*name).to_owned()).filter(|name| names.contains(name));
    let others = names.iter().filter(|name| !DEFAULT.contains(&name.as_str())).cloned();
    let found: Vec<String> = usual.chain(others).take(MAX).collect();
    if found.is_empty() { DEFAULT.map(str::to_owned).to_vec() } else { found }
}

/// A value that may stand under a name.
pub fn sample(name: &str) -> &'static str {
    let name = name.to_lowercase();
    let fits = |(parts, _): &&(&[&str], &str)| parts.iter().any(|part| name.contains(part));
    SAMPLES.iter().find(fits).map_or("text", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_posts_what_the_workflow_reads_and_no_step_gives() {
        let workflows = [
            json!({"workflow": 7, "start": {"triggers": ["web"], "without_record": true, "next": "a"}, "steps": {
                "a": {"set_env": {"whole": "{{ $env[\"phone\"] }}"}, "next": "b"},
                "b": {"create_record": "Leads", "fields": {"x": "$env[\"whole\"]", "y": "$env[\"email\"]", "z": "$env[\"city\"]"}},
            }}),
        ];
        let expected = ["email", "city", "phone"];
        assert_eq!(read(&json!({"workflows": [7]}), &workflows), expected);
        assert_eq!(read(&json!({"triggers": ["web"]}), &workflows), expected);
        assert_eq!(read(&json!({"workflows": [8]}), &workflows), DEFAULT);
        assert_eq!((sample("e-mail"), sample("Phone")), ("ada@example.org", "+442071234567"));
    }
}
