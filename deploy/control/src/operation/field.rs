//! The fields that several inputs and outputs have.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use postern_shared::clock;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many items a list holds if the query does not say.
pub const LAST_DEFAULT: i64 = 20;

/// How many items a list holds at most: a page for people, or a step of a program through all.
pub const LAST_MAX: i64 = 1_000;

/// How many items a list holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Last(i64);

impl Last {
    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Behind which of the items found the next page begins; none = this is the last page.
    pub fn next<T>(self, found: &[T]) -> Option<&T> {
        found.last().filter(|_| i64::try_from(found.len()) == Ok(self.0))
    }
}

impl Default for Last {
    fn default() -> Self {
        Self(LAST_DEFAULT)
    }
}

impl TryFrom<i64> for Last {
    type Error = String;

    fn try_from(last: i64) -> Result<Self, String> {
        if (1..=LAST_MAX).contains(&last) { Ok(Self(last)) } else { Err(format!("is a number from 1 to {LAST_MAX}")) }
    }
}

impl From<Last> for i64 {
    fn from(last: Last) -> i64 {
        last.0
    }
}

impl JsonSchema for Last {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Last".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "minimum": 1, "maximum": LAST_MAX, "default": LAST_DEFAULT})
    }
}

/// A page of what is numbered, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// How many, the newest first.
    #[serde(default)]
    pub last: Last,
    /// Older ones than this number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub before: Option<i64>,
}

/// A moment as RFC 3339 writes it, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub String);

impl From<SystemTime> for Time {
    fn from(moment: SystemTime) -> Self {
        Self(clock::time(moment))
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// A moment that a request names, as RFC 3339 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub SystemTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clock::time(self.0))
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        clock::moment(text).map(Self).ok_or("is a time with its zone, such as 2026-11-24T13:30:00Z")
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        Time::json_schema(schemas)
    }
}

/// A value that stands in JSON as the text from which it is parsed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<T: JsonSchema> JsonSchema for Text<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        T::json_schema(schemas)
    }
}
