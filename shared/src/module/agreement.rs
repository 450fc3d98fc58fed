//! Whether a workflow agrees with the modules that are declared: what can be told before it runs.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::{Module, Modules, cycles, lost_responses, twins};
use crate::expression::{Related, Template};
use crate::finding::Finding;
use crate::id::ModuleName;
use crate::message::{Message, StepFault};
use crate::suggestion::{MAX_SUGGESTED, did_you_mean};
use crate::task::Task;
use crate::task::create_record::{CreateRecord, IfExists};
use crate::workflow::{Step, Workflow};

use super::field::FieldType;

/// What a module is that is not among those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undeclared {
    /// It is declared nowhere.
    Open,
    /// It may be declared where the workflow is going to run.
    Unknown,
}

/// What a workflow sets, searches or reads that its modules do not have.
pub fn findings(workflow: &Workflow, modules: &Modules, undeclared: Undeclared) -> Vec<Finding> {
    let own = workflow.start.module.as_ref().and_then(|name| modules.get(name));
    // Whether a text is a date does not depend on the zone.
    let zone = workflow.zone.clone().unwrap_or(TimeZone::UTC);
    let mut findings = twins::findings(workflow, modules, undeclared);
    findings.extend(cycles::findings(workflow, modules, undeclared));
    findings.extend(lost_responses::findings(workflow));
    if let Some(condition) = &workflow.start.condition {
        related(&condition.reads().related, "start.condition", own, modules, &mut findings);
    }
    for step in &workflow.steps {
        let path = format!("steps.{}", step.name);
        related(&step.reads.related, &path, own, modules, &mut findings);
        of_task(step, &path, (own, &zone), modules, &mut findings);
        if let Task::CreateRecord(settings) = &step.task
            && !(undeclared == Undeclared::Unknown && modules.get(&settings.module).is_none())
        {
            key(settings, &path, modules.get(&settings.module), &mut findings);
        }
    }
    findings
}

fn of_task(
    step: &Step,
    path: &str,
    (own, zone): (Option<&Module>, &TimeZone),
    modules: &Modules,
    findings: &mut Vec<Finding>,
) {
    match &step.task {
        Task::CreateRecord(settings) => create(settings, path, (modules.get(&settings.module), zone), findings),
        // The module of a record that the step names is known only when it runs.
        Task::SetValue(settings) if settings.record.is_none() => {
            let names = settings.fields.iter().map(|(name, _)| name.as_str());
            unknown_fields(own, names, &format!("{path}.set_value"), findings);
            unfit(own, &settings.fields, &format!("{path}.set_value"), zone, findings);
        }
        Task::FindRecord(settings) => {
            let module = modules.get(&settings.module);
            let names = settings.conditions.iter().map(|one| one.field.as_str());
            unknown_fields(module, names, &format!("{path}.where"), findings);
            let names = settings.sort.iter().map(|sort| sort.field.as_str());
            unknown_fields(module, names, &format!("{path}.sort"), findings);
        }
        _ => {}
    }
}

/// A record is there already only by a key, and there is one key.
fn key(settings: &CreateRecord, path: &str, module: Option<&Module>, findings: &mut Vec<Finding>) {
    let unique = module.and_then(Module::unique);
    match (unique, &settings.unique) {
        (Some(field), Some(_)) => findings.push(Finding::new(format!("{path}.unique"), taken(settings, &field.name))),
        (None, None) if settings.if_exists != IfExists::Skip => {
            findings.push(Finding::new(format!("{path}.if_exists"), StepFault::UpdateNeedsKey));
        }
        _ => {}
    }
}

fn create(
    settings: &CreateRecord,
    path: &str,
    (module, zone): (Option<&Module>, &TimeZone),
    findings: &mut Vec<Finding>,
) {
    let names = settings.fields.iter().map(|(name, _)| name.as_str());
    unknown_fields(module, names, &format!("{path}.fields"), findings);
    unfit(module, &settings.fields, &format!("{path}.fields"), zone, findings);
    let Some(module) = module else { return };
    let is_set = |name: &str| settings.fields.iter().any(|(set, _)| set == name);
    for field in module.fields.iter().filter(|field| field.required && field.default.is_none()) {
        if !is_set(&field.name) {
            let fault = StepFault::FieldUnset { field: field.name.clone(), module: module.name.clone() };
            findings.push(Finding::new(path, fault));
        }
    }
}

/// What a step is told that names a key beside that of its module.
pub fn taken(settings: &CreateRecord, unique: &str) -> Message {
    Message::KeyTwice { field: unique.to_owned(), module: settings.module.clone() }
}

fn unknown_fields<'n>(
    module: Option<&Module>,
    names: impl Iterator<Item = &'n str>,
    path: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(module) = module.filter(|module| module.strict) else { return };
    for name in names.filter(|name| module.field(name).is_none()) {
        let mut message = lacks(&module.name, name);
        if findings.len() < MAX_SUGGESTED {
            message = message.meant(did_you_mean(name, module.fields.iter().map(|field| field.name.as_str())));
        }
        findings.push(Finding::new(format!("{path}.{name}"), message));
    }
}

/// Values that are written out and that the type of their field never takes.
fn unfit(
    module: Option<&Module>,
    fields: &[(String, Template)],
    path: &str,
    zone: &TimeZone,
    findings: &mut Vec<Finding>,
) {
    let Some(module) = module else { return };
    for (name, template) in fields {
        if let (Some(field), Some(text)) = (module.field(name), template.fixed_text())
            && field.convert(&Value::String(text), zone).is_none()
        {
            let (field, kind) = (name.clone(), Box::new(field.kind.must_be()));
            let fault = Message::FieldMustBe { field, module: module.name.clone(), kind };
            findings.push(Finding::new(format!("{path}.{name}"), fault));
        }
    }
}

fn lacks(module: &ModuleName, field: &str) -> Message {
    StepFault::StrictLacks { module: module.clone(), field: field.chars().take(40).collect() }.into()
}

/// `$(contact_id: (Contacts) leadsource)`: the field of the run's record refers to that module, which has that field.
fn related(reads: &[Related], path: &str, own: Option<&Module>, modules: &Modules, findings: &mut Vec<Finding>) {
    for one in reads {
        let own = own.filter(|_| !one.by_env);
        let declared = own.and_then(|own| Some((own, own.field(&one.field)?)));
        let message = match (declared, modules.get(&one.module)) {
            (Some((own, field)), _) if field.kind != FieldType::Reference(one.module.clone()) => {
                let (field, module, wanted) = (one.field.clone(), own.name.clone(), one.module.clone());
                StepFault::RefersElsewhere { field, module, wanted }.into()
            }
            (None, _) if let Some(own) = own.filter(|own| own.strict) => lacks(&own.name, &one.field),
            (_, Some(other)) if other.strict && other.field(&one.name).is_none() => lacks(&other.name, &one.name),
            _ => continue,
        };
        findings.push(Finding::new(path, message));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_literal_that_the_type_of_its_field_never_takes_is_found() {
        let module = Module::from_document(&json!({"module": "Typed", "fields": {
            "i": "integer", "d": "date", "c": {"type": "choice", "options": ["a"]}, "t": "text"}}))
        .unwrap();
        let mut modules = Modules::default();
        modules.extend([module]);
        let found = |fields: Value| {
            let steps = json!({"a": {"create_record": "Typed", "unique": "", "fields": fields}});
            let document = json!({"workflow": 1, "start": {"without_record": true, "next": "a"}, "steps": steps});
            let workflow = Workflow::from_document(&document).unwrap();
            findings(&workflow, &modules, Undeclared::Open).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        for (fields, expected) in [
            (json!({"i": "abc"}), "steps.a.fields.i: field i of Typed must be"),
            (json!({"d": "31.02.2026"}), "steps.a.fields.d: field d of Typed must be a date"),
            (json!({"c": "b"}), "steps.a.fields.c: field c of Typed must be"),
        ] {
            let found = found(fields.clone());
            assert!(found.len() == 1 && found[0].starts_with(expected), "{fields}: {found:?}");
        }
        let fits = json!({"i": "1 000", "d": "31.12.2026", "c": "a", "t": 5, "other": "x"});
        assert_eq!(found(fits), [""; 0]);
        assert_eq!(found(json!({"i": "$env[\"i\"]", "d": "", "c": null})), [""; 0]);
    }
}
