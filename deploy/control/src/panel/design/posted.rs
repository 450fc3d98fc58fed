//! The form of a step whose draft was changed in another tab: it is shown again with what was typed, and is kept when it is
//! sent once more. What no longer fits the draft stands as a comment in its text.

use postern_shared::task::KINDS;
use postern_shared::workflow::SPEC as WORKFLOW;
use postern_shared::yaml;
use serde_json::{Map, Value};
use warp::reply::Response;

use super::actions::typed;
use super::opened::Opened;
use super::{Shown, page, seen, text};
use crate::designer::edit::{self, Edited};
use crate::designer::outputs::task;
use crate::designer::settings::read::{self, Form, SHOWN};
use crate::panel::reply::{self, Refusal};
use crate::panel::visit::{Pairs, Visit};

/// The form with what was typed.
pub async fn show(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let mut opened = Opened::find(visit).await?;
    let seen = seen::mark(&opened.draft.text);
    let step = visit.form.get("step");
    let edited = edited(&visit.form, &opened.draft.text, step);
    let Some((document, edited)) = edited.and_then(|edited| Some((edit::read(&edited.text).ok()?, edited.text))) else {
        let text = format!("{}\n{}", opened.draft.text.trim_end(), comment(&visit.form, step));
        let notice = visit.t("draft-refused-elsewhere");
        return reply::unsaved(&text::page(visit, text, (notice, seen)).await?);
    };
    opened.draft.text = edited;
    let shown = Shown {
        step: step.to_owned(),
        name: visit.form.get("name").to_owned(),
        seen,
        notice: visit.t("draft-changed-elsewhere"),
    };
    reply::unsaved(&page(visit, opened, &document, shown).await?)
}

/// The text of the draft with what was typed, if the form still fits it.
fn edited(form: &Pairs, text: &str, step: &str) -> Option<Edited> {
    let document = edit::read(text).ok()?;
    let now = task(&document["steps"][step]).map(|kind| kind.spec.name);
    if !step.is_empty() && now != name_of_task(form) {
        return None;
    }
    edit::apply(text, &typed(form, &document, step).ok()?).ok()
}

/// What was typed, as comment lines.
fn comment(form: &Pairs, step: &str) -> String {
    let settings = match KINDS.iter().find(|kind| Some(kind.spec.name) == name_of_task(form)) {
        Some(kind) if !step.is_empty() => {
            let empty = Map::from_iter([(kind.spec.name.to_owned(), Value::Null)]);
            let settings = read::settings(form, (kind.spec.settings, kind.spec.outputs), &empty);
            Map::from_iter([(step.to_owned(), Value::Object(settings))])
        }
        _ => read::settings(form, (WORKFLOW.settings, &[]), &Map::new()),
    };
    yaml::write(&Value::Object(settings)).lines().map(|line| format!("# {line}\n")).collect()
}

/// The name of the task whose form this is.
fn name_of_task(form: &Pairs) -> Option<&'static str> {
    let shown = form.many(SHOWN);
    let mut keys = shown.iter().filter_map(|name| name.split('.').next());
    keys.find_map(|key| KINDS.iter().map(|kind| kind.spec.name).find(|name| *name == key))
}
