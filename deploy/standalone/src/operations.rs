//! Operations of the API by their types: what is sent is an `Input`, what comes back is an `Output`.

use postern_control::operation::answer::YAML;
use postern_control::operation::document::apply::{self, ApplyDocuments};
use postern_control::operation::document::sent::Sent;
use postern_control::operation::document::validate::{self, ValidateDocuments};
use postern_control::operation::{Answer, Finding, Operation, Refused, Verb};
use postern_shared::yaml;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::output::{Failure, json};

/// What became of documents that were sent.
#[derive(Debug)]
pub enum Applied {
    /// All are set.
    Set(apply::Output),
    /// None is set.
    Refused(Vec<Finding>),
}

impl Api {
    /// What an operation gives.
    pub async fn call<O: Operation<Input: Serialize>>(&self, input: &O::Input) -> Result<O::Output, Failure> {
        let about = O::ABOUT;
        let Value::Object(mut fields) = json(input)? else {
            return Err(Failure::fault("an input is an object"));
        };
        let mut url = self.at(&path(about.path, &mut fields))?;
        let request = match about.verb {
            Verb::Get | Verb::Delete => {
                for (name, value) in &fields {
                    url.query_pairs_mut().append_pair(name, &text(value));
                }
                self.client.request(about.verb.method(), url)
            }
            Verb::Put | Verb::Post => self.client.request(about.verb.method(), url).json(&fields),
        };
        self.output(self.answer(request.header(ACCEPT, O::Output::TYPE)).await?).await
    }

    /// Sets the documents of a text, all or none.
    pub async fn apply(&self, text: Vec<u8>) -> Result<Applied, Failure> {
        let answer = self.send::<ApplyDocuments>(text).await?;
        if answer.status() != StatusCode::UNPROCESSABLE_ENTITY {
            return self.output(answer).await.map(Applied::Set);
        }
        let Refused { error } = self.read(answer).await?;
        Ok(Applied::Refused(error.findings.unwrap_or_default()))
    }

    /// What is wrong with the documents of a text, held against what is set.
    pub async fn validate(&self, text: Vec<u8>) -> Result<Vec<Finding>, Failure> {
        let found: validate::Output = self.output(self.send::<ValidateDocuments>(text).await?).await?;
        Ok(found.findings)
    }

    /// Sends documents to an operation that takes them as they are.
    async fn send<O: Operation<Input = Sent>>(&self, text: Vec<u8>) -> Result<Response, Failure> {
        if text.len() > yaml::MAX_BYTES {
            let message = format!("the documents are longer than {} bytes together", yaml::MAX_BYTES);
            return Err(Failure::usage(message, "apply them in parts"));
        }
        let request = self.client.request(O::ABOUT.verb.method(), self.at(O::ABOUT.path)?);
        self.answer(request.header(CONTENT_TYPE, YAML).body(text)).await
    }
}

/// The path with the field that it names, which is taken out of the others.
fn path(template: &str, fields: &mut Map<String, Value>) -> String {
    let Some((before, rest)) = template.split_once('{') else { return template.to_owned() };
    let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
    let argument = fields.shift_remove(name).as_ref().map(text).unwrap_or_default();
    format!("{before}{argument}{behind}")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_path_takes_the_field_that_it_names() {
        for (template, expected, left) in [
            ("/runs", "/runs", json!({"run": "r.1", "last": 3})),
            ("/runs/{run}/replays", "/runs/r.1/replays", json!({"last": 3})),
            ("/runs/{last}", "/runs/3", json!({"run": "r.1"})),
        ] {
            let mut fields = Map::from_iter([("run".to_owned(), json!("r.1")), ("last".to_owned(), json!(3))]);
            assert_eq!(path(template, &mut fields), expected);
            assert_eq!(Value::Object(fields), left);
        }
    }

    #[test]
    fn a_field_that_this_program_does_not_know_is_left_out() {
        let newer =
            br#"{"documents": 1, "findings": [{"path": "", "line": 1, "message": "x", "column": 2}], "took_ms": 3}"#;
        assert_eq!(validate::Output::read(newer).unwrap().findings[0].message, "x");
        assert!(validate::Output::strict(newer).is_err());
    }
}
