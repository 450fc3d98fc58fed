//! A rule reads back as it is written, and only the word `any` covers every address.

use postern_shared::permission::address::{MAX_RULES, parse_rules};

const FAR_APART: [&str; 5] =
    ["0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"];

/// Fails if it does not hold for this input.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(rules) = parse_rules(text) else { return };
    assert!(rules.len() <= MAX_RULES);
    let written: Vec<String> = rules.iter().map(ToString::to_string).collect();
    assert_eq!(parse_rules(&written.join("\n")).unwrap(), rules);
    assert_eq!(parse_rules(&written.join(" ")).unwrap(), rules);
    for rule in rules {
        let covers_all = FAR_APART.iter().all(|ip| rule.matches(ip.parse().unwrap()));
        assert_eq!(covers_all, rule.is_any(), "{rule}");
        assert_eq!(rule.is_any(), rule.to_string() == "any");
    }
}
