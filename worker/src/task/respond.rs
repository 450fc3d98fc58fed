//! `respond`: keeps what a caller gets that waits. Whether one does is seen when it is written.

use postern_shared::store::responses::Response;
use postern_shared::task::respond::{Body, MAX_RESPONSE_BYTES, Respond};

use super::context::Context;
use super::error::TaskError;
use super::outcome::Outcome;

pub fn perform(settings: &Respond, context: &mut Context<'_>) -> Result<Outcome, TaskError> {
    let body = match &settings.body {
        Body::Empty => String::new(),
        Body::Json(template) => context.value("json", template)?.to_string(),
        Body::Text(template) => template.text(context.scope).map_err(|error| TaskError::in_field("text", error))?,
    };
    if body.len() > MAX_RESPONSE_BYTES {
        return Err(TaskError::ResponseTooLarge { bytes: body.len(), most: MAX_RESPONSE_BYTES });
    }
    context.write(body.len())?;
    let (status, content_type) = (settings.status, settings.content_type.clone());
    let response = Response { status, content_type, body: body.into_bytes() };
    context.unit.effects.responses.push((context.run.receipt, response));
    Ok(Outcome::Continue("next"))
}
