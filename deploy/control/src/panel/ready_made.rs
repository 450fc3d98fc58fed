//! Ready-made calls of a permission, to be copied: templates with the permission's own URL and the place of its token. The
//! page of a permission and `ingress/README.md` show the same.

mod fields;
pub mod platform;

use serde_json::Value;

use super::visit::Visit;
use super::words::{Language, Words};
use fields::sample;
use platform::{PLATFORMS, Platform};

/// What stands in the place of a token: its value is a secret, which nobody is shown.
pub const TOKEN: &str = "TOKEN";

/// A call in one language.
#[derive(Debug)]
pub struct Snippet {
    pub name: &'static str,
    pub code: String,
    /// Whether a browser sends it: then the permission must list the site of the page.
    pub is_of_browser: bool,
}

/// The texts in the calls.
const SAYS: [&str; 6] = [
    "snippet-says-keep",
    "snippet-says-array",
    "snippet-says-error",
    "snippet-says-send",
    "snippet-says-lastname",
    "snippet-says-email",
];

/// A language, its template, how a text is written between its quotes, and how names with samples are.
struct Form {
    name: &'static str,
    template: &'static str,
    quoted: fn(&str) -> String,
    fields: fn(&[String]) -> String,
    is_of_browser: bool,
    has_headers: bool,
}

const fn program(name: &'static str, template: &'static str, fields: fn(&[String]) -> String) -> Form {
    Form { name, template, quoted, fields, is_of_browser: false, has_headers: true }
}

static FORMS: [Form; 5] = [
    Form {
        quoted: escaped,
        is_of_browser: true,
        has_headers: false,
        ..program("HTML", include_str!("../../templates/callers/html.txt"), labels)
    },
    Form {
        is_of_browser: true,
        ..program("JavaScript", include_str!("../../templates/callers/javascript.txt"), object)
    },
    program("PHP", include_str!("../../templates/callers/php.txt"), array),
    program("Python", include_str!("../../templates/callers/python.txt"), dictionary),
    program("curl", include_str!("../../templates/callers/curl.txt"), options),
];

/// A call that a permission admits.
#[derive(Debug, Default)]
pub struct Call {
    /// With its target, and with the place of a token of the query.
    pub url: String,
    /// The header in which the token is shown: its name, and what stands before the token.
    header: Option<(String, &'static str)>,
    /// Whether a token must be put in.
    pub has_token: bool,
    /// Whether callers sign.
    pub is_signed: bool,
    /// The sites whose pages may post.
    pub origins: Vec<String>,
    /// The names that it posts.
    names: Vec<String>,
}

impl Call {
    /// The call of a permission as it is stored, with what its workflow reads.
    pub fn of(visit: &Visit<'_>, permission: &Value, workflows: &[Value]) -> Self {
        let short_url = permission["short_url"].as_str().map(|url| url.trim_start_matches('/'));
        let short_url = short_url.unwrap_or(visit.panel.state.short_url.as_str());
        let url = format!("{}/{short_url}", public(visit));
        Self { names: fields::read(permission, workflows), ..Self::at(&url, permission) }
    }

    /// The call of a permission that answers at this URL.
    pub fn at(url: &str, permission: &Value) -> Self {
        let token = &permission["token"];
        let (header, of_query) = match (token, token["header"].as_str(), token["query"].as_str()) {
            (Value::String(_), ..) => (Some(("Authorization".to_owned(), "Bearer ")), None),
            (_, Some(name), _) => (Some((name.to_owned(), "")), None),
            (_, None, query) => (None, query),
        };
        let of_query = of_query.map(|name| format!("&{name}={TOKEN}")).unwrap_or_default();
        let origins = match &permission["origins"] {
            Value::String(text) => text.split([' ', ',', '\n']).map(str::to_owned).collect(),
            Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        Self {
            url: format!("{url}?{}{of_query}", target(permission)),
            header,
            has_token: !token.is_null(),
            is_signed: !permission["signature"].is_null(),
            origins: origins.into_iter().filter(|origin: &String| !origin.is_empty()).collect(),
            names: fields::DEFAULT.map(str::to_owned).to_vec(),
        }
    }

    /// The call in every language that can make it.
    pub fn snippets(&self, text: impl Fn(&str) -> String) -> Vec<Snippet> {
        let can = |form: &&Form| form.has_headers || self.header.is_none();
        let snippet = |form: &Form| Snippet {
            name: form.name,
            code: self.filled(form, &text),
            is_of_browser: form.is_of_browser,
        };
        FORMS.iter().filter(can).map(snippet).collect()
    }

    /// A line with a header is left out if there is none.
    fn filled(&self, form: &Form, text: &impl Fn(&str) -> String) -> String {
        let lines = form.template.lines().filter(|line| self.header.is_some() || !line.contains("{name}"));
        let (name, before) = self.header.as_ref().map_or(("", ""), |(name, before)| (name.as_str(), *before));
        let filled = lines.map(|line| {
            line.replace("{url}", &(form.quoted)(&self.url))
                .replace("{name}", &(form.quoted)(name))
                .replace("{value}", &format!("{before}{TOKEN}"))
        });
        let filled = filled.collect::<Vec<_>>().join("\n").replace("{fields}", &(form.fields)(&self.names));
        SAYS.iter().fold(filled, |filled, key| filled.replace(&format!("{{{key}}}"), &text(key)))
    }
}

/// Where callers reach the ingress, as far as the panel can tell: at the host at which a person reaches the panel.
pub fn public(visit: &Visit<'_>) -> String {
    let host = if visit.host.is_empty() { "localhost" } else { &visit.host };
    let (scheme, listener) = visit.panel.public;
    format!("{scheme}://{host}:{}", listener.port())
}

fn joined(names: &[String], between: &str, one: impl Fn(&str, &str) -> String) -> String {
    names.iter().map(|name| one(&quoted(name), sample(name))).collect::<Vec<_>>().join(between)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@.".contains(&byte))
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

fn options(names: &[String]) -> String {
    joined(names, " \\\n  ", |name, value| {
        let is_plain = is_plain(name) && is_plain(value);
        if is_plain { format!("-d {name}={value}") } else { format!("--data-urlencode '{name}={value}'") }
    })
}

fn labels(names: &[String]) -> String {
    joined(names, "\n  ", |name, _| match name {
        "lastname" => "<label>{snippet-says-lastname} <input name=\"lastname\" required></label>".to_owned(),
        "email" => "<label>{snippet-says-email} <input name=\"email\" type=\"email\" required></label>".to_owned(),
        name => format!("<label>{0} <input name=\"{0}\"></label>", escaped(name)),
    })
}

fn object(names: &[String]) -> String {
    let pairs = joined(names, ", ", |name, value| {
        let is_plain = is_plain(name) && !name.contains(['@', '.']);
        if is_plain { format!("{name}: '{value}'") } else { format!("'{name}': '{value}'") }
    });
    format!("{{{pairs}}}")
}

fn array(names: &[String]) -> String {
    format!("[{}]", joined(names, ", ", |name, value| format!("'{name}' => '{value}'")))
}

fn dictionary(names: &[String]) -> String {
    format!("{{{}}}", joined(names, ", ", |name, value| format!("'{name}': '{value}'")))
}

fn target(permission: &Value) -> String {
    match (&permission["triggers"][0], &permission["workflows"][0]) {
        (Value::String(key), _) => format!("workflow_trigger={key}"),
        (_, id) => format!("workflow_id={id}"),
    }
}

/// Without the characters that end a text in quotes: a visitor's browser chooses the host, an editor chooses the key, and
/// someone pastes both into a shell.
fn quoted(text: &str) -> String {
    text.replace('\'', "%27").replace('\\', "%5C")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// The part of `ingress/README.md`: each call of a permission without a token, and what is entered at platforms.
pub fn readme() -> String {
    let permission = serde_json::json!({"workflows": [77]});
    let call = Call::at("https://postern.example.org/trigger", &permission);
    let (words, mut text) = (Words::new(), String::new());
    for Snippet { name, code, .. } in call.snippets(|key| words.text(Language::English, key, None)) {
        text += &format!("**{name}**\n```{}\n{code}\n```\n\n", fence(name));
    }
    text += "| platform | where | what to enter | in the permission | |\n|---|---|---|---|---|\n";
    for Platform { name, key, fields, settings } in &PLATFORMS {
        let english = |key: &str| words.text(Language::English, key, None);
        let word = |part: &str| english(&format!("platform-{key}-{part}"));
        let entered = fields.iter().map(|field| format!("{}: {}", word(field.key), field.value.in_words(english)));
        let settings = settings.lines().map(|line| format!("`{line}`"));
        let cells = [entered.collect::<Vec<_>>().join("<br>"), settings.collect::<Vec<_>>().join("<br>")];
        text += &format!("| {name} | {} | {} | {} |\n", word("where"), cells.join(" | "), word("note"));
    }
    text
}

fn fence(name: &str) -> String {
    if name == "curl" { "sh".to_owned() } else { name.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(permission: &Value, name: &str) -> Option<String> {
        let snippets = Call::at("http://p.example/t", permission).snippets(str::to_owned);
        snippets.into_iter().find(|one| one.name == name).map(|one| one.code)
    }

    #[test]
    fn the_token_stands_where_the_permission_asks_for_it() {
        let secret = "$secret[\"a\"]";
        for (token, name, expected) in [
            (json!(secret), "curl", "-H 'Authorization: Bearer TOKEN'"),
            (json!({"header": "X-Key", "value": secret}), "PHP", "['X-Key: TOKEN']"),
            (json!({"header": "X-Key", "value": secret}), "Python", "add_header('X-Key', 'TOKEN')"),
            (json!(secret), "JavaScript", "'Authorization': 'Bearer TOKEN',"),
            (json!({"query": "key", "value": secret}), "HTML", "?workflow_id=7&amp;key=TOKEN\""),
            (json!({"query": "key", "value": secret}), "curl", "?workflow_id=7&key=TOKEN'"),
        ] {
            let found = code(&json!({"workflows": [7], "token": token}), name).unwrap();
            assert!(found.contains(expected), "{found}");
        }
        let plain = code(&json!({"triggers": ["web"]}), "curl").unwrap();
        assert!(plain.starts_with("curl -i 'http://p.example/t?workflow_trigger=web' \\\n  -d "), "{plain}");
        let names = ["a'b".to_owned(), "phone".to_owned()];
        assert_eq!(options(&names), "--data-urlencode 'a%27b=text' \\\n  --data-urlencode 'phone=+442071234567'");
        assert_eq!(code(&json!({"workflows": [7], "token": secret}), "HTML"), None, "a form sends no header");
        assert!(Call::at("", &json!({"token": secret, "signature": {}})).is_signed);
    }

    #[test]
    fn a_text_does_not_leave_its_quotes() {
        let call = Call::at("http://a'\"<b\\c/t", &json!({"workflows": [7]}));
        for Snippet { name, code, .. } in call.snippets(str::to_owned) {
            let is_inside = if name == "HTML" { !code.contains("a'\"<b") } else { code.contains("a%27\"<b%5Cc") };
            assert!(is_inside, "{code}");
        }
    }
}
