//! What a document says after an edit. Nothing is said of its text here.

use postern_shared::document::Kind as Named;
use postern_shared::spec::{Kind, Setting, Spec};
use serde_json::{Map, Value};

use super::edit::Exit;
use super::outputs::{self, NEXT, lead, targets};

/// The map that an output stands in: the start, or a step.
pub(super) fn origin<'d>(document: &'d mut Value, from: &Exit) -> Option<&'d mut Map<String, Value>> {
    if from.step.is_empty() {
        let document = document.as_object_mut()?;
        return document.entry("start").or_insert_with(|| Value::Object(Map::new())).as_object_mut();
    }
    document.get_mut("steps")?.get_mut(&from.step)?.as_object_mut()
}

/// Adds a step behind an output. Between: what the output led to comes behind the first output of the new step.
pub(super) fn add(
    document: &mut Value,
    from: &Exit,
    (name, spec): (&str, &'static Spec),
    is_beside: bool,
) -> Option<()> {
    let map = Value::Object(origin(document, from)?.clone());
    let before = targets(&map, &from.output);
    let mut step = blank(spec, document["start"]["module"].as_str());
    let mut after = vec![name.to_owned()];
    match spec.outputs.first() {
        Some(output) if !is_beside => lead(&mut step, output, &before),
        _ => after.splice(0..0, before).for_each(drop),
    }
    lead(origin(document, from)?, &from.output, &after);
    let root = document.as_object_mut()?;
    let steps = root.entry("steps").or_insert(Value::Null);
    if steps.is_null() {
        *steps = Value::Object(Map::new());
    }
    let steps = steps.as_object_mut()?;
    let at = steps.keys().position(|key| *key == from.step).map_or(0, |at| at + 1);
    steps.shift_insert(at, name.to_owned(), Value::Object(step));
    Some(())
}

/// A step with the settings that it must have, most of them still empty. It works on the module of the start.
fn blank(spec: &'static Spec, module: Option<&str>) -> Map<String, Value> {
    let value = |setting: &Setting| match setting.kind {
        Kind::Name(Named::Module) => module.map_or(Value::Null, Value::from),
        Kind::True => Value::Bool(true),
        Kind::Choice(words) => words.first().map_or(Value::Null, |word| Value::from(*word)),
        _ => Value::Null,
    };
    let is_wanted = |setting: &&Setting| setting.required || setting.key == spec.name;
    spec.settings.iter().filter(is_wanted).map(|setting| (setting.key.to_owned(), value(setting))).collect()
}

/// Removes a step. What led to it leads on to what came behind it, as if the step had been added between them: behind the
/// first of its outputs that leads to another step.
pub(super) fn remove(document: &mut Value, name: &str) -> Option<()> {
    let step = document.get_mut("steps")?.as_object_mut()?.shift_remove(name)?;
    let others = |output: String| -> Vec<String> {
        targets(&step, &output).into_iter().filter(|target| target != name).collect()
    };
    let behind = outputs::outputs(&step).into_iter().map(others).find(|behind| !behind.is_empty()).unwrap_or_default();
    each_output(document, |targets| {
        let Some(at) = targets.iter().position(|target| target == name) else { return };
        targets.retain(|target| target != name);
        let new: Vec<String> = behind.iter().filter(|one| !targets.contains(one)).cloned().collect();
        let at = at.min(targets.len());
        targets.splice(at..at, new).for_each(drop);
    });
    Some(())
}

/// Lets everything that leads to a step lead to another name.
pub(super) fn follow(document: &mut Value, old: &str, new: &str) {
    each_output(document, |targets| {
        targets.iter_mut().filter(|target| *target == old).for_each(|target| new.clone_into(target));
    });
}

/// Adds a copy of a step behind it. Nothing leads to the copy.
pub(super) fn duplicate(document: &mut Value, name: &str, copy: &str) -> Option<()> {
    let steps = document.get_mut("steps")?.as_object_mut()?;
    let at = steps.keys().position(|key| key == name)?;
    let step = steps.get(name)?.clone();
    steps.shift_insert(at + 1, copy.to_owned(), step);
    Some(())
}

/// Changes where every output leads. An output that leads where it led before is not written again.
fn each_output(document: &mut Value, change: impl Fn(&mut Vec<String>)) {
    let steps = document["steps"].as_object();
    let names: Vec<String> = steps.into_iter().flat_map(Map::keys).cloned().collect();
    let mut places = vec![Exit { step: String::new(), output: NEXT.to_owned() }];
    for step in names {
        let all = outputs::outputs(&document["steps"][&step]);
        places.extend(all.into_iter().map(|output| Exit { step: step.clone(), output }));
    }
    for from in places {
        let Some(map) = origin(document, &from) else { continue };
        let before = targets(&Value::Object(map.clone()), &from.output);
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            lead(map, &from.output, &after);
        }
    }
}
