//! The form of a step, or of the workflow itself, made from its description.

use postern_shared::spec::texts::{self, EN, RU, Text};
use postern_shared::workflow::SPEC as WORKFLOW;
use serde_json::Value;

use crate::designer::Sketch;
use crate::designer::outputs::{self, NEXT};
use crate::designer::settings::{self, Field, Known};
use crate::panel::graph::glyph;
use crate::panel::visit::Visit;
use crate::panel::words::Language;

/// The form.
#[derive(Debug, Default)]
pub struct StepForm {
    /// What the task is called.
    pub task: &'static str,
    /// What the task does.
    pub help: &'static str,
    pub glyph: &'static str,
    pub fields: Vec<Field>,
    /// Where each output leads.
    pub outputs: Vec<Output>,
    /// What is wrong beside the fields.
    pub errors: Vec<String>,
    /// What completes the fields.
    pub lists: Vec<(&'static str, Vec<(String, String)>)>,
}

/// An output of a step.
#[derive(Debug)]
pub struct Output {
    pub name: String,
    /// The step that it leads to, and what the button says that it does so no longer.
    pub targets: Vec<(String, String)>,
}

impl StepForm {
    /// The form of a step; an empty name is the workflow with its start.
    pub fn of(
        visit: &Visit<'_>,
        document: &Value,
        sketch: &Sketch,
        step: &str,
        faults: &[(String, String)],
        known: &Known,
    ) -> Self {
        let texts = texts_of(visit.language);
        let map = if step.is_empty() { document } else { &document["steps"][step] };
        let task = outputs::task(map).filter(|_| !step.is_empty()).map(|kind| kind.spec);
        let spec = if step.is_empty() { Some(&WORKFLOW) } else { task };
        let Some(spec) = spec else {
            let errors = faults.iter().map(|(_, message)| message.clone()).collect();
            return Self { glyph: glyph(""), errors, ..Self::default() };
        };
        let Text { title, help } = words(texts, &spec.text_key());
        let mut fields = settings::fields((spec.settings, &spec.text_key()), map, known, texts);
        let mut errors = Vec::new();
        for (path, message) in faults {
            let is_of = |field: &&mut Field| {
                path.strip_prefix(field.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            match fields.iter_mut().filter(is_of).max_by_key(|field| field.path.len()) {
                Some(field) => field.errors.push(rest(path, &field.path, message)),
                None => errors.push(named(path, &spec.text_key(), texts, message)),
            }
        }
        let names: Vec<String> = if step.is_empty() {
            vec![NEXT.to_owned()]
        } else {
            sketch.step(step).into_iter().flat_map(|step| &step.outputs).map(|(name, _)| name.clone()).collect()
        };
        let origin = if step.is_empty() { &document["start"] } else { map };
        let outputs = names.into_iter().map(|name| Output {
            targets: (outputs::targets(origin, &name).into_iter())
                .map(|target| (target.clone(), Value::from(vec![name.clone(), target]).to_string()))
                .collect(),
            name,
        });
        Self {
            task: title,
            help,
            glyph: if step.is_empty() { "▶" } else { glyph(spec.name) },
            outputs: outputs.collect(),
            errors,
            lists: lists(&fields, known),
            fields,
        }
    }
}

/// The texts of the descriptions in a language.
pub fn texts_of(language: Language) -> &'static str {
    match language {
        Language::English => EN,
        Language::Russian => RU,
    }
}

/// The title and the help of a description.
pub fn words(texts: &'static str, key: &str) -> Text {
    texts::find(texts, key).unwrap_or(Text { title: "", help: "" })
}

/// A message with what the setting at its path is called: the form has no field under which it could stand.
fn named(path: &str, prefix: &str, texts: &'static str, message: &str) -> String {
    let key = path.replace(['.', '_'], "-");
    let title = [format!("{prefix}-{key}"), key].iter().find_map(|key| texts::find(texts, key)).map(|text| text.title);
    title.map_or_else(|| message.to_owned(), |title| format!("{title}: {message}"))
}

/// A message with the part of its path below the field.
fn rest(path: &str, field: &str, message: &str) -> String {
    match path[field.len()..].trim_start_matches('.') {
        "" => message.to_owned(),
        below => format!("{below}: {message}"),
    }
}

fn lists(fields: &[Field], known: &Known) -> Vec<(&'static str, Vec<(String, String)>)> {
    [
        ("modules", &known.modules),
        ("workflows", &known.workflows),
        ("connections", &known.connections),
        ("fields", &known.fields),
    ]
    .into_iter()
    .filter(|(name, _)| fields.iter().any(|field| field.list == *name))
    .map(|(name, all)| (name, all.clone()))
    .collect()
}
