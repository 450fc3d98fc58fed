//! The schema accepts what the validator accepts, and refuses what an editor should underline.

use boon::{Compiler, SchemaIndex, Schemas};

use super::*;
use crate::document::Document;
use crate::spec::tests::{sample, with};

struct Validator(Schemas, SchemaIndex);

impl Validator {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("postern.json", schema()).unwrap();
        let index = compiler.compile("postern.json", &mut schemas).unwrap();
        Self(schemas, index)
    }

    fn accepts(&self, document: &Value) -> Result<(), String> {
        self.0.validate(document, self.1).map_err(|error| format!("{document}: {error:#}"))
    }
}

/// A workflow whose one step this is.
fn workflow(step: Map<String, Value>) -> Value {
    json!({"workflow": 1, "start": {"next": "s"}, "steps": {"s": step}})
}

#[test]
fn the_demo_and_every_key_of_every_map_are_accepted() {
    let validator = Validator::new();
    for name in ["permission-loopback", "trigger-web_lead", "workflow-77"] {
        let path = format!("{}/../deploy/demo/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        for document in yaml::read(&std::fs::read_to_string(path).unwrap()).unwrap() {
            validator.accepts(&document.value).unwrap();
        }
    }
    for kind in &task::KINDS {
        for setting in kind.spec.settings {
            validator.accepts(&workflow(with(kind.spec, setting, sample(setting.kind)))).unwrap();
        }
    }
    for spec in DOCUMENTS {
        for setting in spec.settings {
            validator.accepts(&Value::Object(with(spec, setting, sample(setting.kind)))).unwrap();
        }
    }
}

#[test]
fn what_the_schema_refuses_the_validator_refuses_too() {
    let validator = Validator::new();
    let stop = json!({"stop": "failed"});
    for (step, is_right) in [
        (json!({"create_record": "Leads", "created": "s", "existing": ["s", "s"], "if_exists": "update"}), true),
        (json!({"create_record": "Leads", "exsisting": "s"}), false),
        (json!({"create_record": "Leads", "if_exists": "maybe"}), false),
        (json!({"creat_record": "Leads"}), false),
        (json!({"stop": "failed", "set_env": {"a": 1}}), false),
        (json!({"stop": "failed", "next": "s"}), false),
        (json!({"http_request": "https://example.org", "retries": 20, "expect": 200}), true),
        (json!({"http_request": "https://example.org", "retries": 21}), false),
        (json!({"set_env": {}}), false),
        (json!({"delay": {"for": "5m"}}), true),
        (json!({"delay": {"fro": "5m"}}), false),
        (json!({"send_mail": ["a@example.org"], "text": "a"}), false),
        (json!({}), false),
        (stop, true),
    ] {
        let document = workflow(step.as_object().unwrap().clone());
        assert_eq!(validator.accepts(&document).is_ok(), is_right, "{step}: {:?}", validator.accepts(&document));
        assert_eq!(Document::from_value(&document).is_ok(), is_right, "{step}: {:?}", Document::from_value(&document));
    }
    for document in [
        json!({"workflow": 1, "trigger": "a"}),
        json!({"trigger": "a", "titel": "b"}),
        json!({"permission": "a", "addresses": "10.0.0.1", "triggers": ["a"], "answer": {"status": 500}}),
        json!({"module": "A", "fields": {"a": "txt"}}),
        json!({"title": "a"}),
        json!([]),
    ] {
        assert!(validator.accepts(&document).is_err(), "{document}");
        assert!(Document::from_value(&document).is_err(), "{document}");
    }
}
