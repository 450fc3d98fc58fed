//! What a step is set to: a closed set, one file per task. What a task *does* stands in the worker, in the
//! file of the same name.

pub mod condition;
pub mod create_record;
pub mod find_record;
pub mod set_env;
pub mod set_value;
pub mod stop;

/// A task with its settings, compiled.
#[derive(Debug)]
pub enum Task {
    /// Evaluates an expression.
    Condition(condition::Condition),
    /// Creates a record.
    CreateRecord(create_record::CreateRecord),
    /// Finds records.
    FindRecord(find_record::FindRecord),
    /// Assigns `$env` names.
    SetEnv(set_env::SetEnv),
    /// Changes fields of a record.
    SetValue(set_value::SetValue),
    /// Ends the run.
    Stop(stop::Stop),
}

impl Task {
    /// The key under which it stands in a document, its name everywhere.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Condition(_) => "condition",
            Self::CreateRecord(_) => "create_record",
            Self::FindRecord(_) => "find_record",
            Self::SetEnv(_) => "set_env",
            Self::SetValue(_) => "set_value",
            Self::Stop(_) => "stop",
        }
    }
}
