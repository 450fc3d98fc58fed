//! Ready-made calls of a permission, to be copied.

use serde_json::Value;

use super::visit::Visit;

/// A call in one language.
#[derive(Debug)]
pub struct Snippet {
    pub name: &'static str,
    pub code: String,
    /// What a person must know beside it; empty = nothing.
    pub help: String,
}

/// Calls that this permission admits.
pub fn of(visit: &Visit<'_>, permission: &Value) -> Vec<Snippet> {
    let short_url = permission["short_url"].as_str().map(|url| url.trim_start_matches('/'));
    let short_url = short_url.unwrap_or(visit.panel.state.short_url.as_str());
    let host = if visit.host.is_empty() { "localhost" } else { &visit.host };
    let url = format!("http://{host}:{}/{short_url}?{}", visit.panel.public.port(), target(permission));
    let snippet = |name, code, help| Snippet { name, code, help };
    vec![
        snippet("curl", curl(&url), String::new()),
        snippet("PHP", php(&url), String::new()),
        snippet("HTML", html(&url), visit.t("snippet-origins")),
    ]
}

fn target(permission: &Value) -> String {
    match (&permission["triggers"][0], &permission["workflows"][0]) {
        (Value::String(key), _) => format!("workflow_trigger={key}"),
        (_, id) => format!("workflow_id={id}"),
    }
}

/// A host comes from the visitor's browser and a key from whoever set it: both end up in someone's shell.
fn quoted(text: &str) -> String {
    text.replace('\'', "%27").replace('\\', "%5C")
}

fn curl(url: &str) -> String {
    format!("curl -i '{}' \\\n  -d lastname=Lovelace \\\n  -d email=ada@example.org", quoted(url))
}

fn php(url: &str) -> String {
    format!(
        "<?php\n$lead = ['lastname' => 'Lovelace', 'email' => 'ada@example.org'];\n$request = curl_init('{}');\n\
         curl_setopt($request, CURLOPT_POSTFIELDS, http_build_query($lead));\n\
         curl_setopt($request, CURLOPT_RETURNTRANSFER, true);\n\
         $receipt = json_decode(curl_exec($request), true)['receipt'];",
        quoted(url)
    )
}

fn html(url: &str) -> String {
    let url = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<form method=\"post\" action=\"{url}\">\n  <input name=\"lastname\" required>\n  \
         <input name=\"email\" type=\"email\" required>\n  <button>Send</button>\n</form>"
    )
}
