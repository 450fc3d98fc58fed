use serde_json::json;

use super::*;

#[test]
fn a_key_is_stored_as_a_text_and_a_number_as_a_number() {
    let steps = "start: {module: Leads, next: a}\nsteps: {a: {stop: finished}}";
    for (text, name, stored) in [
        ("trigger: 43", "trigger", json!("43")),
        ("permission: 7\naddresses: any\ntriggers: [a]", "permission", json!("7")),
        (&format!("workflow: '77'\n{steps}"), "workflow", json!(77)),
        (&format!("workflow: 77\n{steps}"), "workflow", json!(77)),
    ] {
        let mut batch = Batch::new(ShortUrls::from([("7".to_owned(), "k".repeat(32))]));
        batch.add_yaml("a text", text.as_bytes());
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        assert_eq!(batch.documents[0].value[name], stored);
        assert_eq!(batch.documents[0].made_short_url, None, "{text}");
    }
}

#[test]
fn a_finding_in_json_has_the_line_of_its_key() {
    for (text, expected) in [
        ("{\n \"trigger\": \"a\",\n \"titel\": \"\\ud83d\\ude00\"\n}", "1: titel: unknown key"),
        ("{\n \"trigger\": \"a\",\n \"titel\": \"x\"\n}", "3: titel: unknown key"),
        ("{\n \"trigger\": \"a\",\n}", "3: this is not JSON"),
        (&format!("{{\"trigger\": {}1{}}}", "[".repeat(70), "]".repeat(70)), "1: nested deeper than 64"),
    ] {
        let mut batch = Batch::default();
        batch.add_json("the body", text.as_bytes());
        let found: Vec<String> =
            batch.findings.iter().map(|one| format!("{}: {}", one.located.line, one.located.sentence())).collect();
        assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    }
}
