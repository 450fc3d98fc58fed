//! `set_env`: leaves by `next`.

use crate::document::Reader;
use crate::expression::Template;

/// Settings of a `set_env` step.
#[derive(Debug)]
pub struct SetEnv {
    /// The names and their new values, assigned in written order: a later one sees the earlier ones.
    pub values: Vec<(String, Template)>,
}

impl SetEnv {
    /// Its key in a step.
    pub const NAME: &str = "set_env";
    /// Where it can lead.
    pub const OUTPUTS: &[&str] = &["next"];

    /// Reads `set_env: {name: value}`.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        reader.refuse_empty(Self::NAME);
        let values = reader.env_templates(Self::NAME);
        Some(Self { values })
    }
}
