//! What a step sends to another system, as it was rendered for the first try. It is kept with the run, and each later
//! try sends the same bytes: one idempotency key never carries two requests.

mod connected;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::ConnectionName;
pub use connected::{Action, Comparison, ConnectedCall};

/// A rendered request.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rendered {
    /// A call by HTTP.
    Http(HttpCall),
    /// A mail, handed to a mail server.
    Mail(Mail),
    /// Work on records of another system.
    Connected(ConnectedCall),
}

/// A call by HTTP.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCall {
    /// In upper case, such as `POST`.
    pub method: String,
    /// With scheme and host.
    pub url: String,
    /// The connection whose login is put in when the call is made; none = the call has what it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionName>,
    /// Without the idempotency key, unless the step names one.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What the marks of its secrets begin with; none = it holds no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<String>,
}

/// A mail as it goes over the wire.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The connection to the mail server; none = the one that the worker is set to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionName>,
    /// The address of the sender; none = neither the step nor the worker names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The addresses of all who get it.
    pub to: Vec<String>,
    /// Headers, an empty line, and the body (RFC 5322).
    pub message: String,
}

/// Without what was posted: it may come into a log line.
impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http(_) => "Rendered::Http(…)",
            Self::Mail(_) => "Rendered::Mail(…)",
            Self::Connected(_) => "Rendered::Connected(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written_and_shows_no_values() {
        let body = Some("a=\u{0}ä\r\n\"".to_owned());
        let headers = vec![("x-n".to_owned(), "1".to_owned())];
        let http = HttpCall {
            method: "PUT".into(),
            url: "http://a.example/?q=1".into(),
            headers,
            body,
            connection: Some("api".parse().unwrap()),
            marks: None,
        };
        let mail =
            Mail { connection: None, from: None, to: vec!["a@example.org".into()], message: "To: a\r\n\r\nä".into() };
        let connected = ConnectedCall {
            connection: "crm".parse().unwrap(),
            module: "Leads".parse().unwrap(),
            url: Some("https://crm.example/".into()),
            action: Action::Create {
                fields: vec![("email".into(), "a@example.org".into())],
                unique: Some(("email".into(), "a@example.org".into())),
                update: false,
            },
        };
        for request in [Rendered::Http(http), Rendered::Mail(mail), Rendered::Connected(connected)] {
            let text = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Rendered>(&text).unwrap(), request, "{text}");
            assert!(!format!("{request:?}").contains("example"), "{request:?}");
        }
    }
}
