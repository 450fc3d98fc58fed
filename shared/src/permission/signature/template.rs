//! What is signed, as a text with places: `v0:{timestamp}:{body}`.

use std::str::FromStr;

use super::Sent;
use crate::message::PermissionFault;

/// The longest template, in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 256;

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// `{timestamp}`
    Time,
    /// `{body}`
    Body,
    /// `{header.x-id}`: the value of a header.
    Header(String),
}

impl Template {
    /// Whether a time is signed.
    pub fn has_time(&self) -> bool {
        self.0.contains(&Part::Time)
    }

    /// The bytes that are signed, in parts; nothing if a header is missing.
    pub(super) fn parts<'p, 's: 'p>(&'p self, sent: &Sent<'s>, time: &'p str) -> Option<Vec<&'p [u8]>> {
        let bytes = |part: &'p Part| match part {
            Part::Text(text) => Some(text.as_bytes()),
            Part::Time => Some(time.as_bytes()),
            Part::Body => Some(sent.body),
            Part::Header(name) => (sent.header)(name).map(str::as_bytes),
        };
        self.0.iter().map(bytes).collect()
    }
}

impl FromStr for Template {
    type Err = PermissionFault;

    fn from_str(text: &str) -> Result<Self, PermissionFault> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, behind)) = rest.split_once('{') {
            let (place, after) = behind.split_once('}').ok_or(PermissionFault::SignedOpen)?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match (place, place.strip_prefix("header.")) {
                ("timestamp", _) => Part::Time,
                ("body", _) => Part::Body,
                (_, Some(name)) if !name.is_empty() => Part::Header(name.to_ascii_lowercase()),
                _ => {
                    let short: String = place.chars().take(40).collect();
                    return Err(PermissionFault::SignedUnknown { place: format!("{{{short}}}") });
                }
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if parts.contains(&Part::Body) { Ok(Self(parts)) } else { Err(PermissionFault::SignedNoBody) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    #[test]
    fn a_template_names_the_body_and_known_places() {
        let parts = "v0:{timestamp}:{header.X-Id}{body}".parse::<Template>().unwrap();
        assert_eq!(
            parts.0,
            [Part::Text("v0:".into()), Part::Time, Part::Text(":".into()), Part::Header("x-id".into()), Part::Body]
        );
        for (text, words) in [
            ("", "must hold {body}"),
            ("{timestamp}", "must hold {body}"),
            ("{bdy}", "unknown place {bdy}"),
            ("{header.}{body}", "unknown place {header.}"),
            ("{body", "without }"),
        ] {
            let error = text.parse::<Template>().map_err(Message::from).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
