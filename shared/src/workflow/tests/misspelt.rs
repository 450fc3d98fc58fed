//! Words that are misspelt or unknown, and what is suggested in their place.

use super::{findings_of_step, read};

/// A step, and how its one finding begins.
const MISSPELT: &[(&str, &str)] = &[
    ("condition: $a\nthen: tt", "steps.s.then: leads to `tt`, and there is no such step"),
    (
        "creat_record: Leads\nfields: {a: 1}\ncreated: t",
        "steps.s.creat_record: unknown task: did you mean `create_record`?",
    ),
    ("chekc: $a\nthen: t", "steps.s.chekc: unknown task: did you mean `condition`?"),
    ("wait: {for: 5m}", "steps.s.wait: unknown task: did you mean `delay`?"),
    ("mail: a@example.org", "steps.s.mail: unknown task: did you mean `send_mail`?"),
    ("create_record: Leads\nexsisting: t", "steps.s.exsisting: unknown key `exsisting`: did you mean `existing`?"),
    ("create_record: Leads\nfeilds: {a: 1}", "steps.s.feilds: unknown key `feilds`: did you mean `fields`?"),
    (
        "create_record: Leads\nunique: a\nif_exists: updat",
        "steps.s.if_exists: must be one of skip, update: did you mean `update`?",
    ),
    (
        "find_record: Leads\nwhere: {a: {contians: b}}",
        "steps.s.where.a: has an unknown operator; known here: is, is_not, contains, above, below: did you mean `contains`?",
    ),
    (
        "http_request: https://example.org\nmethod: PSOT",
        "steps.s.method: must be one of GET, POST, PUT, PATCH, DELETE, HEAD: did you mean `POST`?",
    ),
    ("delay: {fro: 5m}", "steps.s.delay.fro: unknown key `fro`: did you mean `for`?"),
    (
        "delay: {until: monday, zone: Europe/Moskow}",
        "steps.s.delay.zone: must be the name of a time zone, such as Europe/Moscow: did you mean `Europe/Moscow`?",
    ),
    ("send_mail: a@example.org\nsubjct: a\ntext: b", "steps.s.subjct: unknown key `subjct`: did you mean `subject`?"),
    ("send_mail: a@example.org\nsubject: a\ntxt: b", "steps.s.txt: unknown key `txt`: did you mean `text`?"),
    ("stop: faild", "steps.s.stop: must be one of finished, failed: did you mean `failed`?"),
    (
        "set_env: {a: '{{ $b|uppercase }}'}\nnext: t",
        "steps.s.set_env.a: unknown filter uppercase: did you mean `upper`?",
    ),
    (
        "condition: $a|uppercase == 'X'\nthen: t\nelse: t",
        "steps.s.condition: unknown filter uppercase: did you mean `upper`?",
    ),
    (
        "create_record: Leads\nunique: '{{ $a|lowr }}'\nfields: {a: b}\nif_exists: update\nstore_id: c\ncreated: t\nexisting: t",
        "steps.s.unique: unknown filter lowr: did you mean `lower`?",
    ),
    ("comment: '{{ $a|upcase }}'\nrecord: 5\nnext: t", "steps.s.comment: unknown filter upcase"),
    ("condition: $a is emial", "steps.s.condition: unknown test emial: did you mean `email`?"),
    (
        "condition: upper($a) == 'X'",
        "steps.s.condition: unknown function upper; it is a filter, as in $env[\"a\"]|upper",
    ),
    ("condition: $a == treu", "steps.s.condition: unknown name treu: did you mean `true`?"),
    ("comment: $evn[\"email\"]", "steps.s.comment: unknown source $evn: did you mean $env[\"name\"]?"),
    ("condition: $evn[\"email\"] is email", "steps.s.condition: unknown source $evn: did you mean $env[\"name\"]?"),
    ("comment: $post['email']", "steps.s.comment: unknown source $post: did you mean $env[\"name\"]?"),
    ("comment: $secret['K']", "steps.s.comment: $secret[\"K\"] can be read only in the URL, the headers"),
    ("condition: $secret['K'] == $a", "steps.s.condition: a secret stands in a text"),
    (
        "http_request: '$var[\"url\"]$env[\"x\"]'\nheaders: {A: '$secret[\"K\"]'}",
        "steps.s.http_request: a request with a secret names scheme and host",
    ),
    ("comment: $var[\"CRM_URL\"]", "steps.s.comment: variable \"CRM_URL\" may hold only small Latin letters"),
    ("comment: $vars['a']", "steps.s.comment: unknown source $vars: did you mean $var[\"name\"]?"),
    ("comment: $secret[K]", "steps.s.comment: a secret is named in quotes"),
    (
        "http_request: https://a.example/\nheaders: {A: '{{ $secret[\"K\"]|upper }}'}",
        "steps.s.headers.A: a secret stands in a text",
    ),
    (
        "http_request: 'https://$env[\"host\"]/'\nheaders: {A: '$secret[\"K\"]'}",
        "steps.s.http_request: a request with a secret names scheme and host",
    ),
    ("http_request: 'https://$secret[\"K\"]/'", "steps.s.http_request: a request with a secret names scheme and host"),
    ("send_mail: a@example.org\ntext: a\nsubject: $secret['K']", "steps.s.subject: $secret[\"K\"] can be read only"),
    ("comment: Bearer $secrets[“K”]", "steps.s.comment: unknown source $secrets: did you mean $secret[\"name\"]?"),
    ("comment: $foo['K']", "steps.s.comment: unknown source $foo; there are $env[\"name\"] or "),
    ("comment: $requst[ip]", "steps.s.comment: unknown source $requst: did you mean $request[\"name\"]?"),
    (
        "comment: $request[\"email\"]",
        "steps.s.comment: $request has no \"email\"; it has ip, time, headers, altered: did you mean $env[\"email\"]?",
    ),
    (
        "comment: $request[\"tiem\"]",
        "steps.s.comment: $request has no \"tiem\"; it has ip, time, headers, altered: did you mean `time`?",
    ),
];

#[test]
fn a_misspelt_word_is_one_finding_with_a_suggestion() {
    for (lines, expected) in MISSPELT {
        let findings = findings_of_step(lines);
        assert!(findings.len() == 1 && findings[0].starts_with(expected), "{lines}\n{findings:?}");
    }
    for lines in [
        "comment: $price[EUR]",
        "comment: $lastname[0]",
        "condition: $tags[0] and $address.city",
        "comment: $$evn[\"a\"]",
        "http_request: '$var[\"url\"]/a?b=$env[\"x\"]'\nheaders: {A: '$secret[\"K\"]'}",
        "http_request: '$var[\"url\"]'\nheaders: {A: '$secret[\"K\"]'}",
        "http_request: 'https://$var[\"host\"]/'\nheaders: {A: '$secret[\"K\"]'}",
    ] {
        assert!(findings_of_step(lines).is_empty(), "{lines}: {:?}", findings_of_step(lines));
    }
}

#[test]
fn a_misspelt_step_is_suggested_until_much_is_wrong() {
    let found = read("workflow: 1\nstart: {next: chekc}\nsteps:\n  check: {stop: finished}\n").unwrap_err();
    assert_eq!(found, ["start.next: leads to `chekc`, and there is no such step: did you mean `check`?"]);
    let many = "chekc, ".repeat(900);
    let found = read(&format!("workflow: 1\nstart: {{next: [{many}]}}\nsteps:\n  check: {{stop: finished}}\n"));
    let suggestions = found.unwrap_err().iter().filter(|one| one.contains("did you mean")).count();
    assert_eq!(suggestions, 50);
}
