//! `create_record`: leaves by `created` or `existing`.

use crate::document::{self, Reader};
use crate::expression::Template;
use crate::id::ModuleName;
use crate::spec::{self, Kind, Setting, Spec};

const IF_UNKNOWN: [(&str, IfUnknown); 2] = [("ask", IfUnknown::Ask), ("repeat", IfUnknown::Repeat)];

const IF_EXISTS: [(&str, IfExists); 2] = [("skip", IfExists::Skip), ("update", IfExists::Update)];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "create_record",
    outputs: &["created", "existing"],
    settings: &[
        Setting::new("create_record", Kind::Name(document::Kind::Module)).required(),
        Setting::new("fields", Kind::Fields),
        Setting::template("unique"),
        Setting::new("if_exists", Kind::Choice(&spec::words(&IF_EXISTS))).or("skip"),
        Setting::new("unknown", Kind::Choice(&spec::words(&IF_UNKNOWN))).or("ask"),
        Setting::new("store_id", Kind::EnvName),
    ],
    example: r#"lead:
  create_record: Leads
  unique: '{{ $env["email"]|lower }}'
  if_exists: update
  fields:
    lastname: $env["lastname"]
    email: $env["email"]
    description: From $request["ip"], $[Now,0,'d.m.Y']
  store_id: lead_id
  created: greet
  existing: greet
greet:
  comment: Hello $env["lastname"]
  record: $env["lead_id"]"#,
};

/// Settings of a `create_record` step.
#[derive(Debug)]
pub struct CreateRecord {
    /// The module of the new record.
    pub module: ModuleName,
    /// One key is one record of the module, under any concurrency; an empty key is no key. None = that of the
    /// module's unique field, if it has one.
    pub unique: Option<Template>,
    /// What a record that is there already gets.
    pub if_exists: IfExists,
    /// What is done when nobody knows whether another system has created the record, and no unique key finds it.
    pub if_unknown: IfUnknown,
    /// The fields of the record, in written order.
    pub fields: Vec<(String, Template)>,
    /// The `$env` name that gets the id of the record, new or existing.
    pub store_id: Option<String>,
}

/// What a record that is there already gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfExists {
    /// It stays as it is.
    Skip,
    /// The step's fields are set on it.
    Update,
}

/// What is done when nobody knows whether another system has created the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfUnknown {
    /// A person decides.
    Ask,
    /// It is created again: there may be two.
    Repeat,
}

impl CreateRecord {
    /// Reads `create_record: <module>`, `unique`, `if_exists`, `unknown`, `fields` and `store_id`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let module = reader.id(SPEC.name);
        let unique = reader.template("unique");
        let if_exists = reader.choice("if_exists", &IF_EXISTS);
        let if_unknown = reader.choice("unknown", &IF_UNKNOWN);
        let fields = reader.field_templates("fields");
        let store_id = reader.env_name("store_id");
        Some(Self { module: module?, unique, if_exists: if_exists?, if_unknown: if_unknown?, fields, store_id })
    }
}
