//! Where the outputs of a step lead, read from its document, whether it is valid or not.

use postern_shared::task::{self, KINDS, switch};
use serde_json::{Map, Value};

/// The one output of the start.
pub const NEXT: &str = "next";

/// The setting that holds the cases of a step, each with where it leads.
const CASES: &str = "cases";

/// The case that an output belongs to.
fn case(output: &str) -> Option<&str> {
    output.strip_prefix('=').map(|case| case.strip_prefix(' ').unwrap_or(case))
}

/// The task of a step: the first key that names one.
pub fn task(step: &Value) -> Option<&'static task::Kind> {
    step.as_object()?.keys().find_map(|key| KINDS.iter().find(|kind| kind.spec.name == key))
}

/// The outputs of a step: those of its cases and of its task. A step without a task has those that are written.
pub fn outputs(step: &Value) -> Vec<String> {
    match task(step) {
        Some(kind) => {
            let cases = step[CASES].as_object().filter(|_| kind.spec.setting(CASES).is_some());
            let cases = cases.into_iter().flat_map(Map::keys).map(|case| switch::output(case));
            cases.chain(kind.spec.outputs.iter().map(|output| (*output).to_owned())).collect()
        }
        None => {
            let is_output = |key: &&String| KINDS.iter().any(|kind| kind.spec.outputs.contains(&key.as_str()));
            step.as_object().into_iter().flat_map(Map::keys).filter(is_output).cloned().collect()
        }
    }
}

/// The names of the steps that an output leads to, in written order.
pub fn targets(map: &Value, output: &str) -> Vec<String> {
    names(match case(output) {
        Some(case) => &map[CASES][case],
        None => &map[output],
    })
}

/// The names of steps that a value holds: one alone, or several.
pub fn names(value: &Value) -> Vec<String> {
    let name = |value: &Value| match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match value {
        Value::Array(items) => items.iter().filter_map(name).collect(),
        one => name(one).into_iter().collect(),
    }
}

/// Lets an output lead to these steps. A list stays a list; one name alone stays alone.
pub fn lead(map: &mut Map<String, Value>, output: &str, targets: &[String]) {
    if let Some(case) = case(output) {
        let Some(Value::Object(cases)) = map.get_mut(CASES) else { return };
        // A case stays where it is, though it leads nowhere.
        let value = match targets {
            [one] => Value::from(one.as_str()),
            several => several.iter().map(|name| Value::from(name.as_str())).collect(),
        };
        cases.insert(case.to_owned(), value);
        return;
    }
    let is_list = map.get(output).is_some_and(Value::is_array);
    let value = match targets {
        // A map of nothing else would go with its comments.
        [] if map.len() == 1 && map.contains_key(output) => Value::Array(Vec::new()),
        [] => {
            map.shift_remove(output);
            return;
        }
        [one] if !is_list => Value::from(one.as_str()),
        several => several.iter().map(|name| Value::from(name.as_str())).collect(),
    };
    map.insert(output.to_owned(), value);
}
