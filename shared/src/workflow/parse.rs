//! Reads the document of a workflow. Steps are named before they are read, so that an output may lead to any step.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{KeepLog, MAX_AT_MOST, MAX_STEPS, Start, Step, StepIndex, Workflow, loops, other_record};
use crate::document::{self, MAX_TITLE_BYTES, Reader};
use crate::finding::Finding;
use crate::id::{StepName, TriggerKey};
use crate::message::{ExpressionFault, Message, StepFault};
use crate::spec::{self, Kind, Setting, Spec};
use crate::task::{self, switch};
use crate::yaml::join;

const KEEP_LOG: [(&str, KeepLog); 3] =
    [("all", KeepLog::All), ("failures", KeepLog::Failures), ("none", KeepLog::None)];

/// A workflow as it is described.
pub const SPEC: Spec = Spec {
    name: "workflow",
    outputs: &[],
    settings: &[
        Setting::new("workflow", Kind::Name(document::Kind::Workflow)).required(),
        Setting::new("title", Kind::Text(MAX_TITLE_BYTES)),
        Setting::flag("active", true),
        Setting::new("zone", Kind::Zone),
        Setting::new("start", Kind::Map("start", &START)).required(),
        Setting::new("steps", Kind::Graph).required(),
    ],
    example: r#"workflow: 77
title: New lead
start:
  module: Leads
  triggers: [web_lead]
  without_record: true
  next: lead
steps:
  lead:
    create_record: Leads
    fields:
      lastname: $env["lastname"]
    created: [mark]
  mark:
    set_env: {made: true}"#,
};

/// What stands in `start`.
const START: [Setting; 11] = [
    Setting::new("module", Kind::Name(document::Kind::Module)),
    Setting::new("triggers", Kind::Names(document::Kind::Trigger)),
    Setting::new("condition", Kind::Expression),
    Setting::new("order", Kind::Whole).or("0"),
    Setting::flag("without_record", false),
    Setting::flag("once_per_record", false),
    Setting::flag("parallel", true),
    Setting::flag("hold", false),
    Setting::new("at_most", Kind::Number(1, MAX_AT_MOST as i64)),
    Setting::new("keep_log", Kind::Choice(&spec::words(&KEEP_LOG))).or("all"),
    Setting::new("next", Kind::Steps).required(),
];

/// Every step by its name, read or not: an output may lead to a later one.
type Places<'d> = HashMap<&'d str, StepIndex>;

/// Reads a whole document.
pub fn parse(document: &Value) -> Result<Workflow, Vec<Finding>> {
    let mut findings = Vec::new();
    let workflow = Reader::new("", document, SPEC.settings, &mut findings).and_then(workflow);
    if let Some(workflow) = &workflow
        && findings.is_empty()
    {
        // Only now: a step that could not be read might lead to those that seem to be lost.
        report_unreached(workflow, &mut findings);
        findings.extend(loops::findings(workflow));
        findings.extend(other_record::findings(workflow));
    }
    workflow.filter(|_| findings.is_empty()).ok_or(findings)
}

fn workflow(mut reader: Reader) -> Option<Workflow> {
    let id = reader.id("workflow");
    let title = reader.title("title");
    let active = reader.flag("active");
    let zone = reader.zone("zone");
    let names = reader.map("steps").into_iter().flat_map(|steps| steps.keys()).take(MAX_STEPS);
    let places: Places = (0..).zip(names).map(|(place, name)| (name.as_str(), StepIndex(place))).collect();
    let start = reader.inner("start", &START).and_then(|start| read_start(start, &places));
    let mut steps = reader.inner("steps", &[]).map(|steps| read_steps(steps, &places));
    steps.iter_mut().for_each(|steps| other_record::resolve(steps));
    reader.finish();
    Some(Workflow { id: id?, title, active, zone, start: start?, steps: steps? })
}

fn read_start(mut reader: Reader, places: &Places) -> Option<Start> {
    let keep_log = reader.choice("keep_log", &KEEP_LOG);
    let condition = reader.expression("condition");
    if condition.as_ref().is_some_and(|condition| !condition.reads().counters.is_empty()) {
        reader.report("condition", ExpressionFault::CounterPlace);
    }
    let start = Start {
        module: reader.id("module"),
        triggers: {
            // Named twice it is still one run: the second would have the key of the first.
            let mut named = HashSet::new();
            let triggers: Vec<TriggerKey> = reader.ids("triggers");
            triggers.into_iter().filter(|key| named.insert(key.clone())).collect()
        },
        condition,
        order: reader.whole("order").unwrap_or_default(),
        without_record: reader.flag("without_record"),
        once_per_record: reader.flag("once_per_record"),
        parallel: reader.flag("parallel"),
        hold: reader.flag("hold"),
        at_most: reader.number("at_most"),
        keep_log: keep_log.unwrap_or_default(),
        next: read_successors(&mut reader, "next", places),
    };
    reader.finish();
    Some(start)
}

fn read_steps(mut reader: Reader, places: &Places) -> Vec<Step> {
    let names: Vec<&str> = reader.keys().collect();
    if names.is_empty() {
        reader.report("", StepFault::NoSteps);
    }
    if names.len() > MAX_STEPS {
        reader.report("", StepFault::StepsAbove { most: MAX_STEPS, count: names.len() });
        return Vec::new();
    }
    let mut steps = Vec::with_capacity(names.len());
    for name in names {
        match name.parse::<StepName>() {
            Ok(step) => steps.extend(reader.entry(name, &[]).and_then(|reader| read_step(reader, step, places))),
            Err(error) => reader.report(name, error),
        }
    }
    steps
}

fn read_step(mut reader: Reader, name: StepName, places: &Places) -> Option<Step> {
    // Without a task no key of the step can be judged.
    let kind = task::Kind::of_step(&mut reader)?;
    reader.describe(kind.spec.settings, kind.spec.outputs);
    let task = (kind.parse)(&mut reader);
    let outputs = read_outputs(&mut reader, kind.spec, places);
    kind.refuse_other_outputs(&mut reader);
    let reads = reader.reads().clone();
    reader.finish();
    Some(Step { name, task: task?, reads, outputs })
}

/// Those of its cases first, as they are written, and then those that every step of this task has.
fn read_outputs(reader: &mut Reader, spec: &Spec, places: &Places) -> Vec<(Cow<'static, str>, Vec<StepIndex>)> {
    let mut outputs = Vec::new();
    for setting in spec.settings.iter().filter(|setting| matches!(setting.kind, Kind::Cases)) {
        for (case, steps) in reader.map(setting.key).into_iter().flatten() {
            let texts = reader.texts_at(&join(setting.key, case), steps);
            outputs.push((Cow::Owned(switch::output(case)), found(reader, setting.key, texts, places)));
        }
    }
    outputs.extend(spec.outputs.iter().map(|output| (Cow::Borrowed(*output), read_successors(reader, output, places))));
    outputs
}

fn read_successors(reader: &mut Reader, output: &'static str, places: &Places) -> Vec<StepIndex> {
    let texts = reader.texts(output);
    found(reader, output, texts, places)
}

fn found(reader: &mut Reader, output: &str, texts: Vec<(String, String)>, places: &Places) -> Vec<StepIndex> {
    if texts.len() > MAX_STEPS {
        reader.report(output, StepFault::LeadsToMany { most: MAX_STEPS });
        return Vec::new();
    }
    let successors = texts.into_iter().filter_map(|(place, text)| {
        let index = places.get(text.as_str()).copied();
        if index.is_none() {
            let fault = Message::from(StepFault::LeadsNowhere { step: text.chars().take(40).collect() });
            let meant = reader.did_you_mean(&text, places.keys().copied());
            reader.report(&place, fault.meant(meant));
        }
        index
    });
    successors.collect()
}

fn report_unreached(workflow: &Workflow, findings: &mut Vec<Finding>) {
    let mut reached = HashSet::new();
    let mut pending = workflow.start.next.clone();
    while let Some(index) = pending.pop() {
        if reached.insert(index)
            && let Some(step) = workflow.step(index)
        {
            pending.extend(step.outputs.iter().flat_map(|(_, next)| next));
        }
    }
    for step in &workflow.steps {
        if !workflow.find(&step.name).is_some_and(|index| reached.contains(&index)) {
            findings.push(Finding::new(format!("steps.{}", step.name), StepFault::Unreached));
        }
    }
}
