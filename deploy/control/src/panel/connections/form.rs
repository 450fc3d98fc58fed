//! The form of a connection, made from its description: the fields of each map under the title of the map.

use postern_shared::connection::{SPEC, System};
use postern_shared::document::Kind;
use postern_shared::spec::Setting;
use postern_shared::spec::texts::Text;
use serde_json::{Map, Value};

use crate::designer::settings::{self, Field, Known, read};
use crate::panel::design::{texts_of, words};
use crate::panel::visit::Visit;
use crate::panel::words::Language;

/// The fields of one map.
#[derive(Debug)]
pub struct Group {
    /// What the map is called; empty = the connection itself.
    pub title: &'static str,
    pub help: &'static str,
    pub fields: Vec<Field>,
}

/// The fields of a connection with what is wrong with them, and what is wrong beside them. The name of a saved connection
/// has no field.
pub fn groups(
    language: Language,
    system: System,
    document: &Value,
    faults: &[(String, String)],
    is_new: bool,
) -> (Vec<Group>, Vec<String>) {
    let texts = texts_of(language);
    let spec = (system.settings(), SPEC.name);
    let mut fields = settings::fields(spec, document, &Known::default(), texts);
    fields.retain(|field| is_new || field.path != Kind::Connection.name());
    let mut errors = Vec::new();
    for (path, message) in faults {
        match fields.iter_mut().find(|field| is_at(path, &field.path)) {
            Some(field) => field.errors.push(message.clone()),
            None if path.is_empty() => errors.push(message.clone()),
            None => errors.push(format!("{path}: {message}")),
        }
    }
    let mut groups: Vec<(String, Group)> = Vec::new();
    for field in fields {
        let map = field.path.rsplit_once('.').map_or("", |(map, _)| map).to_owned();
        match groups.iter_mut().find(|(known, _)| *known == map) {
            Some((_, group)) => group.fields.push(field),
            None => {
                let Text { title, help } = title_of(spec, &map, texts);
                groups.push((map, Group { title, help, fields: vec![field] }));
            }
        }
    }
    (groups.into_iter().map(|(_, group)| group).collect(), errors)
}

/// Whether a fault at a path is one of a field: at it, or below it.
fn is_at(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The words of a map within the connection.
fn title_of((settings, prefix): (&'static [Setting], &'static str), path: &str, texts: &'static str) -> Text {
    let (mut settings, mut prefix, mut text) = (settings, prefix, Text { title: "", help: "" });
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let Some(setting) = settings.iter().find(|setting| setting.key == key) else { break };
        text = words(texts, &setting.text_key(prefix));
        let Some((below, inner)) = setting.kind.inner() else { break };
        (prefix, settings) = (below, inner);
    }
    text
}

/// The document that a form makes of the stored one.
pub fn typed(visit: &Visit<'_>, system: System, stored: &Value) -> Value {
    let empty = Map::new();
    let map = stored.as_object().unwrap_or(&empty);
    Value::Object(read::settings(&visit.form, (system.settings(), &[]), map))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fields_of_a_connection_stand_under_their_maps_with_what_is_wrong() {
        let faults = [("http.base".to_owned(), "wrong".to_owned()), ("http.auth".to_owned(), "one way".to_owned())];
        let document = json!({"connection": "api", "http": {"base": "x", "auth": {"bearer": "$secret[\"k\"]"}}});
        let (groups, errors) = groups(Language::English, System::Http, &document, &faults, true);
        let titles: Vec<&str> = groups.iter().map(|group| group.title).collect();
        assert_eq!(titles, ["", "HTTP", "Name and password", "Login", "OAuth 2.0 client"]);
        let of = |path: &str| groups.iter().flat_map(|group| &group.fields).find(|field| field.path == path).unwrap();
        assert_eq!(of("http.base").errors, ["wrong"]);
        assert_eq!(of("http.auth.bearer").text, "$secret[\"k\"]");
        assert_eq!(errors, ["http.auth: one way"]);
    }

    #[test]
    fn the_name_of_a_saved_connection_has_no_field() {
        for (is_new, count) in [(true, 2), (false, 1)] {
            let (groups, _) = groups(Language::Russian, System::Smtp, &json!({"connection": "a"}), &[], is_new);
            assert_eq!(groups[0].fields.len(), count);
        }
    }
}
