//! What a step is and does, at a glance.

use serde_json::Value;

/// What a step does, in one line, from its document.
pub fn summary(task: &str, step: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        // What is not set yet is not said.
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let first =
        |map: &Value| map.as_object().and_then(|map| map.iter().next()).map(|(k, v)| format!("{k} = {}", text(v)));
    let own = &step[task];
    let more = ["fields", "where", "message", "record"].iter().find_map(|key| match &step[*key] {
        Value::Null => None,
        map @ Value::Object(_) => first(map),
        other => Some(text(other)),
    });
    match (own, more) {
        (Value::Object(_), _) => first(own).unwrap_or_default(),
        (Value::Null, Some(more)) => more,
        (own, Some(more)) => format!("{} · {more}", text(own)),
        (own, None) => text(own),
    }
}

/// The sign of a task.
pub fn glyph(task: &str) -> &'static str {
    match task {
        "condition" => "◇",
        "create_record" => "+",
        "delete_record" => "−",
        "find_record" => "⌕",
        "set_value" => "✎",
        "set_env" => "=",
        "comment" => "❝",
        "run_workflow" => "⇉",
        "http_request" => "⇄",
        "send_mail" => "✉",
        "delay" => "◔",
        "respond" => "↩",
        "stop" => "■",
        "switch" => "⋔",
        "for_each" => "↻",
        _ => "•",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_summed_up_by_what_is_set_of_it() {
        for (task, step, expected) in [
            ("comment", json!({"comment": "Hi"}), "Hi"),
            ("comment", json!({"comment": null}), ""),
            ("comment", json!({"comment": null, "record": "5"}), "5"),
            ("create_record", json!({"create_record": "Leads", "fields": {"a": 1}}), "Leads · a = 1"),
            ("set_value", json!({"set_value": {"a": null}}), "a = "),
            ("set_value", json!({"set_value": null}), ""),
        ] {
            assert_eq!(summary(task, &step), expected, "{step}");
        }
    }
}
