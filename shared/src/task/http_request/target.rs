//! Where an `http_request` goes: to a URL, or to a path below the base address of a connection.

use serde_json::Value;

use super::SPEC;
use crate::document::{self, Reader};
use crate::expression::{Context, Template};
use crate::id::ConnectionName;
use crate::message::ConnectionFault;
use crate::spec::{Kind, Setting};

/// Stands before a path while it is rendered, so that values in the path are encoded as those of a URL are.
pub const BEFORE_PATH: &str = "http://base/";

/// What stands in `http_request` if it is a map.
pub(super) const SETTINGS: [Setting; 3] = [
    Setting::new("connection", Kind::Name(document::Kind::Connection)).required(),
    Setting::template("path"),
    Setting::new("query", Kind::Env),
];

/// Where a request goes.
#[derive(Debug)]
pub enum Target {
    /// To a URL.
    Url {
        /// The URL.
        url: Template,
        /// Whether values may choose scheme, host and port.
        any_host: bool,
    },
    /// To a path below the base address of a connection.
    Connection {
        /// The connection.
        connection: ConnectionName,
        /// The path, behind [`BEFORE_PATH`].
        path: Template,
        /// What is added to the query of the path.
        query: Vec<(String, Template)>,
    },
}

impl Target {
    /// Whether values choose scheme, host or port, although the step does not say so.
    pub fn lets_values_choose_the_host(&self) -> bool {
        matches!(self, Self::Url { url, any_host: false } if !url.names_its_host())
    }
}

pub(super) fn parse(reader: &mut Reader) -> Option<Target> {
    let any_host = reader.flag("any_host");
    if reader.value(SPEC.name).is_some_and(Value::is_object) {
        reader.refuse("any_host", ConnectionFault::HostFixed);
        return connection(reader);
    }
    Some(Target::Url { url: reader.template(SPEC.name)?, any_host })
}

fn connection(reader: &mut Reader) -> Option<Target> {
    let mut inner = reader.inner(SPEC.name, &SETTINGS)?;
    inner.take_secrets();
    let (connection, path, query) = (inner.id("connection"), path(&mut inner), inner.env_templates("query"));
    let reads = inner.reads().clone();
    inner.finish();
    reader.also_reads(&reads);
    Some(Target::Connection { connection: connection?, path: path?, query })
}

/// The path; missing = the base address itself.
fn path(inner: &mut Reader) -> Option<Template> {
    let text = match inner.value("path") {
        None => String::new(),
        Some(_) => inner.text("path")?,
    };
    let text = text.trim_start().trim_start_matches('/');
    inner.template_for("path", &Value::from(format!("{BEFORE_PATH}{text}")), Context::Url)
}
