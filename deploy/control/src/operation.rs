//! What control does for programs and for people: one operation, one file. An operation names its method and path, the
//! role that it needs, what it takes and what it gives; from its row in [`ROWS`] come the route, the OpenAPI document
//! and the checks of the tests. The pages of the panel call the same functions.

pub mod answer;
pub mod audit;
pub mod connection;
pub mod dead_letter;
pub mod document;
pub mod draft;
pub mod dry_run;
mod entries;
pub mod error;
pub mod explain;
pub mod field;
pub mod find;
pub mod job;
pub mod openapi;
pub mod person;
pub mod process;
pub mod receipt;
pub mod record;
pub mod refused_body;
pub mod rejected_callers;
mod request;
pub mod run;
pub mod secret;
pub mod statistics;
mod table;
mod take;
pub mod token;
pub mod unmatched;
pub mod usage;
pub mod variable;

use std::future::Future;

use futures_util::future::BoxFuture;
use postern_shared::message::Language;
use postern_shared::store::accounts::Role;
use schemars::SchemaGenerator;
use warp::http::Method;
use warp::reply::Response;

pub use answer::Answer;
pub use error::{Code, Error, Explained, Finding, Refused};
pub use request::Request;
pub use table::ROWS;
pub use take::{Nothing, Take};

use crate::router;
use crate::state::State;
use answer::Given;
use take::Taken;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// As the audit log names it: an account, or `token` and the name of a token.
    pub account: String,
    /// What it may do.
    pub role: Role,
    /// In which language it reads.
    pub language: Language,
}

/// One thing that control does.
pub trait Operation: 'static {
    /// What it takes.
    type Input: Take;
    /// What it gives.
    type Output: Answer;
    /// How it is reached, and by whom.
    const ABOUT: About;

    /// Does it.
    ///
    /// # Errors
    /// Those of [`About::refusals`], and that PostgreSQL does not answer.
    fn run(state: &State, who: &Who, input: Self::Input) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// The methods that operations have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Sets what the path names.
    Put,
    /// Does something.
    Post,
    /// Removes what the path names.
    Delete,
}

/// How an operation is reached, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its name in the OpenAPI document, unique.
    pub name: &'static str,
    /// The method.
    pub verb: Verb,
    /// The path below [`crate::api::BASE`]. A segment in braces is its one argument.
    pub path: &'static str,
    /// The least role that it needs; none = also without a token.
    pub role: Option<Role>,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Its status when it is not refused.
    pub status: u16,
    /// How it may refuse, beside what every operation with such an input may.
    pub refusals: &'static [Code],
    /// An example of the body that it takes; empty if it takes none.
    pub takes: &'static str,
    /// An example of what it gives; empty if it gives nothing.
    pub gives: &'static str,
}

/// An operation in the table.
#[derive(Debug)]
pub struct Row {
    /// How it is reached, and by whom.
    pub about: About,
    call: for<'a> fn(&'a State, &'a Who, &'a Request) -> BoxFuture<'a, Result<Response, Error>>,
    taken: fn(&mut SchemaGenerator) -> Taken,
    given: fn(&mut SchemaGenerator) -> Given,
    strict: fn(&[u8]) -> Result<(), String>,
}

impl Verb {
    /// As HTTP knows it.
    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Put => Method::PUT,
            Self::Post => Method::POST,
            Self::Delete => Method::DELETE,
        }
    }
}

impl About {
    /// Something to look at, for every role.
    pub const fn get(name: &'static str, path: &'static str, summary: &'static str, gives: &'static str) -> Self {
        let role = Some(Role::Viewer);
        Self { name, verb: Verb::Get, path, role, summary, status: 200, refusals: &[], takes: "", gives }
    }

    /// Something that editors do.
    pub const fn post(
        name: &'static str,
        path: &'static str,
        summary: &'static str,
        (takes, gives): (&'static str, &'static str),
    ) -> Self {
        Self { verb: Verb::Post, role: Some(Role::Editor), takes, ..Self::get(name, path, summary, gives) }
    }

    /// Something that editors remove.
    pub const fn delete(name: &'static str, path: &'static str, summary: &'static str) -> Self {
        let about = Self::get(name, path, summary, "");
        Self { verb: Verb::Delete, role: Some(Role::Editor), status: 204, refusals: &[Code::NotFound], ..about }
    }

    /// The same with these refusals.
    pub const fn refusing(self, refusals: &'static [Code]) -> Self {
        Self { refusals, ..self }
    }

    /// The same for this role and those above it.
    pub const fn for_role(self, role: Role) -> Self {
        Self { role: Some(role), ..self }
    }

    /// The name of its argument, if it has one.
    pub fn argument(&self) -> Option<&'static str> {
        self.path.split(['{', '}']).nth(1)
    }

    /// Whether whoever has this role may use it.
    pub fn allows(&self, role: Option<Role>) -> bool {
        self.role.is_none_or(|least| role.is_some_and(|role| role >= least))
    }
}

impl Row {
    /// The row of an operation.
    pub(crate) const fn of<O: Operation>() -> Self {
        Self {
            about: O::ABOUT,
            call: call::<O>,
            taken: O::Input::described,
            given: O::Output::described,
            strict: O::Output::strict,
        }
    }

    /// Reads the input, runs the operation and answers.
    pub(crate) async fn answer(&self, state: &State, who: &Who, request: &Request) -> Result<Response, Error> {
        (self.call)(state, who, request).await
    }

    /// Reads an answer as the output of this operation; a field that the output does not have is an error.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn strict(&self, answer: &[u8]) -> Result<(), String> {
        (self.strict)(answer)
    }
}

impl router::Row for Row {
    fn method(&self) -> Method {
        self.about.verb.method()
    }

    fn path(&self) -> &'static str {
        self.about.path
    }
}

fn call<'a, O: Operation>(
    state: &'a State,
    who: &'a Who,
    request: &'a Request,
) -> BoxFuture<'a, Result<Response, Error>> {
    Box::pin(async move {
        let output = O::run(state, who, O::Input::take(request)?).await?;
        let mut response = output.into_response(request.accepted());
        if response.status().is_success()
            && let Ok(status) = O::ABOUT.status.try_into()
        {
            *response.status_mut() = status;
        }
        Ok(response)
    })
}
