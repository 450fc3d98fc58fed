//! Values that are read as they stand: texts, numbers, words, names.

use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo};
use serde_json::Value;

use super::Reader;
use crate::date::{named_zone, unknown_zone};
use crate::excerpt::excerpt;
use crate::expression::Template;
use crate::message::{DocumentFault, Message, StepFault};
use crate::spec::{self, Kind};
use crate::task::switch::{MAX_CASE_BYTES, MAX_CASES};
use crate::yaml::join;

impl<'d> Reader<'d, '_> {
    /// A text; a number counts as the text with which it was written. It is no longer than described.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        let text = match self.value(key) {
            Some(value) => self.checked(key, scalar(value))?,
            None => self.default(key)?.to_owned(),
        };
        match spec::find(self.settings, key).map(|setting| setting.kind) {
            Some(Kind::Text(max_bytes)) if text.len() > max_bytes => {
                self.report(key, DocumentFault::LongerThan { most: max_bytes });
                None
            }
            _ => Some(text),
        }
    }

    /// A title; missing = empty.
    pub fn title(&mut self, key: &'static str) -> String {
        self.text(key).unwrap_or_default()
    }

    /// True or false.
    pub fn flag(&mut self, key: &'static str) -> bool {
        let default = self.default(key) == Some("true");
        match self.value(key) {
            None => default,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.report(key, DocumentFault::MustBeFlag);
                default
            }
        }
    }

    /// A whole number.
    pub fn whole(&mut self, key: &'static str) -> Option<i64> {
        if matches!(self.value(key), Some(Value::Bool(_) | Value::Array(_) | Value::Object(_))) {
            self.report(key, DocumentFault::MustBeWhole);
            return None;
        }
        let text = self.text(key)?;
        self.checked(key, text.parse().map_err(|_| DocumentFault::MustBeWhole))
    }

    /// A whole number of the range that is described.
    pub fn number<T: TryFrom<i64>>(&mut self, key: &'static str) -> Option<T> {
        let number = self.whole(key)?;
        let Some(Kind::Number(min, max)) = spec::find(self.settings, key).map(|setting| setting.kind) else {
            debug_assert!(false, "`{key}` is not described as a number");
            return None;
        };
        let of_range = T::try_from(number).ok().filter(|_| (min..=max).contains(&number));
        self.checked(key, of_range.ok_or(DocumentFault::MustBeWithin { min, max }))
    }

    /// A length of time, no longer than described.
    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let Some(Kind::Duration(max)) = spec::find(self.settings, key).map(|setting| setting.kind) else {
            debug_assert!(false, "`{key}` is not described as a length of time");
            return None;
        };
        let span = text.parse::<Span>().ok();
        let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
        let of_range = duration.filter(|duration| !duration.is_zero() && *duration <= max);
        self.checked(key, of_range.ok_or_else(|| DocumentFault::MustBeDuration { most: spec::longest(max) }))
    }

    /// An id or a name.
    pub fn id<T: FromStr<Err: Into<Message>>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.checked(key, text.parse())
    }

    /// A list of texts, each with its place below this map; a single one needs no brackets.
    pub fn texts(&mut self, key: &'static str) -> Vec<(String, String)> {
        self.value(key).map(|value| self.texts_at(key, value)).unwrap_or_default()
    }

    /// The same of a value that stands at a place below this map.
    pub fn texts_at(&mut self, place: &str, value: &Value) -> Vec<(String, String)> {
        let items = match value {
            Value::Array(items) => items.iter().enumerate().map(|(i, v)| (format!("{place}.{i}"), v)).collect(),
            one => vec![(place.to_owned(), one)],
        };
        let texts = items.into_iter().filter_map(|(place, item)| {
            let text = self.checked(&place, scalar(item))?;
            Some((place, text))
        });
        texts.collect()
    }

    /// A list of ids; a single one needs no brackets.
    pub fn ids<T: FromStr<Err: Into<Message>>>(&mut self, key: &'static str) -> Vec<T> {
        let texts = self.texts(key).into_iter();
        texts.filter_map(|(place, text)| self.checked(&place, text.parse())).collect()
    }

    /// The texts of the cases at a key, in written order. Where they lead is read apart.
    pub fn cases(&mut self, key: &'static str) -> Vec<String> {
        let cases: Vec<String> = match self.value(key) {
            None => return Vec::new(),
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            Some(_) => {
                self.report(key, StepFault::CasesMap);
                return Vec::new();
            }
        };
        match cases.len() {
            0 => self.report(key, DocumentFault::IsEmpty),
            1..=MAX_CASES => {}
            _ => self.report(key, DocumentFault::MoreThan { most: MAX_CASES }),
        }
        for case in &cases {
            let begins = excerpt(case);
            if case.len() > MAX_CASE_BYTES {
                self.report(&join(key, &begins), DocumentFault::LongerThan { most: MAX_CASE_BYTES });
            } else if case.contains(char::is_control) {
                self.report(&join(key, &begins), StepFault::CaseControl);
            } else if case.contains('$')
                && Template::parse(&Value::from(case.as_str())).is_ok_and(|t| t.fixed_text().is_none())
            {
                self.report(&join(key, &begins), StepFault::CaseReferences);
            }
        }
        cases
    }

    /// A time zone.
    pub fn zone(&mut self, key: &'static str) -> Option<TimeZone> {
        let name = self.text(key)?;
        self.checked(key, named_zone(&name).ok_or_else(|| unknown_zone(&name)))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        if found.is_none() {
            let fault = Message::from(DocumentFault::MustBeOneOf { words: words.join(", ") });
            self.report(key, fault.meant(self.did_you_mean(&text, words)));
        }
        found
    }
}

pub(super) fn scalar(value: &Value) -> Result<String, Message> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(DocumentFault::MustBeText.into()),
    }
}
