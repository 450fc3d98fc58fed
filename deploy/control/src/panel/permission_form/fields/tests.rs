use serde_json::json;

use super::*;

#[test]
fn a_document_that_went_through_the_form_is_the_same() {
    let document = json!({
        "permission": "office", "title": "Office", "addresses": ["192.168.0.*", "10.0.0.1"], "workflows": [77],
        "triggers": ["web_lead"], "short_url": "office", "expires": "2027-01-01", "charset": "windows-1251",
        "files": "drop", "ping": "test=test", "query_values": "env", "limit": "50/s",
        "answer": {"status": 200, "type": "text/xml", "body": " OK"}, "verify": {"query": "challenge", "token": "T"},
        "dedupe_by": ["lead_id"], "origins": ["https://a.example"], "headers": ["x-a"], "dedupe_days": 7, "wait": 5,
        "raw": true, "enabled": false,
    });
    assert_eq!(to_document(&of_document(&document)), document);
    for (key, value) in [
        ("answer", json!({"redirect": "https://a.example/", "redirect_error": "https://a.example/no"})),
        ("answer", json!({"body": "OK"})),
        ("verify", json!({})),
        ("batch", json!(true)),
        ("token", json!("$secret[\"a\"]")),
        ("token", json!({"header": "x-key", "value": "$secret[\"a\"]"})),
        ("token", json!({"query": "key", "value": "$secret[\"a\"]"})),
        ("signature", json!({"standard_webhooks": "$secret[\"a\"]", "tolerance": "1m"})),
        ("signature", json!({"preset": "github", "secrets": ["$secret[\"a\"]", "$secret[\"b\"]"]})),
        ("signature", json!({"preset": "twilio", "secret": "$secret[\"a\"]", "public_url": "https://a.example/"})),
        (
            "signature",
            json!({"secret": "$secret[\"a\"]", "header": "x-s", "algorithm": "sha1", "encoding": "base64",
                "prefix": "v1=", "signed": "{timestamp}{body}", "timestamp": "x-t"}),
        ),
        ("title", json!("A")),
    ] {
        let mut short = json!({"permission": "a", "addresses": ["any"], "triggers": ["x"]});
        short[key] = value;
        let fields = of_document(&short);
        assert_eq!((to_document(&fields), fields.has_more()), (short, key != "title"), "{key}");
    }
}

#[test]
fn what_has_no_field_stays_in_the_document() {
    let stored = json!({"permission": "a", "addresses": ["any"], "triggers": ["x"],
        "verify": {"token": "T", "token_query": "t"}, "later": 1});
    assert_eq!(with_others(to_document(&of_document(&stored)), Some(&stored)), stored);
}
