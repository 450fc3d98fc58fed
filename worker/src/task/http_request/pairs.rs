//! Names with values in a query or a form.

use postern_shared::expression::{Template, render};
use serde_json::Value;

use crate::task::context::Context;
use crate::task::error::TaskError;

/// Behind whatever the URL asks already.
pub fn add_query(
    url: &mut reqwest::Url,
    query: &[(String, Template)],
    context: &mut Context<'_>,
) -> Result<(), TaskError> {
    let values = context.values(query)?;
    let mut query = url.query_pairs_mut();
    for (name, value) in values {
        pairs(&mut query, &name, &value);
    }
    Ok(())
}

/// A list is several values of its name.
pub fn pairs<T: form_urlencoded::Target>(form: &mut form_urlencoded::Serializer<'_, T>, name: &str, value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| {
            form.append_pair(name, &render(item));
        }),
        value => _ = form.append_pair(name, &render(value)),
    }
}
