//! What a document says that can be read but never does what is meant: a URL without a scheme, a mail to no address, an
//! order in the words of SQL. Found when a document is checked, not when a stored one is read: that one runs as it did.

mod url;

use serde_json::{Map, Value};

use crate::expression::name_in;
use crate::finding::Finding;
use crate::media_type::is_markup;
use crate::message::{DocumentFault, Message, StepFault};
use crate::spec::Kind;
use crate::suggestion::Meant;
use crate::task::KINDS;
use crate::yaml::join;
use url::wrong_url;

/// Keys of `send_mail` whose texts are addresses.
const ADDRESSES: [&str; 5] = ["send_mail", "cc", "bcc", "from", "reply_to"];

/// The most of a text that a finding repeats, in characters.
const MAX_EXCERPT_CHARS: usize = 60;

/// What is wrong in the steps of a workflow's document.
pub fn findings(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, step) in document["steps"].as_object().into_iter().flatten() {
        step.as_object().into_iter().for_each(|step| names(step, &join("steps", name), &mut findings));
        let mut report = |key: &str, message: Option<Message>| {
            findings.extend(message.map(|message| Finding::new(format!("steps.{name}.{key}"), message)));
        };
        if let Some(url) = step.get("http_request").and_then(Value::as_str) {
            report("http_request", wrong_url(url));
            report("json", step.get("json").and_then(Value::as_str).and_then(json_text));
        }
        if step.get("send_mail").is_some() {
            for key in ADDRESSES {
                texts(&step[key]).for_each(|text| report(key, wrong_addresses(text)));
            }
        }
        if step.get("respond").is_some() && step.get("json").is_some() {
            let is_page = step["type"].as_str().is_some_and(is_markup);
            report("type", is_page.then(|| StepFault::RespondJsonMarkup.into()));
        }
        if step.get("find_record").is_some() {
            texts(&step["sort"]).for_each(|text| report("sort", wrong_order(text)));
        }
    }
    findings
}

/// Names of `$env` and of fields that are written as references to them: a step would assign a name that nobody reads.
fn names(step: &Map<String, Value>, path: &str, findings: &mut Vec<Finding>) {
    let Some(kind) = KINDS.iter().find(|kind| step.contains_key(kind.spec.name)) else { return };
    for (key, value) in step {
        let path = join(path, key);
        let mut judge = |path: String, text: &str| {
            let meant = name_in(text).map(|name| Meant::of([format!("`{name}`")]));
            let fault = |meant| Finding::new(path, Message::from(StepFault::NameIsReference).meant(meant));
            findings.extend(meant.map(fault));
        };
        match kind.spec.setting(key).map(|setting| setting.kind) {
            Some(Kind::EnvName) => value.as_str().into_iter().for_each(|text| judge(path.clone(), text)),
            Some(Kind::Sort) => {
                texts(value).for_each(|text| judge(path.clone(), text.strip_prefix('-').unwrap_or(text)));
            }
            Some(Kind::Env | Kind::Fields | Kind::Conditions) => {
                let keys = value.as_object().into_iter().flat_map(Map::keys);
                keys.for_each(|key| judge(join(&path, key), key));
            }
            _ => {}
        }
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(Value::as_str)
}

fn has_references(text: &str) -> bool {
    text.contains(['$', '{'])
}

fn excerpt(text: &str) -> String {
    text.chars().take(MAX_EXCERPT_CHARS).collect()
}

/// Each part between commas is `ada@example.org` or `Ada <ada@example.org>`.
fn wrong_addresses(text: &str) -> Option<Message> {
    // A comma in braces divides no addresses.
    if text.contains('{') {
        return None;
    }
    if text.trim().is_empty() {
        return Some(DocumentFault::IsEmpty.into());
    }
    let is_address = |part: &str| {
        let inner = part.rsplit_once('<').map_or(part, |(_, rest)| rest.trim_end().trim_end_matches('>')).trim();
        let (local, domain) = inner.rsplit_once('@').unwrap_or_default();
        let is_one = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || ";@".contains(c));
        (is_one(local) || local.starts_with('"')) && is_one(domain)
    };
    let is_wrong = |part: &&str| !part.trim().is_empty() && !has_references(part) && !is_address(part);
    let wrong = split_addresses(text).into_iter().find(is_wrong)?;
    let fault = StepFault::NoMailAddress { text: excerpt(wrong.trim()) };
    if wrong.matches('@').count() > 1 {
        return Some(StepFault::AddressesApart { text: excerpt(wrong.trim()) }.into());
    }
    Some(fault.into())
}

/// A text of JSON is sent as a text in quotes.
fn json_text(text: &str) -> Option<Message> {
    let text = text.trim();
    let begins = (text.starts_with('{') && !text.starts_with("{{") && !text.starts_with("{%")) || text.starts_with('[');
    begins.then(|| StepFault::JsonText.into())
}

/// At the commas that stand outside of quotes.
fn split_addresses(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut is_quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// `created desc` is the name of no field.
fn wrong_order(text: &str) -> Option<Message> {
    let (field, order) = text.trim().rsplit_once(char::is_whitespace)?;
    let (field, sign) = match order.to_ascii_lowercase().as_str() {
        "desc" | "descending" => (field.trim(), "-"),
        "asc" | "ascending" => (field.trim(), ""),
        _ => return None,
    };
    Some(Message::from(StepFault::OrderWord).meant(Meant::of([format!("`{sign}{}`", excerpt(field))])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(step: Value) -> Vec<String> {
        findings(&json!({"steps": {"s": step}})).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_of_json_and_an_empty_url_are_found() {
        for (step, expected) in [
            (json!({"http_request": "https://a.example", "json": "{\"a\": \"$env[\\\"id\\\"]\"}"}), "steps.s.json: "),
            (json!({"http_request": "https://a.example", "json": "[1]"}), "steps.s.json: "),
            (json!({"http_request": " "}), "steps.s.http_request: is empty"),
        ] {
            let found = found(step.clone());
            assert!(found.len() == 1 && found[0].starts_with(expected), "{step}: {found:?}");
        }
        for json in
            [json!({"a": 1}), json!("{{ $env[\"a\"] }}"), json!("$env[\"a\"]"), json!("{% if $a %}1{% endif %}")]
        {
            assert_eq!(found(json!({"http_request": "https://a.example", "json": json})), [""; 0], "{json}");
        }
    }

    #[test]
    fn json_that_a_browser_shows_as_a_page_is_found() {
        for (content_type, is_wrong) in [
            (json!("text/html"), true),
            (json!("Application/XHTML+xml"), true),
            (json!("image/svg+xml; charset=utf-8"), true),
            (json!("application/json"), false),
            (json!(null), false),
        ] {
            let found = found(json!({"respond": 200, "json": {"a": "$env[\"a\"]"}, "type": content_type}));
            assert_eq!(found.len() == 1 && found[0].starts_with("steps.s.type: a browser"), is_wrong, "{found:?}");
        }
        assert_eq!(found(json!({"respond": 200, "text": "<b>$env[\"a\"]</b>", "type": "text/html"})), [""; 0]);
    }

    #[test]
    fn a_mail_to_no_address_is_found() {
        for (to, expected) in [
            (json!("bob"), "steps.s.send_mail: `bob` is no mail address"),
            (json!("ada@example.org, bob"), "`bob`"),
            (json!(["ada@example.org", "Bob <bob>"]), "`Bob <bob>`"),
            (json!("Lovelace, Ada <ada@example.org>"), "`Lovelace`"),
            (json!("$env[\"a\"], bob"), "`bob`"),
            (json!("a@b.ru; c@d.ru"), "a comma stands between two of them"),
            (json!("a@b.ru c@d.ru"), "a comma stands between two of them"),
            (json!(" "), "is empty"),
        ] {
            let found = found(json!({"send_mail": to, "subject": "s", "text": "t"}));
            assert!(found.len() == 1 && found[0].contains(expected), "{to}: {found:?}");
        }
        for to in [
            json!("ada@example.org"),
            json!("$env[\"a, b\"], Ada <$env[\"c\"]>"),
            json!("Ada <ada@example.org>, root@localhost"),
            json!("\"Lovelace, Ada\" <ada@example.org>"),
            json!(["$env[\"email\"]", "ada@пример.рф"]),
        ] {
            assert_eq!(found(json!({"send_mail": to, "cc": "{{ $owner }}"})), [""; 0], "{to}");
        }
        assert_eq!(found(json!({"send_mail": "a@b.c", "reply_to": "nobody"})).len(), 1);
    }

    #[test]
    fn a_name_that_is_written_as_a_reference_is_found() {
        for (step, expected) in [
            (json!({"create_record": "Leads", "store_id": "$env[\"id\"]"}), ("store_id", "id")),
            (json!({"create_record": "Leads", "fields": {"$lastname": "x"}}), ("fields.$lastname", "lastname")),
            (json!({"set_env": {"$env['x']": 1}}), ("set_env.$env['x']", "x")),
            (json!({"find_record": "Leads", "where": {"$lastname": "x"}}), ("where.$lastname", "lastname")),
            (json!({"find_record": "Leads", "sort": "-$created"}), ("sort", "created")),
            (json!({"for_each": "$env[\"l\"]", "item": "$env[\"x\"]"}), ("item", "x")),
            (json!({"http_request": "https://a.example", "store": "$env[\"r\"]"}), ("store", "r")),
        ] {
            let found = found(step.clone());
            let (key, name) = expected;
            let expected = format!("steps.s.{key}: a name stands here, and no reference: did you mean `{name}`?");
            assert_eq!(found, [expected], "{step}");
        }
        for step in [
            json!({"create_record": "Leads", "store_id": "id", "fields": {"price_$": "$env[\"x\"]"}}),
            json!({"set_env": {"$": 1, "a$b": 2}}),
        ] {
            assert_eq!(found(step.clone()), [""; 0], "{step}");
        }
    }

    #[test]
    fn an_order_in_the_words_of_sql_is_found() {
        for (sort, expected) in [
            (json!("created desc"), "did you mean `-created`?"),
            (json!(["lastname", "created  DESC"]), "did you mean `-created`?"),
            (json!("created asc"), "did you mean `created`?"),
        ] {
            let found = found(json!({"find_record": "Leads", "sort": sort}));
            assert!(found.len() == 1 && found[0].contains(expected), "{sort}: {found:?}");
        }
        for sort in [json!("-created"), json!(["lastname", "last name"]), json!("desc")] {
            assert_eq!(found(json!({"find_record": "Leads", "sort": sort})), [""; 0], "{sort}");
        }
    }
}
