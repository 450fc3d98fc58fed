//! What is explained beside documents and tasks: what their texts may hold.

use super::reference::part;

/// Their names.
pub(super) const NAMES: [&str; 2] = ["expression", "secret"];

const EXPRESSION: &str = r#"A `condition` is an expression. In any other text that may hold references an expression stands in braces: `{{ $env["email"]|lower }}`. The syntax is that of Jinja.

| reference | value |
|---|---|
| `$env["lastname"]` | what was posted, or set by a step |
| `$query["utm_source"]` | a variable of the query |
| `$request["ip"]` | the call: `ip`, `time`, `headers` |
| `$var["crm_url"]` | a variable of the installation |
| `$lastname` | a field of the record |
| `$(contact_id: (Contacts) leadsource)` | a field of the record whose id is in `contact_id` |
| `$[Now]`, `$[Now,+3]`, `$[Now,0,'d.m.Y']` | a date, by the clock of the workflow's zone |

Texts may contain the statements `{% if %}`, `{% for %}`, `{% set %}` and `{% raw %}`. An unknown name is empty. In a text a reference needs no braces, and `$$` is a dollar.

"#;

const SECRET: &str = r#"A secret is a value with a name. `postern secret set NAME` and the page Secrets of the panel set it; nobody reads it again.

`$secret["name"]` stands for the value, in a text and without braces: in the URL, the headers and the body of `http_request`, and in `token`, `signature` and `verify` of a permission. A request with a secret names scheme and host in its URL.

Secrets are encrypted under the key in `POSTERN_SECRETS_KEY`, which control, ingress and the workers need. `postern secret rotate` encrypts them under a new key.
"#;

/// What is told of one; none where nothing has this name.
pub(super) fn section(name: &str) -> Option<String> {
    let text = match name {
        "expression" => {
            let tables = ["filters", "tests", "functions"].into_iter().filter_map(part).collect::<Vec<_>>();
            format!("{EXPRESSION}{}", tables.join("\n"))
        }
        "secret" => SECRET.to_owned(),
        _ => return None,
    };
    Some(format!("### `{name}`\n\n{text}"))
}
