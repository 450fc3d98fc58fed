//! The check of an API over HTTP: its base address is read as a step would read it.

use postern_shared::connection::http::Http;
use postern_shared::id::ConnectionName;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::HttpCall;
use postern_shared::secret::mark;
use reqwest::Url;

use super::Said;
use crate::outside::Outside;
use crate::outside::call::Reply;

/// The most bytes of the answer: nobody reads it.
const MAX_BYTES: usize = 256 * 1024;

pub(super) async fn check(outside: &Outside, name: &ConnectionName, to: &Http) -> Said {
    let request = HttpCall {
        method: "GET".to_owned(),
        url: to.base.to_string(),
        connection: Some(name.clone()),
        headers: to.marked_headers().collect(),
        body: None,
        marks: Some(mark::beginning().to_owned()),
    };
    let reply = outside.once(request, MAX_BYTES).await;
    reply.map_err(|failure| failure.reason).and_then(|reply| judged(&to.base, &reply, to.auth.is_some()))
}

/// What an answer says of the connection. An address at which nothing stands may still be the base of a path.
pub(super) fn judged(base: &Url, Reply { status, headers, .. }: &Reply, has_login: bool) -> Said {
    let status = *status;
    let location = headers.iter().find(|(name, _)| name == "location").and_then(|(_, to)| base.join(to).ok());
    match status {
        301..=303 | 307 | 308 if let Some(to) = &location => {
            let fault = if to.scheme() == "https" && base.scheme() == "http" && to.host() == base.host() {
                ConnectionFault::RedirectsToHttps { to: shown(to) }
            } else {
                ConnectionFault::Redirects { to: shown(to) }
            };
            Err(fault.into())
        }
        401 if has_login => Err(ConnectionFault::LoginRefused { status }.into()),
        401 => Err(ConnectionFault::LoginNeeded { status }.into()),
        403 => Err(ConnectionFault::Forbidden { status }.into()),
        407 | 500.. => Err(Message::TargetAnswered { status }),
        _ => Ok(ConnectionFault::Works { status }.into()),
    }
}

/// An address without what may open something.
fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests {
    use postern_shared::secret::scrub::Scrubber;

    use super::*;

    #[test]
    fn an_answer_says_what_is_wrong_with_a_connection() {
        let base: Url = "http://a.example/v2/".parse().unwrap();
        for (status, location, has_login, expected) in [
            (200, "", true, "it works: the system answered 200"),
            (404, "", true, "it works: the system answered 404"),
            (401, "", true, "the system answered 401: it does not accept the login"),
            (401, "", false, "the system answered 401: it asks for a login"),
            (403, "", true, "the system answered 403: the login is known, and may not do this"),
            (503, "", true, "the target answered 503"),
            (301, "https://a.example/v2/?k=x", true, "the address leads on to https://a.example/v2/: write https"),
            (302, "/login?k=x", true, "the address leads on to http://a.example/login: write the address"),
            (302, "", true, "it works: the system answered 302"),
        ] {
            let headers = vec![("location".to_owned(), location.to_owned())];
            let headers = headers.into_iter().filter(|(_, to)| !to.is_empty()).collect();
            let reply = Reply { status, headers, body: Vec::new(), scrubber: Scrubber::default() };
            let said = match judged(&base, &reply, has_login) {
                Ok(said) => said.to_string(),
                Err(fault) => fault.to_string(),
            };
            assert!(said.starts_with(expected), "{status} {location}: {said}");
        }
    }
}
