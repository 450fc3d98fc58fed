//! Values that are compiled: expressions, texts with references, and maps of such texts.

use serde_json::Value;

use super::values::scalar;
use super::{MAX_FIELD_BYTES, Reader};
use crate::env::Limits;
use crate::excerpt::excerpt;
use crate::expression::{Context, Expression, Template};
use crate::message::{DocumentFault, Message};
use crate::spec;
use crate::suggestion::MAX_SUGGESTED;
use crate::yaml::join;

impl<'d> Reader<'d, '_> {
    /// A compiled expression.
    pub fn expression(&mut self, key: &'static str) -> Option<Expression> {
        let value = self.value(key)?;
        let expression = match value {
            Value::Bool(flag) => Ok(flag.to_string()),
            _ => scalar(value),
        };
        let parsed = expression.and_then(|text| Expression::parse(&text).map_err(Message::from));
        let expression = self.checked(key, parsed)?;
        self.reads.add(expression.reads());
        Some(expression)
    }

    /// A compiled template.
    pub fn template(&mut self, key: &'static str) -> Option<Template> {
        let value = self.value(key)?;
        let context = spec::find(self.settings, key).map(|setting| setting.kind.context()).unwrap_or_default();
        self.template_for(key, value, context)
    }

    /// Compiles a value that stands at a place below this map.
    pub fn template_at(&mut self, place: &str, value: &Value) -> Option<Template> {
        self.template_for(place, value, Context::Text)
    }

    /// The same, for whatever its texts are written.
    pub fn template_for(&mut self, place: &str, value: &Value, context: Context) -> Option<Template> {
        match compile(value, context, self.takes_secrets) {
            Ok(template) => {
                self.reads.add(template.reads());
                Some(template)
            }
            Err(message) => {
                self.report_inside(place, value, context, message);
                None
            }
        }
    }

    /// Reports what is wrong in a value at each text that is wrong, so that the line of the text is found; whatever no text
    /// has is wrong with the value itself.
    fn report_inside(&mut self, place: &str, value: &Value, context: Context, message: Message) {
        let before = self.findings.len();
        let items: Vec<(String, &Value)> = match value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(at, item)| (join(place, &at.to_string()), item)).collect()
            }
            Value::Object(map) => map.iter().map(|(name, item)| (join(place, name), item)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for (place, item) in items {
            if self.findings.len() >= before + MAX_SUGGESTED {
                break;
            }
            if let Err(message) = compile(item, context, self.takes_secrets) {
                self.report_inside(&place, item, context, message);
            }
        }
        if self.findings.len() == before {
            self.report(place, message);
        }
    }

    /// The entries of the map at a key, whose names are those of a record's fields; missing = none.
    pub fn fields(&mut self, key: &'static str) -> Vec<(&'d str, &'d Value)> {
        self.entries(key, MAX_FIELD_BYTES)
    }

    /// Whether a text can be the name of a record's field.
    pub fn check_field(&mut self, place: &str, name: &str) -> bool {
        self.checked(place, check_name(name, MAX_FIELD_BYTES)).is_some()
    }

    /// The compiled values of the map at a key, by the names of a record's fields.
    pub fn field_templates(&mut self, key: &'static str) -> Vec<(String, Template)> {
        let entries = self.fields(key);
        self.templates(key, entries)
    }

    /// The compiled values of the map at a key, by `$env` names.
    pub fn env_templates(&mut self, key: &'static str) -> Vec<(String, Template)> {
        let entries = self.entries(key, Limits::default().name_bytes);
        self.templates(key, entries)
    }

    /// A name of `$env` that a task fills.
    pub fn env_name(&mut self, key: &'static str) -> Option<String> {
        let name = self.text(key)?;
        self.checked(key, check_name(&name, Limits::default().name_bytes).map(|()| name))
    }

    fn entries(&mut self, key: &'static str, max_bytes: usize) -> Vec<(&'d str, &'d Value)> {
        let map = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Object(map)) => {
                if map.is_empty() && spec::find(self.settings, key).is_some_and(|setting| setting.required) {
                    self.report(key, DocumentFault::IsEmpty);
                }
                map
            }
            Some(_) => {
                self.report(key, DocumentFault::MustBeNames);
                return Vec::new();
            }
        };
        for name in map.keys() {
            self.checked(&join(key, &excerpt(name)), check_name(name, max_bytes));
        }
        map.iter().map(|(name, value)| (name.as_str(), value)).collect()
    }

    fn templates(&mut self, key: &str, entries: Vec<(&str, &Value)>) -> Vec<(String, Template)> {
        let compile = |(name, value): (&str, &Value)| {
            self.template_at(&join(key, name), value).map(|template| (name.to_owned(), template))
        };
        entries.into_iter().filter_map(compile).collect()
    }
}

fn compile(value: &Value, context: Context, takes_secrets: bool) -> Result<Template, Message> {
    let template = Template::parse_for(value, context)?;
    match template.reads().secrets.first() {
        Some(secret) if !takes_secrets => Err(DocumentFault::SecretElsewhere { secret: secret.clone() }.into()),
        _ => Ok(template),
    }
}

fn check_name(name: &str, max_bytes: usize) -> Result<(), DocumentFault> {
    if name.trim().is_empty() {
        Err(DocumentFault::NameEmpty)
    } else if name.len() > max_bytes {
        Err(DocumentFault::NameLonger { most: max_bytes })
    } else if name.contains('\0') {
        Err(DocumentFault::NameNul)
    } else {
        Ok(())
    }
}
