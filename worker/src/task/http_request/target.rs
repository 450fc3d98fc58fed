//! The URL of a request: the one that a step writes, or a path below the base address of a connection.

use percent_encoding::percent_decode_str;
use postern_shared::connection::System;
use postern_shared::connection::http::Http;
use postern_shared::expression::render;
use postern_shared::id::ConnectionName;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::task::http_request::{BEFORE_PATH, Target};
use reqwest::Url;

use super::pairs::add_query;
use crate::task::context::Context;
use crate::task::error::TaskError;

/// The URL, without what the step adds to its query, and the connection that it belongs to.
pub fn url(target: &Target, context: &mut Context<'_>) -> Result<(Url, Option<ConnectionName>), TaskError> {
    match target {
        Target::Url { url, .. } => {
            let written = render(&context.value("http_request", url)?);
            let url: Url = written.trim().parse().map_err(|_| TaskError::NotAUrl)?;
            if !matches!(url.scheme(), "http" | "https") {
                return Err(TaskError::UrlScheme);
            }
            if !has_host(&written) {
                return Err(TaskError::NotAUrl);
            }
            Ok((url, None))
        }
        Target::Connection { connection, path, query } => {
            let path = render(&context.value("path", path)?);
            let base = of(connection, context)?.base.clone();
            let path = path.strip_prefix(BEFORE_PATH).unwrap_or_default();
            let mut url = below(&base, path).ok_or(ConnectionFault::PathLeaves)?;
            if !query.is_empty() {
                add_query(&mut url, query, context)?;
            }
            Ok((url, Some(connection.clone())))
        }
    }
}

/// A connection to an API over HTTP.
pub fn of<'c>(name: &ConnectionName, context: &'c Context<'_>) -> Result<&'c Http, TaskError> {
    let connections = context.unit.connections();
    connections.http(name).ok_or_else(|| missing(name, connections.get(name).map(|one| one.system()), System::Http))
}

/// What is said of a connection that is missing, or that leads to another system.
pub fn missing(name: &ConnectionName, found: Option<System>, needed: System) -> Message {
    match found {
        None => ConnectionFault::NoConnection { connection: name.clone() }.into(),
        Some(found) => {
            let (system, needed) = (found.name().to_owned(), needed.name().to_owned());
            ConnectionFault::ConnectionOther { connection: name.clone(), system, needed }.into()
        }
    }
}

/// The URL of a path below a base address; nothing = it leads elsewhere.
fn below(base: &Url, path: &str) -> Option<Url> {
    // What no client reads.
    let path = path.replace(['\t', '\r', '\n'], "");
    let path = path.trim_start_matches('/');
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let url: Url = format!("{base}{path}").parse().ok()?;
    let is_below = url.origin() == base.origin() && url.path().starts_with(base.path());
    (is_below && stays(&path[..end])).then_some(url)
}

/// How often a server may decode a path before it reads the segments.
const DECODED: usize = 3;

/// Whether no segment leads up, however often a server decodes the path, and whatever it takes for the end of a segment.
fn stays(path: &str) -> bool {
    let mut path = path.to_owned();
    (0..=DECODED).all(|_| {
        let leads_up = path.split(['/', '\\']).any(|one| matches!(one.split(';').next(), Some("." | "..")));
        path = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        !leads_up
    })
}

/// Whether a host stands where it belongs. Without one, a client takes the beginning of the path for it: `https:///a.example`.
fn has_host(url: &str) -> bool {
    let read = url.replace(['\t', '\r', '\n'], "");
    read.split_once("://")
        .is_some_and(|(scheme, rest)| !scheme.contains(':') && !rest.starts_with(['/', '\\', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_base_address_of_its_connection() {
        let base: Url = "https://api.example:8443/v2/".parse().unwrap();
        for (path, expected) in [
            ("", Some("https://api.example:8443/v2/")),
            ("leads/5", Some("https://api.example:8443/v2/leads/5")),
            ("/leads", Some("https://api.example:8443/v2/leads")),
            ("//evil.example/x", Some("https://api.example:8443/v2/evil.example/x")),
            ("https://evil.example/", Some("https://api.example:8443/v2/https://evil.example/")),
            ("@evil.example/", Some("https://api.example:8443/v2/@evil.example/")),
            ("a..b/...?x=../..#..", Some("https://api.example:8443/v2/a..b/...?x=../..#..")),
            ("..", None),
            ("../admin", None),
            ("a/../../admin", None),
            ("a/../b", None),
            ("./a", None),
            ("%2e%2e/admin", None),
            (".%2E/admin", None),
            ("a\\..\\..\\admin", None),
            (".\t./admin", None),
            ("projects/group%2Fname", Some("https://api.example:8443/v2/projects/group%2Fname")),
            ("..%2f..%2fadmin", None),
            ("a%2f..%5c..%2fadmin", None),
            ("..;/admin", None),
            ("%252e%252e/admin", None),
        ] {
            assert_eq!(below(&base, path).as_ref().map(Url::as_str), expected, "{path}");
        }
    }

    #[test]
    fn no_part_of_a_path_is_taken_for_the_host() {
        for url in ["https://a.example", " http://a.example/b ", "https://[::1]:80/", "https://a.example?b=://"] {
            assert!(has_host(url), "{url}");
        }
        for url in [
            "https:///a.example",
            "https://\n/a.example",
            "https:/\t//a.example",
            "https:////a.example",
            "https://\\a.example",
            "https:/a.example",
            "https:a.example/b://c",
            "https:\\\\a.example",
            "https://?a",
            "https://#a",
            "",
        ] {
            assert!(!has_host(url), "{url:?}");
        }
    }
}
