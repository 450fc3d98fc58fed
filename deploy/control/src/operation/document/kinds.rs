//! The kinds of documents as types, so that an operation on documents is written once for all of them.

use std::borrow::Cow;
use std::marker::PhantomData;

use postern_shared::document::{Kind, Name};
use postern_shared::id::{ModuleName, WorkflowId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::operation::answer::Document;
use crate::operation::request::{Request, no_such_variable};
use crate::operation::take::{Take, Taken};
use crate::operation::{About, Code, Error, Verb, Who};

/// A kind of documents.
pub trait Of: std::fmt::Debug + Send + Sync + 'static {
    /// The kind.
    const KIND: Kind;
    /// The name of its schema.
    const SCHEMA: &'static str;
    /// How all are listed.
    const LIST: About;
    /// How one is read.
    const GET: About;
    /// How one is set.
    const SET: About;
    /// How one is removed.
    const DELETE: About;
}

/// The answer to a document that was set.
const APPLIED: &str =
    r#"{"kind": "trigger", "key": "web_lead", "changed": true, "made_short_url": null, "behind": []}"#;

/// Connections.
#[derive(Debug)]
pub struct Connections;

/// Modules.
#[derive(Debug)]
pub struct Modules;

/// Permissions.
#[derive(Debug)]
pub struct Permissions;

/// Triggers.
#[derive(Debug)]
pub struct Triggers;

/// Workflows.
#[derive(Debug)]
pub struct Workflows;

impl Of for Connections {
    const KIND: Kind = Kind::Connection;
    const SCHEMA: &'static str = "Connection";
    const LIST: About = About::get(
        "listConnections",
        "/connections",
        "all connections to other systems; they name secrets and hold no values of them",
        r#"{"connections": [{"connection": "mail", "smtp": {"host": "mail.example.org"}}]}"#,
    );
    const GET: About = get("getConnection", "/connections/{key}", "one connection", CONNECTION);
    const SET: About = set("setConnection", "/connections/{key}", "sets a connection", CONNECTION);
    const DELETE: About =
        About::delete("deleteConnection", "/connections/{key}", "removes a connection that nothing names")
            .refusing(&[Code::NotFound, Code::Conflict]);
}

impl Of for Modules {
    const KIND: Kind = Kind::Module;
    const SCHEMA: &'static str = "Module";
    const LIST: About = About::get(
        "listModules",
        "/modules",
        "all modules that are declared",
        r#"{"modules": [{"module": "Leads", "fields": {"lastname": "text"}}]}"#,
    );
    const GET: About = get("getModule", "/modules/{key}", "one module", MODULE);
    const SET: About = set("setModule", "/modules/{key}", "sets a module", MODULE);
    const DELETE: About = About::delete("deleteModule", "/modules/{key}", "removes a module; its records stay");
}

impl Of for Permissions {
    const KIND: Kind = Kind::Permission;
    const SCHEMA: &'static str = "Permission";
    const LIST: About = About::get(
        "listPermissions",
        "/permissions",
        "all permissions",
        r#"{"permissions": [{"permission": "office", "addresses": ["192.0.2.*"], "workflows": [77]}]}"#,
    );
    const GET: About = get("getPermission", "/permissions/{key}", "one permission", PERMISSION);
    const SET: About = set("setPermission", "/permissions/{key}", "sets a permission", PERMISSION);
    const DELETE: About = About::delete("deletePermission", "/permissions/{key}", "removes a permission");
}

impl Of for Triggers {
    const KIND: Kind = Kind::Trigger;
    const SCHEMA: &'static str = "Trigger";
    const LIST: About =
        About::get("listTriggers", "/triggers", "all triggers", r#"{"triggers": [{"trigger": "web_lead"}]}"#);
    const GET: About = get("getTrigger", "/triggers/{key}", "one trigger", TRIGGER);
    const SET: About = set("setTrigger", "/triggers/{key}", "sets a trigger", TRIGGER);
    const DELETE: About = About::delete("deleteTrigger", "/triggers/{key}", "removes a trigger");
}

impl Of for Workflows {
    const KIND: Kind = Kind::Workflow;
    const SCHEMA: &'static str = "Workflow";
    const LIST: About = About::get(
        "listWorkflows",
        "/workflows",
        "the newest version of all workflows",
        r#"{"workflows": [{"workflow": 77, "start": {"next": "end"}, "steps": {"end": {"stop": "finished"}}}]}"#,
    );
    const GET: About = get("getWorkflow", "/workflows/{id}", "one workflow", WORKFLOW);
    const SET: About = set("setWorkflow", "/workflows/{id}", "sets a workflow: a new version if it differs", WORKFLOW);
    const DELETE: About =
        About::delete("deleteWorkflow", "/workflows/{id}", "removes a workflow; runs that began go on");
}

const CONNECTION: &str = r#"{"connection": "mail", "smtp": {"host": "mail.example.org"}}"#;
const MODULE: &str = r#"{"module": "Leads", "fields": {"lastname": "text"}}"#;
const PERMISSION: &str = r#"{"permission": "office", "addresses": ["192.0.2.*"], "workflows": [77]}"#;
const TRIGGER: &str = r#"{"trigger": "web_lead"}"#;
const WORKFLOW: &str = r#"{"workflow": 77, "start": {"next": "end"}, "steps": {"end": {"stop": "finished"}}}"#;

const fn get(name: &'static str, path: &'static str, summary: &'static str, gives: &'static str) -> About {
    About::get(name, path, summary, gives).refusing(&[Code::NotFound])
}

const fn set(name: &'static str, path: &'static str, summary: &'static str, takes: &'static str) -> About {
    About { verb: Verb::Put, ..About::post(name, path, summary, (takes, APPLIED)) }
        .refusing(&[Code::NotFound, Code::InvalidDocument])
}

/// A stored document of a kind, and its text.
#[derive(Debug)]
pub struct Stored<K> {
    /// What it says.
    pub value: Value,
    /// Its text, comments included.
    pub text: String,
    kind: PhantomData<K>,
}

impl<K: Of> Stored<K> {
    /// A document as far as somebody may see it.
    pub fn seen(who: &Who, document: &Value, text: Option<String>) -> Self {
        let (value, text) = who.sight().written(document, text);
        Self { value, text, kind: PhantomData }
    }
}

impl<K: Of> Document for Stored<K> {
    fn of(value: Value, text: String) -> Self {
        Self { value, text, kind: PhantomData }
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn text(self) -> String {
        self.text
    }

    fn schema(schemas: &mut SchemaGenerator) -> Schema {
        schemas.subschema_for::<Self>()
    }
}

/// What else stands in a document is known to its validator, which names line and place.
impl<K: Of> JsonSchema for Stored<K> {
    fn schema_name() -> Cow<'static, str> {
        K::SCHEMA.into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let kind = K::KIND.name();
        let key = key::<K>(schemas);
        json_schema!({
            "type": "object", "required": [kind], "properties": {kind: key}, "additionalProperties": true
        })
    }
}

/// The number or key that the path names.
#[derive(Debug)]
pub struct Key<K>(pub Name, pub PhantomData<K>);

impl<K: Of> Serialize for Key<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(K::GET.argument().unwrap_or_default(), self.0.to_string())])
    }
}

impl<K: Of> Take for Key<K> {
    fn take(request: &Request) -> Result<Self, Error> {
        if let Some((name, _)) = request.query.first() {
            return Err(no_such_variable(name));
        }
        let text = request.argument.as_ref().map_or("", |(_, text)| text);
        // What cannot be a name is the name of nothing.
        let name = K::KIND.parse_name(text).map_err(|error| Error::NoName(error.to_string()))?;
        Ok(Self(name, PhantomData))
    }

    fn described(schemas: &mut SchemaGenerator) -> Taken {
        let name = K::GET.argument().unwrap_or_default();
        let key = key::<K>(schemas);
        Taken::Fields(json_schema!({"type": "object", "required": [name], "properties": {name: key}}))
    }
}

/// The schema of a number or key.
pub fn key<K: Of>(schemas: &mut SchemaGenerator) -> Schema {
    match K::KIND {
        Kind::Workflow => schemas.subschema_for::<WorkflowId>(),
        Kind::Connection | Kind::Module | Kind::Trigger | Kind::Permission => schemas.subschema_for::<ModuleName>(),
    }
}
