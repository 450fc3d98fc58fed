//! Operations of the API by their types: what is sent is an `Input`, what comes back is an `Output`.

use postern_control::operation::{Operation, Verb};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::output::Failure;

impl Api {
    /// What an operation gives.
    pub async fn call<O>(&self, input: &O::Input) -> Result<O::Output, Failure>
    where
        O: Operation<Input: Serialize, Output: DeserializeOwned>,
    {
        let about = O::ABOUT;
        let input = serde_json::to_value(input).map_err(|error| Failure::Failed(error.to_string()))?;
        let Value::Object(mut fields) = input else { return Err(Failure::Failed("an input is an object".to_owned())) };
        let path = path(about.path, &mut fields);
        match about.verb {
            Verb::Get => {
                let query: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), Some(text(value)))).collect();
                self.get(&path, &query).await
            }
            Verb::Put | Verb::Post | Verb::Delete => {
                let answer = self.post(&path, &Value::Object(fields)).await?;
                serde_json::from_value(answer)
                    .map_err(|error| Failure::Failed(format!("the answer cannot be read: {error}")))
            }
        }
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
}
