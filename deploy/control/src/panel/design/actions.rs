//! What the buttons of the designer do to a draft. What was typed into the form of the step is taken over first.

use postern_shared::draft::Draft;
use postern_shared::task::KINDS;
use postern_shared::workflow::SPEC as WORKFLOW;
use serde_json::Value;
use warp::reply::Response;

use super::form::{texts_of, words};
use super::opened::Opened;
use super::{posted, seen};
use crate::designer::Sketch;
use crate::designer::edit::{self, Direction, Edit, Exit, Refused};
use crate::designer::outputs::task;
use crate::designer::settings::read::{self, Form, SHOWN};
use crate::panel::reply::{self, Refusal};
use crate::panel::runs::SPANS;
use crate::panel::visit::{Pairs, Visit};

impl Form for Pairs {
    fn one(&self, name: &str) -> &str {
        self.get(name)
    }

    fn many(&self, name: &str) -> Vec<&str> {
        self.all(name).collect()
    }
}

/// Why a draft stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    Edit(Refused),
    TooLong,
    /// The draft was changed since the form was made.
    Stale,
}

/// Where the person is led afterwards.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    /// The step; empty = the start.
    step: String,
    /// What the page is asked for besides: [`EDIT`], [`REMOVED`], or nothing.
    more: &'static str,
}

/// The first field of the step has the focus.
const EDIT: &str = "&edit=1";

/// It is said that a step was removed.
const REMOVED: &str = "&done=step-removed";

/// Does what a button says, and shows the graph again.
pub async fn act(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let (design, draft, own) = (opened.path("design"), opened.path("draft"), opened.path(""));
    let done = opened.change(visit, |draft| perform(draft, visit)).await?;
    let to = |next: Next| {
        let step: String = form_urlencoded::byte_serialize(next.step.as_bytes()).collect();
        let last = SPANS.iter().find(|(name, _)| *name == visit.form.get("last"));
        let last = last.map(|(name, _)| format!("&last={name}")).unwrap_or_default();
        format!("{design}?step={step}{}{last}", next.more)
    };
    let next = visit.form.get("next");
    Ok(reply::redirect(&match done {
        // Where a link led that was followed while the form held something new.
        Ok(_) if next.starts_with(&own) => reply::own_path(next).to_owned(),
        Ok(next) => to(next),
        Err(Obstacle::Edit(Refused::Missing)) => to(Next { step: String::new(), more: "" }),
        Err(Obstacle::Edit(Refused::Unreadable)) => format!("{draft}?refused=unreadable"),
        Err(Obstacle::Edit(Refused::Lines)) => format!("{draft}?refused=lines"),
        Err(Obstacle::TooLong) => format!("{draft}?refused=long"),
        Err(Obstacle::Stale) => return posted::show(visit).await,
    }))
}

/// All of it or nothing.
fn perform(draft: &mut Draft, visit: &Visit<'_>) -> Result<Next, Obstacle> {
    let mut changed = draft.clone();
    let next = performed(&mut changed, visit)?;
    *draft = changed;
    Ok(next)
}

fn performed(draft: &mut Draft, visit: &Visit<'_>) -> Result<Next, Obstacle> {
    let (form, mut step) = (&visit.form, visit.form.get("step").to_owned());
    let stay = |step: String| Next { step, more: "" };
    match form.get("action") {
        "undo" | "redo" => {
            let before = draft.text.clone();
            let _ = if form.get("action") == "undo" { draft.undo() } else { draft.redo() };
            return Ok(stay(stays(&before, &draft.text, step)));
        }
        _ => {}
    }
    if !form.many(SHOWN).is_empty() {
        if seen::is_stale(form, draft) {
            return Err(Obstacle::Stale);
        }
        let document = edit::read(&draft.text).map_err(Obstacle::Edit)?;
        step = change(draft, &typed(form, &document, &step)?)?;
        let title = form.get("name").trim();
        if !step.is_empty() && !title.is_empty() && title != step {
            step = change(draft, &Edit::Rename(step, title.to_owned()))?;
        }
    }
    // A key was pressed on the card of a step whose form is not open.
    let (action, step) = match serde_json::from_str::<(String, String)>(form.get("on_card")) {
        Ok(on_card) => on_card,
        Err(_) => (form.get("action").to_owned(), step),
    };
    let disconnect: Option<(String, String)> = serde_json::from_str(form.get("disconnect")).ok();
    let from = |output: &str| Exit { step: step.clone(), output: output.to_owned() };
    let edit = match action.as_str() {
        _ if disconnect.is_some() => {
            let (output, to) = disconnect.unwrap_or_default();
            Edit::Disconnect(from(&output), to)
        }
        "add" => {
            let kind = KINDS.iter().find(|kind| kind.spec.name == form.get("task"));
            let task = kind.ok_or(Obstacle::Edit(Refused::Missing))?.spec;
            let title = words(texts_of(visit.language), &task.text_key()).title.to_lowercase();
            let is_beside = form.get("beside") == "true";
            let added = change(draft, &Edit::Add { from: from(form.get("output")), task, title, is_beside })?;
            return Ok(Next { step: added, more: EDIT });
        }
        "connect" => Edit::Connect(from(form.get("output")), form.get("to").to_owned()),
        "remove" => {
            let before = leads_to(&draft.text, &step);
            change(draft, &Edit::Remove(step.clone()))?;
            return Ok(Next { step: before, more: REMOVED });
        }
        "duplicate" => Edit::Duplicate(step.clone()),
        "up" => Edit::Move(step.clone(), Direction::Up),
        "down" => Edit::Move(step.clone(), Direction::Down),
        _ => return Ok(stay(step)),
    };
    Ok(stay(change(draft, &edit)?))
}

fn change(draft: &mut Draft, edit: &Edit) -> Result<String, Obstacle> {
    let edited = edit::apply(&draft.text, edit).map_err(Obstacle::Edit)?;
    draft.change(edited.text).map_err(|_| Obstacle::TooLong)?;
    Ok(edited.step)
}

/// The edit that takes over what was typed into the form of a step.
pub fn typed(form: &Pairs, document: &Value, step: &str) -> Result<Edit, Obstacle> {
    let missing = || Obstacle::Edit(Refused::Missing);
    if step.is_empty() {
        let map = document.as_object().ok_or_else(missing)?;
        return Ok(Edit::SetWorkflow(read::settings(form, (WORKFLOW.settings, &[]), map)));
    }
    let map = document["steps"][step].as_object().ok_or_else(missing)?;
    let spec = task(&document["steps"][step]).ok_or_else(missing)?.spec;
    Ok(Edit::SetStep(step.to_owned(), read::settings(form, (spec.settings, spec.outputs), map)))
}

/// The step that is open after a change of the text was taken back or made again: one that came with it, or the same as
/// before, or the one that led there.
fn stays(before: &str, now: &str, step: String) -> String {
    let (was, is) = (sketch(before), sketch(now));
    match is.steps.iter().find(|one| was.step(&one.name).is_none()) {
        Some(new) => new.name.clone(),
        None if step.is_empty() || is.step(&step).is_some() => step,
        None => leads_to(before, &step),
    }
}

fn sketch(text: &str) -> Sketch {
    edit::read(text).map(|document| Sketch::of(&document)).unwrap_or_default()
}

/// A step that leads to a step; empty = none does, or the start.
fn leads_to(text: &str, step: &str) -> String {
    let sketch = sketch(text);
    let leads = |places: &[usize]| sketch.names(places).any(|name| name == step);
    let found = sketch.steps.iter().find(|one| one.name != step && one.outputs.iter().any(|(_, to)| leads(to)));
    found.map(|one| one.name.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_is_taken_back_leaves_the_person_where_it_was_made() {
        let with = |steps: &str| format!("workflow: 1\nstart: {{next: a}}\nsteps:\n{steps}");
        let a = with("  a: {comment: x}\n");
        let b = with("  a: {comment: x, next: b}\n  b: {comment: x}\n");
        let c = with("  a: {comment: x, next: c}\n  c: {comment: x}\n");
        for (before, now, step, expected) in [
            // What was added goes, and comes again.
            (&b, &a, "b", "a"),
            (&a, &b, "a", "b"),
            // What was renamed.
            (&b, &c, "b", "c"),
            (&a, &a, "a", "a"),
            (&b, &a, "a", "a"),
            (&b, &a, "", ""),
        ] {
            assert_eq!(stays(before, now, step.to_owned()), expected, "{step} of {before} in {now}");
        }
    }
}
