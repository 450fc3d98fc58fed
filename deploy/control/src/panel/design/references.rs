//! What a field can refer to: names that lately came with submissions, names that steps set, fields of the module, and
//! what every run has.

use std::collections::BTreeMap;

use postern_shared::env::Env;
use postern_shared::mask;
use postern_shared::spec::Kind;
use serde_json::Value;

use super::previews::{self, Preview};
use crate::designer::Sketch;
use crate::designer::fields::{Fields, Offer, module_of, named};
use crate::designer::outputs::task;
use crate::panel::visit::Visit;
use crate::redact;

/// The most references of a group.
const MAX_SHOWN: usize = 40;

/// The most references whose filters are shown: the page stays small.
const MAX_PREVIEWED: usize = 20;

/// References that belong together.
#[derive(Debug)]
pub struct Group {
    /// The key of what they are called.
    pub title: &'static str,
    pub items: Vec<Reference>,
}

/// A reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference {
    /// As it is written.
    pub text: String,
    /// What it holds: a masked example and how often it came, or where it comes from.
    pub help: String,
    /// What filters make of a recent value, for those who may see it.
    pub previews: Vec<Preview>,
}

impl Reference {
    fn new(text: String, help: String) -> Self {
        Self { text, help, previews: Vec::new() }
    }
}

/// What a field of a step can refer to; `posted` are the latest submissions.
pub fn of(
    visit: &Visit<'_>,
    document: &Value,
    sketch: &Sketch,
    (step, fields): (&str, &Fields),
    posted: &[Env],
) -> Vec<Group> {
    let of = visit.t("reference-of");
    let read = fields.offers(&sketch.module).into_iter();
    let read = read.map(|field| Reference::new(format!("${}", field.name), field.help));
    let plain = |text: &str| Reference::new(text.to_owned(), String::new());
    let sees_values = visit.who().may_see(redact::Kind::Posted).is_ok();
    let mut from_posts = from_posts(posted, &of, sees_values);
    if from_posts.is_empty() {
        // Nothing has come yet: how a posted value is read is shown by an example.
        from_posts.push(Reference::new(env("email"), visit.t("reference-posted")));
    }
    let groups = [
        Group { title: "references-posted", items: from_posts },
        Group { title: "references-steps", items: set_by_steps(document, step) },
        Group { title: "references-choices", items: choices(document, fields, step) },
        Group { title: "references-record", items: read.take(MAX_SHOWN).collect() },
        Group {
            title: "references-call",
            items: ["$request[\"ip\"]", "$request[\"time\"]", "$[Now]"].map(plain).into(),
        },
    ];
    groups.into_iter().filter(|group| !group.items.is_empty()).collect()
}

/// The values that can be picked in the fields of the module on whose records a step works.
fn choices(document: &Value, fields: &Fields, step: &str) -> Vec<Reference> {
    let step = &document["steps"][step];
    let Some(module) = module_of(document, step) else { return Vec::new() };
    let (mut offers, named) = (fields.offers(module), named(step));
    // First those of the fields that the step names.
    offers.sort_by_key(|field| !named.contains(&field.name.as_str()));
    let all = offers.into_iter().flat_map(|field| {
        let Offer { name, choices, .. } = field;
        choices.into_iter().map(move |choice| Reference::new(choice, name.clone()))
    });
    all.take(MAX_SHOWN).collect()
}

/// The names of the latest submissions, those first that came most often.
fn from_posts(posted: &[Env], of: &str, sees_values: bool) -> Vec<Reference> {
    let mut names: BTreeMap<&str, (usize, &Value)> = BTreeMap::new();
    for (name, value) in posted.iter().flat_map(|env| &env.0) {
        let (count, example) = names.entry(name).or_insert((0, &Value::Null));
        *count += 1;
        if example.is_null() || example.as_str() == Some("") {
            *example = value;
        }
    }
    let mut all: Vec<_> = names.into_iter().collect();
    all.sort_by(|(_, (one, _)), (_, (other, _))| other.cmp(one));
    all.truncate(MAX_SHOWN);
    let reference = |(at, (name, (count, example))): (usize, (&str, (usize, &Value)))| {
        let text = env(name);
        let is_previewed = sees_values && at < MAX_PREVIEWED;
        let previews = if is_previewed { previews::of(&text, name, example) } else { Vec::new() };
        let example = match mask::value(example) {
            Value::String(shape) => shape,
            Value::Array(_) => "[…]".to_owned(),
            Value::Object(_) => "{…}".to_owned(),
            _ => String::new(),
        };
        Reference { text, help: format!("{example} · {count} {of} {}", posted.len()), previews }
    };
    all.into_iter().enumerate().map(reference).collect()
}

/// The names that the steps set.
pub fn set_names(document: &Value) -> Vec<String> {
    let names = set_by_steps(document, "").into_iter().map(|one| one.text);
    names.filter_map(|text| Some(text.strip_prefix("$env[\"")?.strip_suffix("\"]")?.to_owned())).collect()
}

/// The names that other steps set.
fn set_by_steps(document: &Value, step: &str) -> Vec<Reference> {
    let mut all: Vec<Reference> = Vec::new();
    for (name, other) in document["steps"].as_object().into_iter().flatten().filter(|(name, _)| *name != step) {
        let Some(kind) = task(other) else { continue };
        for setting in kind.spec.settings {
            let set: Vec<&str> = match (setting.kind, &other[setting.key]) {
                (Kind::EnvName, Value::String(set)) => vec![set],
                (Kind::Env, Value::Object(set)) if setting.key == kind.spec.name => {
                    set.keys().map(String::as_str).collect()
                }
                _ => continue,
            };
            let references = set.into_iter().map(|set| Reference::new(env(set), name.clone()));
            all.extend(references.filter(|one| !all.iter().any(|known| known.text == one.text)).collect::<Vec<_>>());
        }
    }
    all.truncate(MAX_SHOWN);
    all
}

fn env(name: &str) -> String {
    format!("$env[\"{name}\"]")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_with_how_often_they_came_and_a_masked_example() {
        let posted = [json!({"a": "Lovelace", "n": 15}), json!({"a": "", "tags": ["x"]})];
        let posted = posted.map(|one| serde_json::from_value::<Env>(one).unwrap());
        let all = from_posts(&posted, "of", false);
        assert!(all.iter().all(|one| one.previews.is_empty()));
        let texts: Vec<_> = all.iter().map(|one| (one.text.as_str(), one.help.as_str())).collect();
        assert_eq!(texts[0], ("$env[\"a\"]", "L••• (8) · 2 of 2"));
        assert_eq!(texts[1..], [("$env[\"n\"]", "••• (2) · 1 of 2"), ("$env[\"tags\"]", "[…] · 1 of 2")]);
        let previews = &from_posts(&posted, "of", true)[0].previews;
        assert!(previews.iter().any(|one| one.help == "Lovelace → LOVELACE"), "{previews:?}");
    }

    #[test]
    fn names_that_other_steps_set_can_be_read() {
        let document = json!({"steps": {
            "find": {"find_record": "Leads", "store_id": "lead"},
            "name": {"set_env": {"full": "x", "lead": "y"}},
            "ask": {"http_request": "https://example.org", "form": {"q": 1}, "store": "answer"},
        }});
        let texts: Vec<_> = set_by_steps(&document, "ask").into_iter().map(|one| one.text).collect();
        assert_eq!(texts, ["$env[\"lead\"]", "$env[\"full\"]"]);
    }
}
