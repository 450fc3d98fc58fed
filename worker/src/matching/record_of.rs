//! Which record a submission names. A number names a record of the own table, or a record of the system that keeps the module
//! on which the workflow runs: 852 there and 852 here are different records.

use postern_shared::module::Modules;
use postern_shared::record_ref::{ConnectedRecord, RecordRef};
use postern_shared::workflow::Workflow;

/// The record that a reference names for a workflow.
pub fn record_of(modules: &Modules, workflow: &Workflow, record: RecordRef) -> RecordRef {
    let module = workflow.start.module.as_ref().and_then(|name| modules.get(name));
    let connection = module.and_then(|module| module.connection.as_ref());
    match (record, module, connection) {
        (RecordRef::Own(id), Some(module), Some(connection)) => {
            let (connection, module) = (connection.clone(), module.name.clone());
            match id.to_string().parse() {
                Ok(id) => ConnectedRecord { connection, module, id }.into(),
                Err(_) => id.into(),
            }
        }
        (RecordRef::Connected(record), ..)
            if modules.get(&record.module).and_then(|module| module.connection.as_ref())
                == Some(&record.connection) =>
        {
            record.by_number().into()
        }
        (record, ..) => record,
    }
}

#[cfg(test)]
mod tests {
    use postern_shared::module::Module;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_names_a_record_where_the_module_of_the_start_is_kept() {
        let module = |document| Module::from_document(&document).unwrap();
        let modules: Modules =
            [module(json!({"module": "Leads", "connection": "crm"})), module(json!({"module": "Notes"}))]
                .into_iter()
                .collect();
        for (start, record, expected) in [
            (json!({"module": "Leads"}), "852", "crm/Leads/852"),
            (json!({"module": "Notes"}), "852", "852"),
            (json!({"module": "Other"}), "852", "852"),
            (json!({}), "852", "852"),
            (json!({"module": "Notes"}), "crm/Leads/7", "crm/Leads/7"),
            (json!({"module": "Leads"}), "crm/Leads/10x7", "crm/Leads/7"),
            (json!({"module": "Leads"}), "erp/Leads/10x7", "erp/Leads/10x7"),
        ] {
            let step = json!({"stop": "finished"});
            let mut document = json!({"workflow": 1, "start": start, "steps": {"s": step}});
            document["start"]["next"] = "s".into();
            let workflow = Workflow::from_document(&document).unwrap();
            assert_eq!(record_of(&modules, &workflow, record.parse().unwrap()).to_string(), expected, "{start}");
        }
    }
}
