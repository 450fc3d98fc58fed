//! A reference to a record: a record of the own table, or a record of another system that a connection reaches.
//!
//! The text of a reference is the same everywhere: in JSON, in a column, in a search and for people. It is the number of an
//! own record (`852`), or the connection, the module and the id of another one (`crm/Leads/4x852`). The own table numbers
//! the records of all its modules together, so the number alone names an own record and needs no module beside it.

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::id::{ConnectionName, ModuleName, RecordId};

/// The longest id that another system may give to a record, in bytes: it must fit an index row.
const MAX_ID_BYTES: usize = 64;

/// A record, wherever it is kept. In JSON an own record is a number and any other record a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordRef {
    /// A record of the own table.
    Own(RecordId),
    /// A record of another system.
    Connected(Box<ConnectedRecord>),
}

/// A record of another system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectedRecord {
    /// The connection that reaches the other system.
    pub connection: ConnectionName,
    /// The module of the record.
    pub module: ModuleName,
    /// The id that the other system gave to the record.
    pub id: ConnectedId,
}

/// The id that another system gave to a record, such as `4x852`: visible ASCII without a slash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectedId(String);

/// Why a text names no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is named by its number, or by its connection, its module and its id with a slash between them")]
pub struct NoRecordRef;

impl RecordRef {
    /// The number of an own record; none = the record is kept by another system.
    pub fn own(&self) -> Option<RecordId> {
        match self {
            Self::Own(id) => Some(*id),
            Self::Connected(_) => None,
        }
    }

    /// The record of another system; none = it is an own one.
    pub fn connected(&self) -> Option<&ConnectedRecord> {
        match self {
            Self::Own(_) => None,
            Self::Connected(record) => Some(record),
        }
    }

    /// The columns `record` and `connected` that hold a reference, of which one is null.
    pub fn columns(record: Option<&Self>) -> (Option<i64>, Option<String>) {
        match record {
            None => (None, None),
            Some(Self::Own(id)) => (Some(id.get()), None),
            Some(Self::Connected(record)) => (None, Some(record.to_string())),
        }
    }

    /// The reference of these columns; none = there is none, or a later version wrote it.
    pub fn of_columns(record: Option<i64>, connected: Option<&str>) -> Option<Self> {
        match (record, connected) {
            (Some(id), _) => id.try_into().ok().map(Self::Own),
            (None, connected) => connected?.parse().ok(),
        }
    }
}

impl From<RecordId> for RecordRef {
    fn from(id: RecordId) -> Self {
        Self::Own(id)
    }
}

impl From<ConnectedRecord> for RecordRef {
    fn from(record: ConnectedRecord) -> Self {
        Self::Connected(Box::new(record))
    }
}

impl fmt::Display for RecordRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(id) => id.fmt(f),
            Self::Connected(record) => record.fmt(f),
        }
    }
}

impl FromStr for RecordRef {
    type Err = NoRecordRef;

    fn from_str(text: &str) -> Result<Self, NoRecordRef> {
        match text.parse() {
            Ok(id) => Ok(Self::Own(id)),
            Err(_) => text.parse::<ConnectedRecord>().map(Self::from),
        }
    }
}

impl ConnectedRecord {
    /// The record by the number alone, without the beginning that vtiger writes before it: one record has one name. An id
    /// that holds no number stays as it is.
    pub fn by_number(self) -> Self {
        match self.id.number() {
            Some(number) => Self { id: ConnectedId(number.to_owned()), ..self },
            None => self,
        }
    }
}

impl fmt::Display for ConnectedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.connection, self.module, self.id)
    }
}

impl FromStr for ConnectedRecord {
    type Err = NoRecordRef;

    fn from_str(text: &str) -> Result<Self, NoRecordRef> {
        let mut parts = text.splitn(3, '/');
        let mut next = || parts.next().ok_or(NoRecordRef);
        let (connection, module, id) = (next()?, next()?, next()?);
        Ok(Self {
            connection: connection.parse().map_err(|_| NoRecordRef)?,
            module: module.parse().map_err(|_| NoRecordRef)?,
            id: id.parse()?,
        })
    }
}

impl ConnectedId {
    /// The id as the other system wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number in an id of vtiger, such as `852` in `852` and in `10x852`; none = it is no such id.
    pub fn number(&self) -> Option<&str> {
        let is_number = |text: &str| !text.starts_with('0') && is_digits(text);
        let (prefix, number) = self.0.split_once('x').map_or((None, self.0.as_str()), |(prefix, n)| (Some(prefix), n));
        Some(number).filter(|number| is_number(number) && prefix.is_none_or(is_digits))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for ConnectedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ConnectedId {
    type Err = NoRecordRef;

    fn from_str(text: &str) -> Result<Self, NoRecordRef> {
        let is_one = (1..=MAX_ID_BYTES).contains(&text.len());
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
        (is_one && is_visible).then(|| Self(text.to_owned())).ok_or(NoRecordRef)
    }
}

impl TryFrom<String> for ConnectedId {
    type Error = NoRecordRef;

    fn try_from(text: String) -> Result<Self, NoRecordRef> {
        text.parse()
    }
}

impl From<ConnectedId> for String {
    fn from(id: ConnectedId) -> Self {
        id.0
    }
}

impl Serialize for RecordRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own(id) => id.serialize(serializer),
            Self::Connected(record) => serializer.collect_str(record),
        }
    }
}

impl<'de> Deserialize<'de> for RecordRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A `Value`, since serde_json hands over a number that keeps all of its digits as a map.
        let own = |number: serde_json::Number| number.as_i64()?.try_into().ok().map(Self::Own);
        let read = match Value::deserialize(deserializer)? {
            Value::Number(number) => own(number),
            Value::String(text) => text.parse::<ConnectedRecord>().ok().map(Self::from),
            _ => None,
        };
        read.ok_or_else(|| D::Error::custom(NoRecordRef))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_one_text_everywhere() {
        for (text, json, is_own) in [("852", "852", true), ("crm/Лиды/4x852", r#""crm/Лиды/4x852""#, false)] {
            let record: RecordRef = text.parse().unwrap();
            assert_eq!((record.to_string().as_str(), record.own().is_some()), (text, is_own));
            assert_eq!(serde_json::to_string(&record).unwrap(), json);
            assert_eq!(serde_json::from_str::<RecordRef>(json).unwrap(), record);
            let (number, connected) = RecordRef::columns(Some(&record));
            assert_eq!(RecordRef::of_columns(number, connected.as_deref()), Some(record));
        }
        assert_eq!(RecordRef::of_columns(None, None), None);
    }

    #[test]
    fn a_record_of_vtiger_has_one_name_whatever_its_id_begins_with() {
        for (id, expected) in [
            ("852", Some("852")),
            ("10x852", Some("852")),
            ("0", None),
            ("0852", None),
            ("10x0", None),
            ("10x", None),
            ("x5", None),
            ("10x5x6", None),
            ("ax5", None),
            ("-5", None),
            ("5'or'1'='1", None),
            ("10x5'or'1'='1", None),
        ] {
            let record: ConnectedRecord = format!("crm/Leads/{id}").parse().unwrap();
            assert_eq!(record.id.number(), expected, "{id}");
            assert_eq!(record.by_number().id.as_str(), expected.unwrap_or(id));
        }
    }

    #[test]
    fn a_text_with_a_part_missing_or_blank_names_no_record() {
        let long = format!("crm/Leads/{}", "1".repeat(65));
        for text in ["", "0", "-1", "4x852", "crm/4x852", "/Leads/1", "crm//1", "crm/Leads/", "crm/Leads/1/2", &long] {
            assert!(text.parse::<RecordRef>().is_err(), "{text}");
        }
        for json in ["0", "-1", r#""852""#, r#""crm/Leads/a b""#, "null", "{}", "1.5"] {
            assert!(serde_json::from_str::<RecordRef>(json).is_err(), "{json}");
        }
    }
}
