//! A declared field of a module: its type, and what else must hold of its value.

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::document::{self, MAX_TITLE_BYTES, Reader};
use crate::expression::render;
use crate::id::ModuleName;
use crate::message::{DocumentFault, Message};
use crate::spec::{self, Kind, Setting};
use crate::suggestion::did_you_mean;

/// The most options of a field: they must fit a list to pick from.
const MAX_OPTIONS: usize = 500;
/// The longest option of a field.
const MAX_OPTION_BYTES: usize = 200;

/// A declared field.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name in records and documents.
    pub name: String,
    /// For people only; empty = its name.
    pub label: String,
    /// What its values are.
    pub kind: FieldType,
    /// Whether a record must have a value.
    pub required: bool,
    /// What a new record gets that names no value; of the field's type.
    pub default: Option<Value>,
    /// Whether one value belongs to one record of the module.
    pub unique: bool,
    /// What becomes of a value that is none of the type.
    pub on_error: OnError,
}

/// What becomes of a value that is none of its field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// It is left out of the record, and the path of the run names the field.
    Drop,
    /// The step fails.
    Fail,
}

const ON_ERROR: [(&str, OnError); 2] = [("drop", OnError::Drop), ("fail", OnError::Fail)];

/// Unless the field says otherwise: a record without a value that it must have is none.
fn on_error(required: bool, unique: bool) -> OnError {
    if required || unique { OnError::Fail } else { OnError::Drop }
}

/// What the values of a field are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Number,
    /// True or false.
    Boolean,
    /// A day, kept as `2026-12-31`.
    Date,
    /// A moment, kept in UTC as `2026-12-31T18:00:00.000Z`.
    Datetime,
    /// An e-mail address.
    Email,
    /// A phone number, kept as it was written.
    Phone,
    /// A web address.
    Url,
    /// One of some texts.
    Choice(Vec<String>),
    /// A list; of some texts, if any are named.
    List(Vec<String>),
    /// The id of a record of another module.
    Reference(ModuleName),
}

/// The types that are a word; the others need `options` or `module` as well.
const PLAIN: [(&str, FieldType); 9] = [
    ("text", FieldType::Text),
    ("integer", FieldType::Integer),
    ("number", FieldType::Number),
    ("boolean", FieldType::Boolean),
    ("date", FieldType::Date),
    ("datetime", FieldType::Datetime),
    ("email", FieldType::Email),
    ("phone", FieldType::Phone),
    ("url", FieldType::Url),
];
const CHOICE: &str = "choice";
const LIST: &str = "list";
const REFERENCE: &str = "reference";

/// Every type's word.
const TYPES: [&str; 12] = [
    PLAIN[0].0, PLAIN[1].0, PLAIN[2].0, PLAIN[3].0, PLAIN[4].0, PLAIN[5].0, PLAIN[6].0, PLAIN[7].0, PLAIN[8].0, CHOICE,
    LIST, REFERENCE,
];

/// What a declared field may say.
pub(super) const SETTINGS: [Setting; 8] = [
    Setting::new("type", Kind::Choice(&TYPES)).required(),
    Setting::new("label", Kind::Text(MAX_TITLE_BYTES)),
    Setting::flag("required", false),
    Setting::flag("unique", false),
    Setting::new("default", Kind::Value),
    Setting::new("on_error", Kind::Choice(&spec::words(&ON_ERROR))),
    Setting::new("options", Kind::Texts),
    Setting::new("module", Kind::Name(document::Kind::Module)),
];

impl FieldType {
    /// The word for it in documents.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Choice(_) => CHOICE,
            Self::List(_) => LIST,
            Self::Reference(_) => REFERENCE,
            plain => PLAIN.iter().find(|(_, kind)| kind == plain).map(|(name, _)| *name).unwrap_or_default(),
        }
    }

    /// The texts that its values are of; empty = any.
    pub fn options(&self) -> &[String] {
        match self {
            Self::Choice(options) | Self::List(options) => options,
            _ => &[],
        }
    }

    /// The module that it refers to.
    pub fn refers_to(&self) -> Option<&ModuleName> {
        match self {
            Self::Reference(module) => Some(module),
            _ => None,
        }
    }

    /// Whether values are ordered and compared as numbers.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Self::Integer | Self::Number | Self::Reference(_))
    }

    /// Whether the order of its values in time is that of their texts.
    pub fn is_time(&self) -> bool {
        matches!(self, Self::Date | Self::Datetime)
    }

    /// What a value must be, inside of a message.
    pub fn must_be(&self) -> Message {
        match self {
            Self::Text => Message::KindText,
            Self::Integer => Message::KindInteger,
            Self::Number => Message::KindNumber,
            Self::Boolean => Message::KindBoolean,
            Self::Date => Message::KindDate,
            Self::Datetime => Message::KindDatetime,
            Self::Email => Message::KindEmail,
            Self::Phone => Message::KindPhone,
            Self::Url => Message::KindUrl,
            Self::Choice(_) => Message::KindChoice,
            Self::List(options) if options.is_empty() => Message::KindList,
            Self::List(_) => Message::KindListOf,
            Self::Reference(module) => Message::KindReference { module: module.clone() },
        }
    }

    /// Whether it can be unique: its values have one text each, and there are enough of them.
    fn can_be_unique(&self) -> bool {
        !matches!(self, Self::Number | Self::Boolean | Self::Choice(_) | Self::List(_))
    }
}

impl Field {
    /// The value as the field keeps it; what is empty is null, and none = it cannot be one of this type.
    /// Clock times are those of the zone.
    pub fn convert(&self, value: &Value, zone: &TimeZone) -> Option<Value> {
        super::convert::convert(&self.kind, value, zone)
    }

    /// The text that tells its values apart if it is unique. Addresses that differ only in ASCII case are one.
    pub fn key_text(&self, value: &Value) -> String {
        let text = render(value).trim().to_owned();
        if self.kind == FieldType::Email { text.to_ascii_lowercase() } else { text }
    }
}

/// Reads one field: `lastname: text`, or a map with `type`.
pub(super) fn read(fields: &mut Reader, name: &str) -> Option<Field> {
    if let Some(Value::String(word)) = fields.peek(name) {
        let kind = plain(word).or_else(|| (word == LIST).then(|| FieldType::List(Vec::new())));
        if kind.is_none() {
            fields.report(
                name,
                match word.as_str() {
                    CHOICE => DocumentFault::TypeOptions.into(),
                    REFERENCE => DocumentFault::TypeModule.into(),
                    word => unknown_type(word),
                },
            );
        }
        let (name, label) = (name.to_owned(), String::new());
        let on_error = on_error(false, false);
        return Some(Field { name, label, kind: kind?, required: false, default: None, unique: false, on_error });
    }
    let mut reader = fields.entry(name, &SETTINGS)?;
    let kind = read_type(&mut reader);
    let label = reader.title("label");
    let (required, unique) = (reader.flag("required"), reader.flag("unique"));
    let default = reader.value("default");
    let on_error = reader.choice("on_error", &ON_ERROR).unwrap_or(on_error(required, unique));
    if unique && kind.as_ref().is_some_and(|kind| !kind.can_be_unique()) {
        reader.report("unique", DocumentFault::UniqueType);
    }
    if required && on_error == OnError::Drop {
        reader.report("on_error", DocumentFault::RequiredDrop);
    }
    let (name, kind_of_all) = (name.to_owned(), FieldType::Text);
    let mut field = Field { name, label, kind: kind_of_all, required, default: None, unique, on_error };
    if let Some(kind) = kind.clone() {
        field.kind = kind;
        field.default = default.and_then(|value| field.convert(value, &TimeZone::UTC)).filter(|value| !value.is_null());
        if default.is_some() && field.default.is_none() {
            reader.report("default", DocumentFault::MustBe { kind: Box::new(field.kind.must_be()) });
        }
        if default.is_some() && unique {
            reader.report("default", DocumentFault::UniqueDefault);
        }
    }
    reader.finish();
    kind.map(|_| field)
}

fn read_type(reader: &mut Reader) -> Option<FieldType> {
    let word = reader.text("type");
    let (options, module): (_, Option<ModuleName>) = (options(reader), reader.id("module"));
    let word = word?;
    let kind = match word.as_str() {
        CHOICE if options.is_empty() => {
            reader.report("options", DocumentFault::OptionsMissing);
            None
        }
        CHOICE => Some(FieldType::Choice(options.clone())),
        LIST => Some(FieldType::List(options.clone())),
        REFERENCE if module.is_none() => {
            reader.report("module", DocumentFault::ModuleMissing);
            None
        }
        REFERENCE => module.clone().map(FieldType::Reference),
        word => plain(word),
    };
    let is_known = kind.is_some() || [CHOICE, REFERENCE].contains(&word.as_str());
    if !is_known {
        reader.report("type", unknown_type(&word));
    } else if !options.is_empty() && ![CHOICE, LIST].contains(&word.as_str()) {
        reader.report("options", DocumentFault::OptionsBeside { kind: word });
    } else if module.is_some() && word != REFERENCE {
        reader.report("module", DocumentFault::ModuleBeside { kind: word });
    }
    kind
}

fn options(reader: &mut Reader) -> Vec<String> {
    let options: Vec<String> = reader.texts("options").into_iter().map(|(_, text)| text).collect();
    if options.len() > MAX_OPTIONS || options.iter().any(|text| text.is_empty() || text.len() > MAX_OPTION_BYTES) {
        reader.report("options", DocumentFault::OptionsBounds { most: MAX_OPTIONS, bytes: MAX_OPTION_BYTES });
    }
    options
}

fn plain(word: &str) -> Option<FieldType> {
    PLAIN.iter().find(|(name, _)| *name == word).map(|(_, kind)| kind.clone())
}

fn unknown_type(word: &str) -> Message {
    let short: String = word.chars().take(40).collect();
    let fault = DocumentFault::TypeUnknown { kind: format!("{short:?}"), kinds: TYPES.join(", ") };
    Message::from(fault).meant(did_you_mean(word, TYPES))
}
