//! What is refused, and that nothing costs too much.

use super::*;

#[test]
fn what_is_not_understood_is_a_syntax_error_that_helps() {
    let cases = [
        ("$env[lastname]", "in quotes"),
        ("$query[]", "in quotes"),
        ("$env[\"a", "in quotes"),
        ("Write to $env.email", "write $env[\"email\"]"),
        ("$query.utm_source", "write $query[\"utm_source\"]"),
        ("$(contact_id: (Contacts))", "as in $(contact_id: (Contacts) leadsource)"),
        ("$(contact_id: (My Contacts) leadsource)", "as in $(contact_id: (Contacts) leadsource)"),
        ("{{ $(contact_id : (Contacts) lead source) }}", "as in $(contact_id: (Contacts) leadsource)"),
        ("{{ lastname }}", "did you mean $lastname or $env[\"lastname\"]?"),
        ("{{ [$x for x in $env] }}", "unexpected"),
        ("{{ env['a'] }}", "unknown name env"),
        ("{{ foo.bar(1) }}", "unknown name foo"),
        ("{{ __env }}", "unknown name __env"),
        ("{{ 1|nosuch }}", "unknown filter nosuch"),
        ("{{ false and 1|nosuch }}", "unknown filter nosuch"),
        ("{{ 1 is not nosuch }}", "unknown test nosuch"),
        ("{{ nosuch(1) }}", "unknown function nosuch"),
        ("{{ debug() }}", "unknown function debug"),
        ("{{ }}", "empty"),
        ("{{ 1 ", "not closed by }}"),
        ("{{ 'a }}", "not closed by '"),
        ("{{ 1 + }}", "unexpected"),
        ("{{ $ }}", "must begin a reference"),
        ("{{ $$ }}", "must begin a reference"),
        ("{{ “a” }}", "typographic quote"),
        ("{{ 1 2 }}", "unexpected"),
        ("a\0", "NUL"),
    ];
    for (text, expected) in cases {
        let message = syntax(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    let chain = |length: usize| Expression::parse(&format!("1{}", " + $n".repeat(length)));
    assert!(chain(200).is_ok());
    assert!(chain(MAX_TOKENS).unwrap_err().to_string().contains("more than 512"));
    assert!(
        Expression::parse(&format!("'{}'", "a".repeat(MAX_EXPRESSION_BYTES)))
            .unwrap_err()
            .to_string()
            .contains("longer")
    );
    for deep in ["(", "[", "{", "not ", "-", "$env[", "1 if ", "{'a':"] {
        assert!(Expression::parse(&deep.repeat(MAX_TOKENS)).is_err(), "{deep}");
    }
}

#[test]
fn operations_that_do_not_fit_fail_with_advice() {
    let cases = [
        (r#""5" + 1"#, "write |int"),
        ("$env['unknown'] + 1", "write |int"),
        ("-$env['unknown']", "write |int"),
        ("'abc'|int", "not a number"),
        ("$env['one'].upper()", "filters, not methods"),
        ("1 / 0", "a divisor may be 0"),
        ("'yesterday'|format_date('Y')", "format_date needs"),
        ("range", "no value"),
        ("2.0 ** 2000", "out of range"),
        (r#""\u0000""#, "NUL"),
        (r#"'"\\u0000"'|from_json"#, "NUL"),
        (r#"{"a\u0000": 1}"#, "NUL"),
    ];
    for (text, expected) in cases {
        let message = eval(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn an_evaluation_is_bounded_in_time_and_size() {
    let large = Scope {
        env: map(json!({"a": "x".repeat(500_000), "l": ["x".repeat(400_000)], "tags": ["a", "b"]})),
        ..scope()
    };
    let cases = [
        ("'x' * 1000000000", "steps"),
        ("'x' * 2000000", "larger than"),
        ("range(1000000000)|list", "too many"),
        ("[$env, $env, $env]", "larger than"),
        ("$env['a'] ~ $env['a'] ~ $env['a']", "larger than"),
        ("$env['l']|to_json ~ $env['l']|join ~ $env['l']|string", "steps"),
        ("[$env['a'], $env['a'], $env['a']]|join", "larger than"),
        ("'%99999999d'|format(1)", "digits are 1000 at most"),
        ("'%.70000e'|format(1.5)", "digits are 1000 at most"),
        ("'a %-.70000f'|format(1)", "digits are 1000 at most"),
        ("$env['a']|replace('x', $env['a'])", "steps"),
    ];
    for (text, expected) in cases {
        let start = std::time::Instant::now();
        let message = Expression::parse(text).unwrap().eval(&large).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}: {message}");
        assert!(start.elapsed().as_millis() < 2_000, "{text} took {:?}", start.elapsed());
    }
    let text = json!(r#"$env["a"]$env["a"]$env["a"]"#);
    assert!(Template::parse(&text).unwrap().text(&large).unwrap_err().to_string().contains("larger than"));
    assert!(Template::parse(&json!(r#"$env["a"]$env["a"]"#)).unwrap().text(&large).is_ok());
    assert!(Template::parse(&json!("${".repeat(500_000))).unwrap().text(&large).is_ok());
}

#[test]
fn a_list_is_never_multiplied() {
    for text in [
        "1 in [2] * 100000000",
        "100000000 * [2]",
        "range(9) * 9",
        "2 * 100000000 * (([2]))",
        "((1, 2) and ([2] or 1)) * 3",
        "[[1, 2]][0] * 10000000",
        "{'a': [1]}['a'] * 10000000",
        "{'a': [1]}.a * 10000000",
        "$env['tags'] * 10000000",
        "3 * -1 + $env['tags'] * 10000000",
        "('a,b'|split(',')|list) * 10000000",
        "10000000 * 'a,b'|split(',')|list",
        "($env['tags'] * 10000000 ~ '')|upper",
        "[$env['tags'] * 10000000] == [$env['tags'] * 10000000]",
        "{'k': 2 * $env['tags']}",
        "range(1, 2 * $env['tags'])",
        "1 if 2 * $env['tags'] else 3",
        "$env['tags'][0:2 * $env['tags']]",
        "$env['tags'] * 2 == ''",
    ] {
        let start = std::time::Instant::now();
        let message = Expression::parse(text).unwrap().eval(&scope()).unwrap_err().to_string();
        assert!(message.contains("a list cannot be multiplied"), "{text}: {message}");
        assert!(start.elapsed().as_millis() < 1_000, "{text} took {:?}", start.elapsed());
    }
    for (text, expected) in [
        ("2 * 3 + 4 * -$env['map']['z']", json!(2)),
        ("2 * 3 * 'ab'", json!("abababababab")),
        ("-2 * (1 + 2) // 2", json!(-3)),
        ("$env['map']['z'] * 2.5 is number", json!(1)),
        ("not 0 * $env['map'].z and 3 in [1 * 3, 2]", json!(true)),
        ("{'a': 2 * $env['tags']|length}", json!({"a": 10})),
        ("[10, 20, 30][1 * 1:]", json!([20, 30])),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

/// Texts of a few pieces that mean something to the parsers, from a fixed seed.
fn texts(pieces: &'static [&'static str], count: usize) -> impl Iterator<Item = String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).unwrap()).unwrap()
    };
    (0..count).map(move |_| (0..next(12)).map(|_| pieces[next(pieces.len())]).collect())
}

#[test]
fn a_text_without_dollars_and_double_braces_renders_as_itself() {
    const PIECES: &[&str] =
        &["a", " ", "{", "}", "}}", "}}>", "[", "]", "\"", "“", "\\", "%", "{% 5", "#}", "é", "\n", "|"];
    for text in texts(PIECES, 20_000).filter(|text| !text.contains("{{") && !text.contains("{%a")) {
        assert_eq!(value(&text), Ok(json!(text)));
    }
}

const PIECES: &[&str] = &[
    "$",
    "$$",
    "env",
    "$env",
    "[",
    "]",
    "\"",
    "'",
    "“",
    "”",
    "’",
    "\\",
    "a",
    "{{",
    "}}",
    "{",
    "}",
    "${",
    "}}>",
    "(",
    ")",
    ":",
    "$[Now",
    ",",
    "+3",
    "'d.m.Y'",
    " ",
    "|",
    "trim",
    "is",
    "not",
    "email",
    "==",
    "''",
    "none",
    ".",
    "1",
    "é",
    "__",
    "and",
    "\u{a0}",
    "0x",
    "~",
    "-",
    "if",
    "else",
    "in",
    "$(a: (B) c)",
    "{% if ",
    "{% for a in ",
    "{% else %}",
    "{% endif %}",
    "{% endfor %}",
    "{% set a = ",
    "%}",
    "**",
    "[::-1]",
];

#[test]
fn parsing_never_panics() {
    let scope = scope();
    for text in texts(PIECES, 30_000) {
        if let Ok(template) = Template::parse(&json!(text)) {
            let _ = template.text(&scope);
        }
        if let Ok(expression) = Expression::parse(&text) {
            let _ = (expression.eval(&scope), expression.is_true(&scope));
        }
    }
}

#[test]
fn one_compiled_expression_serves_many_threads() {
    fn shareable<T: Send + Sync + 'static>(value: T) -> Arc<T> {
        Arc::new(value)
    }
    let condition = shareable(Expression::parse(r#"$env["lastname"]|trim and $env["email"] is email"#).unwrap());
    let template = shareable(Template::parse(&json!("{{ $env['tags']|join }} $lastname")).unwrap());
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..100 {
                    assert_eq!(condition.is_true(&scope()), Ok(true));
                    assert_eq!(template.text(&scope()), Ok("ab3true Record".to_owned()));
                }
            });
        }
    });
}
