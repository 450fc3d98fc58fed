//! The designer: the graph of a draft beside the form of one step. Each click is a small POST that edits the draft; every
//! page works without the script.

mod actions;
mod dry_run;
mod form;
pub mod from_call;
pub mod listen;
mod notes;
mod opened;
mod picker;
mod posted;
mod previews;
mod publish;
mod references;
mod seen;
mod synonyms;
mod text;
mod tried;

use std::collections::BTreeMap;

use askama::Template;
use postern_shared::finding::Finding;
use postern_shared::message::Language;
use postern_shared::store::recent_names;
use serde_json::Value;
use warp::reply::Response;

use super::editor;
use super::frame::{Frame, Section};
use super::graph::{self, Graph, Marks};
use super::reply::{self, Refusal};
use super::runs::SPANS;
use super::saving;
use super::shown::Moment;
use super::statistics::{self, Figures};
use super::visit::Visit;
use crate::designer::fields::module_of;
use crate::designer::outputs::NEXT;
use crate::designer::{Sketch, edit};
pub use actions::act;
pub use dry_run::{run as try_draft, show as show_try};
use form::StepForm;
pub use form::{texts_of, words};
use opened::Opened;
use picker::Picker;
use postern_shared::document::Kind;
pub use publish::{discard, duplicate, import, new, publish, restore};
use references::Group;
pub use text::{edit_text, keep_text, text_of};

/// In the place of the name of an output: the first that leads nowhere, or else the first.
const FREE: &str = "free";

#[derive(Template)]
#[template(path = "design.html")]
struct Page {
    p: Frame,
    id: String,
    title: String,
    /// The version that the draft was made from; 0 = the workflow is new.
    base_version: i32,
    /// The version in force; 0 = none is.
    in_force: i32,
    /// When the draft was changed; none = there is no draft, and this is the version in force.
    changed: Option<Moment>,
    can_undo: bool,
    can_redo: bool,
    graph: Graph,
    /// The step that is edited; empty = the start.
    step: String,
    /// The output that a new step is added to first.
    first_output: String,
    /// What stands in the field of the step's name.
    name: String,
    /// The mark of the text of the draft that the form is made from.
    seen: String,
    /// Why the form is shown again; empty if the person wanted this page.
    notice: String,
    /// Whether the draft was not published, since another tab had changed it.
    is_other: bool,
    form: StepForm,
    /// The tasks, where a step is added.
    picker: Option<Picker>,
    /// The steps that an output can lead to, where one is connected, and which is chosen first.
    targets: Option<Vec<(String, bool)>>,
    /// Whether something is to come behind a step that has no output.
    ends: bool,
    references: Vec<Group>,
    /// What is wrong beside the steps.
    faults: Vec<String>,
    /// The steps with what the other system does not have, or has otherwise.
    drift: Vec<(String, String)>,
    /// How much is wrong in all.
    fault_count: i64,
    /// What is no mistake, and should be known.
    notes: Vec<String>,
    /// Whether the first field has the focus.
    has_focus: bool,
    /// The times of which the steps can be counted: name, words, and whether it is chosen.
    spans: Vec<(&'static str, String, bool)>,
    /// The name of the chosen time; empty = nothing is counted.
    last: &'static str,
    /// What the chosen step did.
    figures: Option<Figures>,
}

/// Which form is shown.
struct Shown {
    /// The step; empty = the start.
    step: String,
    name: String,
    seen: String,
    notice: String,
}

/// What is wrong with a draft, by its steps; an empty name is the start.
#[derive(Debug, Default)]
struct Faults {
    /// Of each step: the path below the step, and what is wrong there.
    of_steps: BTreeMap<String, Vec<(String, String)>>,
    /// What is wrong with the whole.
    others: Vec<String>,
}

impl Faults {
    fn new(found: impl Iterator<Item = Finding>, sketch: &Sketch, language: Language) -> Self {
        let mut faults = Self::default();
        for Finding { path, message } in found {
            let message = message.text(language);
            let step = path.strip_prefix("steps.").and_then(|rest| {
                let begins =
                    |name: &str| rest.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
                let names = sketch.steps.iter().map(|step| step.name.as_str()).filter(|name| begins(name));
                let name = names.max_by_key(|name| name.len())?;
                Some((name.to_owned(), rest[name.len()..].trim_start_matches('.').to_owned()))
            });
            let start = || {
                let is_of_form = ["start", "title", "active"].iter().any(|key| path.split('.').next() == Some(key));
                is_of_form.then(|| (String::new(), path.clone()))
            };
            match step.or_else(start) {
                Some((step, path)) => faults.of_steps.entry(step).or_default().push((path, message)),
                None => faults.others.push(if path.is_empty() { message } else { format!("{path}: {message}") }),
            }
        }
        faults
    }

    fn of(&self, step: &str) -> &[(String, String)] {
        self.of_steps.get(step).map_or(&[], Vec::as_slice)
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        self.of_steps.iter().map(|(step, all)| (step.clone(), all.len())).collect()
    }

    fn count(&self) -> i64 {
        let count = self.others.len() + self.of_steps.values().map(Vec::len).sum::<usize>();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

/// The graph of the draft and the form of the step that the query names.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    match edit::read(&opened.draft.text) {
        Ok(document) => {
            let step = visit.query.get("step").to_owned();
            let shown = Shown { name: step.clone(), step, seen: seen::mark(&opened.draft.text), notice: String::new() };
            reply::page(&page(visit, opened, &document, shown).await?)
        }
        // What is no map cannot be drawn: its text can be mended.
        Err(_) => Ok(reply::redirect(&format!("{}?refused=unreadable", opened.path("draft")))),
    }
}

async fn page(visit: &Visit<'_>, opened: Opened, document: &Value, shown: Shown) -> Result<Page, Refusal> {
    let sketch = Sketch::of(document);
    let batch = editor::judged(visit, &opened.draft.text, Kind::Workflow).await?;
    let faults = Faults::new(batch.findings.into_iter().map(|found| found.located.finding), &sketch, visit.language);
    let chosen = Some(shown.step).filter(|name| sketch.step(name).is_some()).unwrap_or_default();
    let counts = faults.counts();
    let (mut known, fields) = (opened::known(visit, document).await?, opened::fields(visit).await?);
    let module = module_of(document, &document["steps"][&chosen]);
    let offers = module.map(|module| fields.offers(module)).unwrap_or_default();
    known.fields = offers.into_iter().map(|field| (field.name, field.help)).collect();
    let form = StepForm::of(visit, document, &sketch, &chosen, faults.of(&chosen), &known);
    let free = form.outputs.iter().find(|output| output.targets.is_empty()).or(form.outputs.first());
    let first_output = free.map_or(NEXT, |output| output.name.as_str()).to_owned();
    let (add, connect) = (visit.query.get("add"), visit.query.get("connect") == "1");
    let ends = (add == FREE || connect) && form.outputs.is_empty();
    let add = if add == FREE { first_output.as_str() } else { add };
    let has = |output: &str| form.outputs.iter().any(|one| one.name == output);
    let is_connecting = connect && !ends;
    let (last, counted) = statistics::of_draft(visit, opened.id).await?;
    let spans = SPANS.map(|(name, _)| (name, visit.t(&format!("last-{name}")), name == last));
    let posted = recent_names::load(&visit.connection().await?, Some(opened.id), &sketch.triggers).await?;
    let p = Frame::new(visit, Section::Workflows).await;
    Ok(Page {
        picker: has(add).then(|| Picker::of(visit, &form, add)),
        targets: is_connecting.then(|| sketch.targets(&chosen, &first_output)),
        first_output,
        ends,
        notes: notes::of(visit, document, &sketch, &posted),
        references: references::of(visit, document, &sketch, (&chosen, &fields), &posted),
        graph: graph::draw(
            &sketch,
            document,
            Marks::Drafted { chosen: &chosen, faults: &counts, counted: &counted, language: visit.language },
        ),
        spans: spans.into(),
        last,
        figures: counted.iter().find(|step| step.step == chosen).map(|step| Figures::new(&p, step)),
        id: opened.id.to_string(),
        title: saving::title(document).to_owned(),
        base_version: opened.draft.base_version,
        in_force: opened.in_force,
        changed: opened.changed_at.map(|at| p.moment(&at)),
        can_undo: !opened.draft.undo.is_empty(),
        can_redo: !opened.draft.redo.is_empty(),
        step: chosen,
        name: shown.name,
        seen: shown.seen,
        notice: shown.notice,
        is_other: visit.query.get("other") == "1",
        drift: fields.drift(document).into_iter().map(|(step, one)| (step, one.text(visit.language))).collect(),
        fault_count: faults.count(),
        faults: faults.others,
        form,
        has_focus: visit.query.get("edit") == "1",
        p,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_stands_at_its_step() {
        let sketch = Sketch::of(&json!({"steps": {"a": {}, "a.b": {}}}));
        let findings = [
            ("steps.a.fields.x", "1"),
            ("steps.a.b", "2"),
            ("steps.a.b.next", "3"),
            ("start.next", "4"),
            ("steps", "5"),
            ("", "6"),
            ("active", "7"),
        ];
        let faults = Faults::new(
            findings
                .into_iter()
                .map(|(path, message)| Finding::new(path, postern_shared::message::Message::said(message))),
            &sketch,
            Language::English,
        );
        let of = |step: &str| -> Vec<(&str, &str)> {
            faults.of(step).iter().map(|(path, message)| (path.as_str(), message.as_str())).collect()
        };
        assert_eq!(of("a"), [("fields.x", "1")]);
        assert_eq!(of("a.b"), [("", "2"), ("next", "3")]);
        assert_eq!(of(""), [("start.next", "4"), ("active", "7")]);
        assert_eq!(faults.others, ["steps: 5", "6"]);
        assert_eq!(faults.count(), 7);
    }
}
