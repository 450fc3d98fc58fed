//! `set_env`: leaves by `next`.

use crate::expression::Template;

/// Settings of a `set_env` step.
#[derive(Debug)]
pub struct SetEnv {
    /// The names and their new values, assigned in written order: a later one sees the earlier ones.
    pub values: Vec<(String, Template)>,
}
