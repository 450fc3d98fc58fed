//! What a step does: one file per task, under the same name as its settings in the shared crate.

mod awaited;
mod child;
mod comment;
mod condition;
pub mod connected;
pub mod context;
mod create_record;
mod delay;
mod delete_record;
pub mod error;
mod find_record;
mod for_each;
mod http_request;
mod new_record;
pub mod outcome;
pub mod query;
mod respond;
mod run_workflow;
mod send_mail;
mod set_env;
mod set_value;
mod stop;
mod switch;
mod tries;
mod typed_fields;

use postern_shared::task::Task;

use self::context::Context;
use self::error::TaskError;
use self::outcome::Outcome;
use self::query::{Answer, reported};

/// Does a step, or goes on with it when its query is answered.
pub fn perform(task: &Task, answer: Option<Answer>, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    match task {
        Task::Comment(settings) => comment::perform(settings, answer, context),
        Task::Condition(settings) => condition::perform(settings, context),
        Task::CreateRecord(settings) => create_record::perform(settings, answer, context),
        Task::Delay(settings) => delay::perform(settings, context),
        Task::DeleteRecord(settings) => delete_record::perform(settings, answer, context),
        Task::FindRecord(settings) => find_record::perform(settings, answer, context),
        Task::ForEach(settings) => for_each::perform(settings, answer, context),
        Task::HttpRequest(settings) => http_request::perform(settings, reported(answer), context),
        Task::Respond(settings) => respond::perform(settings, context),
        Task::RunWorkflow(settings) => run_workflow::perform(settings, answer, context),
        Task::SendMail(settings) => send_mail::perform(settings, reported(answer), context),
        Task::SetEnv(settings) => set_env::perform(settings, context),
        Task::SetValue(settings) => set_value::perform(settings, answer, context),
        Task::Stop(settings) => stop::perform(settings, context),
        Task::Switch(settings) => switch::perform(settings, context),
    }
}
