//! `respond`: keeps what a caller gets that waits. Whether one does is seen when it is written. A run that another run
//! waits for responds to that one; its first response counts, as for a caller.

use postern_shared::media_type::is_markup;
use postern_shared::store::responses::Response;
use postern_shared::store::run_results::Responded;
use postern_shared::task::respond::{Body, MAX_RESPONSE_BYTES, Respond};
use serde_json::Value;

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Respond, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let value = match &settings.body {
        Body::Empty => Value::Null,
        Body::Json(template) => context.value("json", template)?,
        Body::Text(template) => {
            template.text(context.scope).map_err(|error| TaskError::in_field("text", error))?.into()
        }
    };
    let body = match (&settings.body, &value) {
        (Body::Empty, _) => String::new(),
        (Body::Text(_), Value::String(text)) => text.clone(),
        (Body::Json(_), value) if is_markup(&settings.content_type) => without_markup(&value.to_string()),
        (Body::Json(_) | Body::Text(_), value) => value.to_string(),
    };
    if body.len() > MAX_RESPONSE_BYTES {
        return Err(TaskError::ResponseTooLarge { bytes: body.len(), most: MAX_RESPONSE_BYTES });
    }
    context.write(body.len())?;
    if let Some(parent) = &mut context.parent {
        parent.response.get_or_insert(Responded { status: settings.status, body: value });
        return Ok(Outcome::Continue("next"));
    }
    let (status, content_type) = (settings.status, settings.content_type.clone());
    let response = Response { status, content_type, body: body.into_bytes() };
    context.unit.effects.responses.push((context.run.receipt, response));
    Ok(Outcome::Continue("next"))
}

/// The same JSON without a sign of markup, which stands in texts alone: a browser that takes it for a page shows letters.
fn without_markup(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_without_markup_is_the_same_value() {
        let value = json!({"<b>": ["</script><svg onload=alert(1)>", "a & b", "\\<"], "n": 1.5});
        let written = without_markup(&value.to_string());
        assert!(!written.contains(['<', '>', '&']), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
