//! Every route of the API, written once: the router and the OpenAPI document are both made from one table.

mod table;

use percent_encoding::percent_decode_str;
use postern_shared::document::Kind;
use warp::http::Method;

pub use table::ROUTES;

/// What every path of the API begins with.
pub const BASE: &str = "/api/v1";

/// One method of one path.
#[derive(Debug)]
pub struct Route {
    pub verb: Verb,
    /// Below [`BASE`]; a segment in braces is the route's one argument.
    pub path: &'static str,
    pub endpoint: Endpoint,
    pub summary: &'static str,
    pub query: &'static [Parameter],
    pub body: Body,
    pub answer: Answer,
    /// The statuses of its refusals, beside those that every route, or every route with a body, has.
    pub refusals: &'static [u16],
}

/// The methods that routes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Put,
    Post,
    Delete,
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    OpenApi,
    List(Kind),
    Get(Kind),
    Put(Kind),
    Delete(Kind),
    Versions,
    Validate,
    Apply,
    Export,
    Receipt,
    Runs,
    ReplayRun,
    DecideRun,
    Records,
    Record,
    RefusedBodies,
    RefusedBody,
    RefusedBodyRaw,
    ReplayRefusedBodies,
    RejectedCallers,
    Unmatched,
    ReplayUnmatched,
    DeadLetters,
    DeadLetter,
    DeadLetterGroups,
    ReplayDeadLetters,
    DiscardDeadLetters,
    Audit,
    AuditLog,
    Explain,
    Tokens,
    CreateToken,
    DeleteToken,
}

/// A query variable. All of them may be left out.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub value: Value,
}

/// What a query variable or a path's argument may be.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// How many items an answer holds at most.
    Last,
    /// A whole number above zero.
    Number,
    /// `true` or `false`.
    Flag,
    /// The state of a run.
    RunState,
    /// The name of a trigger, a permission or a module.
    Name,
    /// Any text.
    Text,
    /// What an answer gave as `next`.
    Cursor,
    /// The id of a receipt.
    Receipt,
    /// The name of a run.
    Run,
}

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    None,
    /// One document of a kind, as JSON or YAML.
    Document(Kind),
    /// Documents of any kind, as YAML; or one, as JSON.
    Documents,
    /// JSON of a named schema.
    Json(&'static str),
}

/// What a request gets when it is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 200 and JSON of a named schema.
    Json(&'static str),
    /// 201 and JSON of a named schema.
    Created(&'static str),
    /// 200 and one document of a kind, as JSON or YAML.
    Document(Kind),
    /// 200 and documents, as YAML.
    Documents,
    /// 200 and bytes as they were sent.
    Bytes,
    /// 204.
    Empty,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Found {
    /// The route, and its argument; empty if it has none.
    Route(&'static Route, String),
    /// Routes of these other methods, as `Allow` lists them.
    OtherMethods(String),
    /// No route.
    Nothing,
}

/// The route of a method and a path below [`BASE`].
pub fn find(method: &Method, path: &str) -> Found {
    let mut others: Vec<Method> = Vec::new();
    for route in &ROUTES {
        if let Some(argument) = argument(route.path, path) {
            if route.verb.method() == *method {
                return Found::Route(route, argument);
            }
            others.push(route.verb.method());
        }
    }
    if others.is_empty() {
        Found::Nothing
    } else {
        Found::OtherMethods(others.iter().map(Method::as_str).collect::<Vec<_>>().join(", "))
    }
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

impl Route {
    /// The name of its argument and what that may be, if it has one.
    pub fn argument(&self) -> Option<(&'static str, Value)> {
        let name = self.path.split(['{', '}']).nth(1)?;
        Some((
            name,
            match self.endpoint {
                Endpoint::Receipt => Value::Receipt,
                Endpoint::ReplayRun | Endpoint::DecideRun => Value::Run,
                Endpoint::Versions
                | Endpoint::DeleteToken
                | Endpoint::DeadLetter
                | Endpoint::Record
                | Endpoint::RefusedBody
                | Endpoint::RefusedBodyRaw => Value::Number,
                Endpoint::Get(Kind::Workflow) | Endpoint::Put(Kind::Workflow) | Endpoint::Delete(Kind::Workflow) => {
                    Value::Number
                }
                _ => Value::Name,
            },
        ))
    }
}

/// The argument of a path that has the form of a template.
fn argument(template: &str, path: &str) -> Option<String> {
    let mut found = String::new();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {
                found = percent_decode_str(given).decode_utf8().ok()?.into_owned();
                // PostgreSQL keeps it in no text: nothing has such a name.
                if found.contains('\0') {
                    return None;
                }
            }
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_method_and_path() {
        for (at, route) in ROUTES.iter().enumerate() {
            let path = match route.argument() {
                Some((name, _)) => route.path.replace(&format!("{{{name}}}"), "a%2Db"),
                None => route.path.to_owned(),
            };
            let Found::Route(found, argument) = find(&route.verb.method(), &path) else { panic!("{path}") };
            assert!(std::ptr::eq(found, &raw const ROUTES[at]), "{:?} {path}", route.verb);
            assert_eq!(argument, if route.argument().is_some() { "a-b" } else { "" });
        }
    }

    #[test]
    fn another_method_is_told_those_that_there_are_and_another_path_nothing() {
        let found = find(&Method::PATCH, "/triggers/a");
        assert!(matches!(found, Found::OtherMethods(methods) if methods == "GET, PUT, DELETE"));
        for path in ["", "/", "/triggers/", "/triggers/a/b", "/trigger", "triggers", "/triggers/%ff", "/triggers/a%00"]
        {
            assert!(matches!(find(&Method::GET, path), Found::Nothing), "{path}");
        }
    }
}
