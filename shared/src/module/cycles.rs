//! Steps that lead back to themselves and never stop: nothing in the circle waits, calls another system, or decides anew. A
//! run in it goes on to the limit of steps, and does thousands of times what was meant once.

use std::collections::{BTreeSet, HashSet};

use super::Modules;
use super::agreement::Undeclared;
use crate::expression::Expression;
use crate::finding::Finding;
use crate::message::StepFault;
use crate::task::Task;
use crate::task::create_record::CreateRecord;
use crate::workflow::{Step, StepIndex, Workflow};

/// The most steps that a finding names.
const MAX_NAMED: usize = 5;

/// A finding for each circle without an end, at the first of its steps.
pub(super) fn findings(workflow: &Workflow, modules: &Modules, undeclared: Undeclared) -> Vec<Finding> {
    let finding = |circle: Vec<usize>| {
        let inside: HashSet<usize> = circle.iter().copied().collect();
        let steps: Vec<&Step> = circle.iter().filter_map(|at| workflow.steps.get(*at)).collect();
        let written = written(&steps);
        let ends = |step: &&Step| may_end(step, &inside, &written, modules, undeclared);
        if steps.iter().any(ends) {
            None
        } else {
            Some(Finding::new(format!("steps.{}", steps[0].name), fault(&steps)))
        }
    };
    circles(workflow).into_iter().filter_map(finding).collect()
}

fn fault(steps: &[&Step]) -> StepFault {
    let names: Vec<&str> = steps.iter().take(MAX_NAMED).map(|step| step.name.as_str()).collect();
    let more = if steps.len() > MAX_NAMED { ", …" } else { "" };
    StepFault::EndlessCircle { steps: names.join(", ") + more, first: steps[0].name.clone() }
}

/// Whether a step can wait, or can lead out of the circle where it led back before.
fn may_end(
    step: &Step,
    inside: &HashSet<usize>,
    written: &BTreeSet<&str>,
    modules: &Modules,
    undeclared: Undeclared,
) -> bool {
    let leaves = |output: &str| !step.successors(output).iter().any(|next| inside.contains(&usize::from(next.0)));
    match &step.task {
        Task::SetEnv(_)
        | Task::SetValue(_)
        | Task::Comment(_)
        | Task::DeleteRecord(_)
        | Task::Respond(_)
        | Task::RunWorkflow(_)
        | Task::SendMail(_) => false,
        Task::Condition(settings) => (leaves("then") || leaves("else")) && may_change(&settings.expression, written),
        Task::FindRecord(_) => leaves("found") || leaves("not_found"),
        Task::CreateRecord(settings) => {
            has_key(settings, modules, undeclared) && (leaves("created") || leaves("existing"))
        }
        Task::Delay(settings) => settings.waits(),
        _ => true,
    }
}

/// Whether a record may be there already: without a key each is a new one.
fn has_key(settings: &CreateRecord, modules: &Modules, undeclared: Undeclared) -> bool {
    let of_module = match modules.get(&settings.module) {
        Some(module) => module.unique().is_some(),
        None => undeclared == Undeclared::Unknown,
    };
    let of_step =
        settings.unique.as_ref().is_some_and(|unique| unique.fixed_text().is_none_or(|text| !text.is_empty()));
    of_step || of_module
}

/// Whether an expression reads what the circle writes, or what others may change meanwhile.
fn may_change(expression: &Expression, written: &BTreeSet<&str>) -> bool {
    let reads = expression.reads();
    let of_env = reads.all || reads.names.iter().any(|name| written.contains(name.as_str()));
    let is_source = |name: &str| ["env", "query", "request"].contains(&name);
    let source = expression.source();
    let of_record = source.match_indices('$').any(|(at, _)| {
        let name = source[at + 1..].split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        !is_source(name)
    });
    of_env || of_record || ["now(", "random(", "uuid("].iter().any(|function| source.contains(function))
}

/// The names of `$env` that steps give.
fn written<'s>(steps: &[&'s Step]) -> BTreeSet<&'s str> {
    let mut names = BTreeSet::new();
    for step in steps {
        match &step.task {
            Task::SetEnv(settings) => names.extend(settings.values.iter().map(|(name, _)| name.as_str())),
            Task::CreateRecord(settings) => names.extend(settings.store_id.as_deref()),
            Task::FindRecord(settings) => {
                names.extend(settings.store_id.as_deref().into_iter().chain(settings.store_ids.as_deref()));
            }
            Task::SendMail(settings) => names.extend(settings.tries.store.as_deref()),
            _ => {}
        }
    }
    names
}

/// The steps that lead back to each other, each circle in written order: the strongly connected components, found by two
/// walks through the graph (Kosaraju).
fn circles(workflow: &Workflow) -> Vec<Vec<usize>> {
    let next: Vec<Vec<usize>> = workflow
        .steps
        .iter()
        .map(|step| step.outputs.iter().flat_map(|(_, next)| next).map(|StepIndex(at)| usize::from(*at)).collect())
        .collect();
    let mut before = vec![Vec::new(); next.len()];
    for (at, followers) in next.iter().enumerate() {
        followers.iter().for_each(|follower| before[*follower].push(at));
    }
    let (mut order, mut seen) = (Vec::with_capacity(next.len()), vec![false; next.len()]);
    for start in 0..next.len() {
        walk(start, &next, &mut seen, &mut order);
    }
    let (mut circles, mut seen) = (Vec::new(), vec![false; next.len()]);
    for start in order.into_iter().rev() {
        let mut circle = Vec::new();
        walk(start, &before, &mut seen, &mut circle);
        circle.sort_unstable();
        if circle.len() > 1 || circle.first().is_some_and(|at| next[*at].contains(at)) {
            circles.push(circle);
        }
    }
    circles.sort();
    circles
}

/// Walks depth first from a step through those that were not seen, and lists each when it has no more followers.
fn walk(start: usize, next: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((at, tried)) = path.last_mut() {
        match next[*at].get(*tried) {
            Some(follower) => {
                *tried += 1;
                if !std::mem::replace(&mut seen[*follower], true) {
                    path.push((*follower, 0));
                }
            }
            None => {
                order.push(*at);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(steps: Value) -> Vec<String> {
        let first = steps.as_object().unwrap().keys().next().unwrap().clone();
        let document = json!({"workflow": 1, "start": {"without_record": true, "next": first}, "steps": steps});
        let workflow = Workflow::from_document(&document).unwrap_or_else(|findings| panic!("{findings:?}"));
        findings(&workflow, &Modules::default(), Undeclared::Open).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_circle_that_nothing_ends_is_found_at_its_first_step() {
        let lead = json!({"create_record": "Leads", "created": "check"});
        for (steps, at) in [
            (json!({"check": {"condition": "$env[\"a\"]", "then": "lead"}, "lead": lead}), "check"),
            (json!({"a": {"set_env": {"x": 1}, "next": "a"}}), "a"),
            (
                json!({"a": {"set_env": {"x": 1}, "next": "b"}, "b": {"comment": "c", "next": ["b", "c"]}, "c": {"stop": "finished"}}),
                "b",
            ),
            (
                json!({"a": {"condition": "$env[\"n\"] == 1", "then": "b", "else": "b"}, "b": {"set_env": {"n": 1}, "next": "a"}}),
                "a",
            ),
            (
                json!({"a": {"condition": "$env[\"n\"] == 1", "else": "b"}, "b": {"set_env": {"m": 1}, "next": "a"}}),
                "a",
            ),
            (json!({"a": {"create_record": "Leads", "unique": "", "created": "a"}}), "a"),
            (json!({"a": {"delay": "0s", "next": "a"}}), "a"),
            (json!({"a": {"delay": {"for": "0m"}, "next": "a"}}), "a"),
        ] {
            let found = found(steps.clone());
            assert!(found.len() == 1 && found[0].starts_with(&format!("steps.{at}: leads back")), "{steps}: {found:?}");
        }
    }

    #[test]
    fn a_circle_that_waits_or_decides_anew_is_none() {
        let count = json!({"set_env": {"n": "{{ $env[\"n\"]|int + 1 }}"}, "next": "a"});
        for steps in [
            json!({"a": {"condition": "$env[\"n\"]|int < 5", "then": "b"}, "b": count}),
            json!({"a": {"delay": "5 minutes", "next": "a"}}),
            json!({"a": {"http_request": "https://example.org/", "next": "a"}}),
            json!({"a": {"condition": "$status == \"done\"", "else": "b"}, "b": {"comment": "c", "next": "a"}}),
            json!({"a": {"condition": "now() > \"2027\"", "else": "a"}}),
            json!({"a": {"find_record": "Leads", "found": "b"}, "b": {"delete_record": true, "next": "a"}}),
            json!({"a": {"create_record": "Leads", "unique": "$env[\"e\"]", "created": "a"}}),
            json!({"a": {"set_env": {"x": 1}, "next": ["b", "c"]}, "b": {"set_env": {"x": 1}, "next": "c"}, "c": {"stop": "finished"}}),
        ] {
            assert_eq!(found(steps.clone()), [""; 0], "{steps}");
        }
    }

    #[test]
    fn a_large_graph_is_walked_in_little_time() {
        let step =
            |at: usize| (format!("s{at}"), json!({"set_env": {"x": 1}, "next": format!("s{}", (at + 1) % 1000)}));
        let began = std::time::Instant::now();
        assert_eq!(found(Value::Object((0..1000).map(step).collect())).len(), 1);
        assert!(began.elapsed().as_secs() < 2);
    }
}
