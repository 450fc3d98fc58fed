//! Edits of a workflow's text. The result of each is read again and compared with what was intended; where an edit would
//! lose a comment, or write other lines anew, it is refused, and the person changes the text.

use postern_shared::spec::Spec;
use postern_shared::yaml;
use serde_json::{Map, Value};

use super::outputs::{lead, targets};
use super::{change, name};

/// Where a line begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The name of the step; empty = the start.
    pub step: String,
    /// Its output.
    pub output: String,
}

/// What a person does.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Adds a step behind an output.
    Add {
        /// The output.
        from: Exit,
        /// The task of the step.
        task: &'static Spec,
        /// What the step is called.
        title: String,
        /// What the output leads to stays, and the new step comes behind it. Otherwise the new step stands between.
        is_beside: bool,
    },
    /// Lets an output lead to a step as well.
    Connect(Exit, String),
    /// Lets an output lead to a step no longer.
    Disconnect(Exit, String),
    /// Removes a step. What led to it leads on to what came behind it.
    Remove(String),
    /// Calls a step something else; everything that leads to it follows.
    Rename(String, String),
    /// Adds a copy of a step, to which nothing leads.
    Duplicate(String),
    /// Moves a step to the place before the one above it, or behind the one below it.
    Move(String, Direction),
    /// Gives a step these settings and outputs.
    SetStep(String, Map<String, Value>),
    /// Gives the workflow these settings. Its steps stay.
    SetWorkflow(Map<String, Value>),
}

/// Where a step moves in the written order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Towards the beginning.
    Up,
    /// Towards the end.
    Down,
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The step that is edited next; empty = the start.
    pub step: String,
}

/// Why a text is not edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is not one map in YAML.
    Unreadable,
    /// What is to be changed is not there.
    Missing,
    /// Comments would be lost, or other lines be written anew.
    Lines,
}

/// The map that a text holds.
///
/// # Errors
/// The text is not one document that is a map.
pub fn read(text: &str) -> Result<Value, Refused> {
    let mut documents = yaml::read(text).map_err(|_| Refused::Unreadable)?;
    let value = documents.pop().filter(|_| documents.is_empty()).map(|document| document.value);
    value.filter(Value::is_object).ok_or(Refused::Unreadable)
}

/// Edits a text.
///
/// # Errors
/// Why it stays as it is.
pub fn apply(text: &str, edit: &Edit) -> Result<Edited, Refused> {
    let mut document = read(text)?;
    let is_taken = |document: &Value, name: &str| document["steps"].get(name).is_some();
    let is_step = |name: &str| if document["steps"].get(name).is_some() { Ok(()) } else { Err(Refused::Missing) };
    let step = match edit {
        Edit::Rename(step, title) => return rename(text, &document, step, title),
        Edit::Move(step, direction) => return reorder(text, &document, step, *direction),
        Edit::Add { from, task, title, is_beside } => {
            let name = name::free(&name::of_title(title), |name| is_taken(&document, name));
            change::add(&mut document, from, (&name, task), *is_beside).ok_or(Refused::Missing)?;
            name
        }
        Edit::Connect(from, to) => {
            is_step(to)?;
            leads(&mut document, from, |targets| {
                if !targets.contains(to) {
                    targets.push(to.clone());
                }
            })?
        }
        Edit::Disconnect(from, to) => leads(&mut document, from, |targets| targets.retain(|target| target != to))?,
        Edit::Remove(step) => {
            change::remove(&mut document, step).ok_or(Refused::Missing)?;
            String::new()
        }
        Edit::Duplicate(step) => {
            let copy = name::free(step, |name| is_taken(&document, name));
            change::duplicate(&mut document, step, &copy).ok_or(Refused::Missing)?;
            copy
        }
        Edit::SetStep(step, settings) => {
            is_step(step)?;
            document["steps"][step] = Value::Object(settings.clone());
            step.clone()
        }
        Edit::SetWorkflow(settings) => {
            document = Value::Object(settings.clone());
            String::new()
        }
    };
    let text = yaml::edit_lines(text, &document).ok_or(Refused::Lines)?;
    Ok(Edited { text, step })
}

/// Changes what an output leads to; returns the step that has the output.
fn leads(document: &mut Value, from: &Exit, change: impl FnOnce(&mut Vec<String>)) -> Result<String, Refused> {
    let map = change::origin(document, from).ok_or(Refused::Missing)?;
    let mut all = targets(&Value::Object(map.clone()), &from.output);
    change(&mut all);
    lead(map, &from.output, &all);
    Ok(from.step.clone())
}

fn rename(text: &str, document: &Value, step: &str, title: &str) -> Result<Edited, Refused> {
    document["steps"].get(step).ok_or(Refused::Missing)?;
    let made = name::of_title(title);
    let name = name::free(&made, |name| name != step && document["steps"].get(name).is_some());
    if name == step {
        return Ok(Edited { text: text.to_owned(), step: name });
    }
    let text = yaml::rename(text, &["steps", step], &name).ok_or(Refused::Lines)?;
    let mut document = read(&text)?;
    change::follow(&mut document, step, &name);
    let text = yaml::edit_lines(&text, &document).ok_or(Refused::Lines)?;
    Ok(Edited { text, step: name })
}

fn reorder(text: &str, document: &Value, step: &str, direction: Direction) -> Result<Edited, Refused> {
    let steps = document["steps"].as_object().ok_or(Refused::Missing)?;
    let mut order: Vec<&str> = steps.keys().map(String::as_str).collect();
    let at = order.iter().position(|name| *name == step).ok_or(Refused::Missing)?;
    let other = match direction {
        Direction::Up => at.checked_sub(1),
        Direction::Down => Some(at + 1).filter(|other| *other < order.len()),
    };
    let Some(other) = other else { return Ok(Edited { text: text.to_owned(), step: step.to_owned() }) };
    order.swap(at, other);
    let text = yaml::reorder(text, &["steps"], &order).ok_or(Refused::Lines)?;
    Ok(Edited { text, step: step.to_owned() })
}
