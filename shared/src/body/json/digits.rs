//! Numbers that serde_json hands over as maps: those beyond 64 bits, and those with a point.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// The digits of a number. A text that stands in the body is handed over borrowed or as a slice, never owned, so a
/// posted key of the same name cannot pass for a number.
pub(super) struct Digits;

impl<'de> DeserializeSeed<'de> for Digits {
    type Value = serde_json::Number;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Digits {
    type Value = serde_json::Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the digits of a number")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom("a text of the body"))
    }

    fn visit_string<E: de::Error>(self, digits: String) -> Result<Self::Value, E> {
        digits.parse().map_err(E::custom)
    }
}
