//! Why a step failed: a code with arguments. A text for people is made of it in the language of the reader, from the tables
//! in `message/`, which hold the same codes in each language.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::{ModuleName, RecordId, WorkflowId};

/// A language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// The texts: in each line a code and its text, in which `{ $name }` stands for an argument (a part of Fluent).
    const fn table(self) -> &'static str {
        match self {
            Self::English => include_str!("message/en.ftl"),
            Self::Russian => include_str!("message/ru.ftl"),
        }
    }
}

/// Why a step failed. Trying again would not help.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the tables hold the texts, in which each argument stands")]
pub enum StepError {
    RecordMissing {
        record: RecordId,
    },
    NoRecord,
    WorkflowMissing {
        workflow: WorkflowId,
    },
    ChainTooDeep {
        most: usize,
    },
    TooManyRuns {
        most: i32,
    },
    ListTooLong {
        field: String,
        items: usize,
        most: usize,
    },
    RunTooLarge {
        bytes: usize,
        most: usize,
    },
    EnvTooLarge {
        name: String,
        bytes: usize,
        most: usize,
    },
    ResponseTooLarge {
        bytes: usize,
        most: usize,
    },
    ComputedTooLong {
        seconds: u64,
    },
    WrittenTooMuch {
        most: usize,
    },
    FieldNotDeclared {
        field: String,
        module: ModuleName,
    },
    ComparedWith {
        field: String,
        kind: String,
    },
    SearchTooLong {
        module: ModuleName,
        fields: String,
        seconds: u64,
    },
    NotAUrl,
    UrlScheme,
    HeaderValue {
        name: String,
    },
    MailToNobody,
    MailToTooMany {
        most: usize,
    },
    NotAMailAddress {
        field: String,
    },
    SeveralMailAddresses {
        field: String,
    },
    /// What a setting of the step cannot be, in English words of the reader of values.
    InField {
        field: String,
        reason: String,
    },
    /// What the module of a record refuses, in English words of the module.
    Refused {
        reason: String,
    },
    /// The step is broken off, and the run goes on alone with it.
    GoesOnAlone {
        why: String,
    },
}

impl StepError {
    /// A setting whose value cannot be made.
    pub fn in_field(field: impl Into<String>, reason: &impl fmt::Display) -> Self {
        Self::InField { field: field.into(), reason: reason.to_string() }
    }

    /// What a module refuses.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    /// The text in a language. Without a text the code stands for itself.
    pub fn text(&self, language: Language) -> String {
        let Ok(Value::Object(arguments)) = serde_json::to_value(self) else { return String::new() };
        let code = arguments.get("code").and_then(Value::as_str).unwrap_or_default();
        let mut lines = language.table().lines().filter_map(|line| line.split_once(" = "));
        let mut text = lines.find(|(key, _)| *key == code).map_or(code, |(_, text)| text);
        let mut written = String::with_capacity(text.len());
        // In one pass: what an argument holds is not read again.
        while let Some((before, name, behind)) = placeholder(text) {
            written.push_str(before);
            match arguments.get(name) {
                Some(Value::String(value)) => written.push_str(value),
                Some(value) => written.push_str(&value.to_string()),
                None => {}
            }
            text = behind;
        }
        written + text
    }
}

/// What stands before the first `{ $name }`, its name, and what stands behind it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{ $")?;
    let (name, behind) = rest.split_once(" }")?;
    Some((before, name, behind))
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::English))
    }
}

impl std::error::Error for StepError {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The codes, each with its arguments in alphabetical order.
    fn codes(language: Language) -> BTreeMap<&'static str, Vec<&'static str>> {
        let lines = language.table().lines().filter_map(|line| line.split_once(" = "));
        let arguments = |mut text: &'static str| {
            let mut names = Vec::new();
            while let Some((_, name, behind)) = placeholder(text) {
                names.push(name);
                text = behind;
            }
            names.sort_unstable();
            names
        };
        lines.map(|(code, text)| (code, arguments(text))).collect()
    }

    #[test]
    fn both_languages_have_the_same_codes_with_the_same_arguments() {
        let english = codes(Language::English);
        assert_eq!(english, codes(Language::Russian));
        assert_eq!(english.len(), 24, "a code for each error");
    }

    #[test]
    fn an_error_is_a_code_with_arguments_and_a_text_in_each_language() {
        let record = RecordId::try_from(9).unwrap();
        let list = StepError::ListTooLong { field: "for_each".into(), items: 20_000, most: 10_000 };
        let reason = StepError::in_field("fields.n", &"cannot convert { $field } to int");
        for (error, code, english, russian) in [
            (
                StepError::RecordMissing { record },
                r#"{"code":"record-missing","record":9}"#,
                "record 9 does not exist",
                "записи 9 не существует",
            ),
            (
                list,
                r#"{"code":"list-too-long","field":"for_each","items":20000,"most":10000}"#,
                "for_each: the list has 20000 items, more than 10000",
                "for_each: в списке элементов: 20000, больше 10000",
            ),
            (
                reason,
                r#"{"code":"in-field","field":"fields.n","reason":"cannot convert { $field } to int"}"#,
                "fields.n: cannot convert { $field } to int",
                "fields.n: cannot convert { $field } to int",
            ),
            (
                StepError::NotAUrl,
                r#"{"code":"not-a-url"}"#,
                "http_request: it is not a URL",
                "http_request: это не URL",
            ),
        ] {
            assert_eq!(serde_json::to_string(&error).unwrap(), code);
            assert_eq!(serde_json::from_str::<StepError>(code).unwrap(), error);
            assert_eq!(
                (error.text(Language::English), error.text(Language::Russian)),
                (english.into(), russian.into())
            );
        }
    }
}
