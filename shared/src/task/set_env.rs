//! `set_env`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;
use crate::spec::{Kind, Setting, Spec};

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "set_env",
    outputs: &["next"],
    settings: &[Setting::new("set_env", Kind::Env).required()],
    example: r#"name:
  set_env:
    fullname: $env["firstname"] $env["lastname"]
    greeting: Hello {{ $env["fullname"]|trim }}"#,
};

/// Settings of a `set_env` step.
#[derive(Debug)]
pub struct SetEnv {
    /// The names and their new values, assigned in written order: a later one sees the earlier ones.
    pub values: Vec<(String, Template)>,
}

impl SetEnv {
    /// Reads `set_env: {name: value}`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        let values = reader.env_templates(SPEC.name);
        Some(Self { values })
    }
}
