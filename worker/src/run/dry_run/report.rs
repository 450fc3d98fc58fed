//! What came of all steps of a dry run.

use postern_shared::dry_run::{Child, Report, Response, told};
use postern_shared::message::Message;
use postern_shared::store::runs::{Run, State};

use super::simulation::{FIRST, Simulation};

/// The word for a run that did not begin.
const NOT_BEGUN: &str = "did_not_run";

/// The report of a simulation that is over.
pub fn of(simulation: Simulation<'_, '_>) -> Report {
    let (status, message) = status(&simulation);
    let (status, (message, message_code)) = (status.to_owned(), told(message));
    let response = simulation.unit.effects.responses.first().map(|(_, response)| Response {
        status: response.status,
        content_type: response.content_type.clone(),
        body: String::from_utf8_lossy(&response.body).into_owned(),
    });
    let runs = simulation.runs().filter(|run| run.number != FIRST);
    let mut children: Vec<Child> = runs.filter_map(|run| child(&simulation, run)).collect();
    children.sort_by_key(|child| child.run);
    let records = simulation.paths.records.all_changes(&simulation.unit);
    Report { status, message, message_code, records, path: simulation.paths.steps, response, children }
}

/// How the run of the workflow stands, and why.
fn status<'s>(simulation: &'s Simulation<'_, '_>) -> (&'static str, Option<&'s Message>) {
    match (simulation.paths.stopped(), simulation.runs().find(|run| run.number == FIRST)) {
        (Some(word), _) => (word, None),
        (None, Some(run)) => (word(simulation, run), run.message.as_ref()),
        (None, None) => (State::Running.word(), None),
    }
}

fn word(simulation: &Simulation<'_, '_>, run: &Run) -> &'static str {
    if simulation.paths.not_begun.contains(&run.number) { NOT_BEGUN } else { run.state.word() }
}

fn child(simulation: &Simulation<'_, '_>, run: &Run) -> Option<Child> {
    let parent = run.parent?;
    let (message, message_code) = told(run.message.as_ref());
    Some(Child {
        run: run.number,
        workflow: run.workflow,
        started_by: (parent.run, parent.step),
        record: run.record.clone(),
        status: word(simulation, run).to_owned(),
        message,
        message_code,
    })
}
