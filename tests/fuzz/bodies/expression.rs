//! Whatever text an admin saves, parsing answers and evaluating stays within its bounds.

use std::sync::{Arc, LazyLock};

use postern_shared::comparison::Notes;
use postern_shared::env::Env;
use postern_shared::expression::{Expression, MAX_VALUE_BYTES, Scope, Template};
use serde_json::Value;

static SCOPE: LazyLock<Scope> = LazyLock::new(|| {
    let posted = r#"{"a":" x ","b":["c",1.50,null,{"d":true}],"e":"a@b.example","f":"{\"g\":1}","n":"5"}"#;
    let env: Arc<Env> = Arc::new(serde_json::from_str(posted).unwrap_or_default());
    let (query, request, record, var) = (env.clone(), env.clone(), Some(env.clone()), env.clone());
    let (local, notes) = (Arc::default(), Notes::default());
    Scope { env: env.clone(), query, request, var, record, related: env, local, notes }
});

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(expression) = Expression::parse(text) {
        let value = expression.eval(&SCOPE);
        assert!(value.is_err() || expression.is_true(&SCOPE).is_ok(), "a value without a truth");
    }
    if let Ok(template) = Template::parse(&Value::String(text.to_owned()))
        && let Ok(rendered) = template.text(&SCOPE)
    {
        assert!(rendered.len() <= MAX_VALUE_BYTES && !rendered.contains('\0'));
    }
    if !text.contains(['$', '\0']) && !text.contains("{{") && !text.contains("{%") {
        let template = Template::parse(&Value::String(text.to_owned()));
        assert_eq!(template.map(|template| template.text(&SCOPE)), Ok(Ok(text.to_owned())));
    }
}
