//! Chains of `run_workflow` by which a workflow starts itself. Where nothing on the way can end such a chain, only its
//! length does, and each of its runs has failed by then or does what the last one did.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Start, Step, StepIndex, Workflow};
use crate::finding::Finding;
use crate::id::WorkflowId;
use crate::message::DocumentFault;
use crate::task::Task;

/// A way by which a workflow starts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Where the way begins, such as `steps.again.run_workflow`.
    path: String,
    /// The workflows on the way, the first of them last as well.
    workflows: Vec<WorkflowId>,
    /// Whether a condition, or a list that may be empty, can end it.
    may_end: bool,
}

/// That a step starts a workflow.
#[derive(Debug)]
struct Edge {
    step: String,
    to: WorkflowId,
    may_end: bool,
}

/// Which workflows start which, of those that there are. Inactive workflows start nothing.
#[derive(Debug)]
pub struct Chains<'w> {
    known: HashMap<WorkflowId, &'w Workflow>,
    edges: HashMap<WorkflowId, Vec<Edge>>,
}

impl<'w> Chains<'w> {
    /// Of these workflows.
    pub fn new(all: impl IntoIterator<Item = &'w Workflow>) -> Self {
        let known: HashMap<WorkflowId, &Workflow> = all.into_iter().map(|one| (one.id, one)).collect();
        let edges = known.values().map(|one| (one.id, edges(one, &known))).collect();
        Self { known, edges }
    }

    /// The ways by which a workflow starts itself, one for each step that begins one.
    pub fn of(&self, workflow: &Workflow) -> Vec<Chain> {
        let chain = |edge: &Edge| {
            let endless = if edge.may_end { None } else { self.way(edge.to, workflow.id, |edge| !edge.may_end) };
            let may_end = endless.is_none();
            let way = endless.or_else(|| self.way(edge.to, workflow.id, |_| true))?;
            let workflows = [vec![workflow.id], way].concat();
            Some(Chain { path: format!("steps.{}.run_workflow", edge.step), workflows, may_end })
        };
        edges(workflow, &self.known).iter().filter_map(chain).collect()
    }

    /// The shortest way between two workflows, with both of them.
    fn way(&self, from: WorkflowId, to: WorkflowId, is_way: fn(&Edge) -> bool) -> Option<Vec<WorkflowId>> {
        let (mut seen, mut ways) = (HashSet::from([from]), VecDeque::from([vec![from]]));
        while let Some(way) = ways.pop_front() {
            let last = *way.last()?;
            if last == to {
                return Some(way);
            }
            for edge in self.edges.get(&last).into_iter().flatten().filter(|edge| is_way(edge)) {
                if seen.insert(edge.to) {
                    ways.push_back([way.as_slice(), &[edge.to]].concat());
                }
            }
        }
        None
    }
}

impl Chain {
    /// Whether a condition, or a list that may be empty, can end it.
    pub fn may_end(&self) -> bool {
        self.may_end
    }

    /// What is told of it.
    pub fn finding(&self) -> Finding {
        let chain = self.workflows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ");
        let fault = match self.may_end {
            true => DocumentFault::MayStartItself { chain },
            false => DocumentFault::StartsItself { chain },
        };
        Finding::new(&self.path, fault)
    }
}

fn edges(workflow: &Workflow, known: &HashMap<WorkflowId, &Workflow>) -> Vec<Edge> {
    if !workflow.active {
        return Vec::new();
    }
    let always = always_taken(workflow);
    let edge = |(at, step): (usize, &Step)| {
        let Task::RunWorkflow(settings) = &step.task else { return None };
        let started = known.get(&settings.workflow).filter(|started| started.active)?;
        let is_taken = u16::try_from(at).is_ok_and(|at| always.contains(&StepIndex(at)));
        let is_for_all = settings.for_each.is_none() && settings.record.is_none();
        let may_end = !(is_taken && is_for_all && begins(&started.start, &workflow.start));
        Some(Edge { step: step.name.to_string(), to: settings.workflow, may_end })
    };
    workflow.steps.iter().enumerate().filter_map(edge).collect()
}

/// Whether a run begins whatever was posted, on the record of a run of the workflow that starts it.
fn begins(started: &Start, by: &Start) -> bool {
    let on_any = started.condition.is_none() && !started.once_per_record && !started.hold;
    let on_that =
        started.without_record || (!by.without_record && (started.module.is_none() || started.module == by.module));
    on_any && on_that
}

/// The steps that every run takes, up to the first from which it may go another way than by `next`.
fn always_taken(workflow: &Workflow) -> HashSet<StepIndex> {
    let in_order = |steps: &[StepIndex]| steps.iter().rev().copied().collect::<Vec<_>>();
    let (mut taken, mut next) = (HashSet::new(), in_order(&workflow.start.next));
    while let Some(index) = next.pop() {
        let Some(step) = workflow.step(index).filter(|_| taken.insert(index)) else { continue };
        let has_other_ways = step.outputs.iter().any(|(output, _)| output != "next");
        if has_other_ways || matches!(step.task, Task::Stop(_)) {
            break;
        }
        next.extend(in_order(step.successors("next")));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflows(texts: &[&str]) -> Vec<Workflow> {
        let read = |text: &&str| {
            let value = crate::yaml::read(text).unwrap().remove(0).value;
            Workflow::from_document(&value).unwrap()
        };
        texts.iter().map(read).collect()
    }

    #[test]
    fn a_workflow_that_starts_itself_is_found_with_its_chain() {
        let runs = |id: u8, start: &str, other: u8| {
            format!(
                "workflow: {id}\nstart: {{without_record: true, {start}next: go}}\nsteps: {{go: {{run_workflow: {other}}}}}"
            )
        };
        let with = |steps: &str| format!("workflow: 1\nstart: {{without_record: true, next: go}}\nsteps: {{{steps}}}");
        let always = "starts itself without an end: 1 → 1";
        let sometimes = "may start itself again: 1 → 1";
        for (texts, expected) in [
            (vec![runs(1, "", 1)], Some(always)),
            (vec![runs(1, "", 2)], None),
            (vec![runs(1, "", 2), runs(2, "", 3)], None),
            (vec![runs(1, "", 2), runs(2, "", 1)], Some("starts itself without an end: 1 → 2 → 1")),
            (vec![runs(1, "", 2), runs(2, "condition: '$env[\"n\"]', ", 1)], Some("may start itself again: 1 → 2 → 1")),
            (vec![runs(1, "", 1).replace("start:", "active: false\nstart:")], None),
            (vec![with("go: {delay: {for: 1h}, next: again}, again: {run_workflow: 1}")], Some(always)),
            (vec![with("go: {condition: '$env[\"n\"]', then: again}, again: {run_workflow: 1}")], Some(sometimes)),
            (
                vec![with("go: {run_workflow: 1, wait: true, next: end, failed: end}, end: {stop: finished}")],
                Some(always),
            ),
            (
                vec![with(
                    "go: {http_request: 'http://a.test/', next: again, failed: end}, again: {run_workflow: 1}, end: {stop: finished}",
                )],
                Some(sometimes),
            ),
            (vec![with("go: {run_workflow: 1, for_each: '$env[\"n\"]'}")], Some(sometimes)),
            (vec![with("go: {run_workflow: 1, record: '$env[\"n\"]'}")], Some(sometimes)),
            (
                vec![with(
                    "go: {set_env: {a: 1}, next: [end, again]}, end: {stop: finished}, again: {run_workflow: 1}",
                )],
                Some(sometimes),
            ),
        ] {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let all = workflows(&texts);
            let found: Vec<String> =
                Chains::new(&all).of(&all[0]).iter().map(|one| one.finding().to_string()).collect();
            match expected {
                None => assert!(found.is_empty(), "{texts:?} {found:?}"),
                Some(text) => assert!(found.len() == 1 && found[0].contains(text), "{texts:?} {found:?}"),
            }
        }
    }
}
