//! Placeholders in texts.

use super::*;

#[test]
fn references_stand_in_text() {
    let cases = [
        (r#"a $env["lastname"]b"#, "a  Müller b"),
        ("$env['email'] $query[\"utm_source\"] $request['ip']", "A@B.example ad 10.0.0.1"),
        (r#"x$env["map"]["a"][1]["deep"]."#, "xx."),
        (r#"x$env["tags"][1]$env["tags"]["0"]$env["form"][0]"#, "xbafirst"),
        (r#"$query [ "ip" ]"#, r#"{"utm_source":"ad"} [ "ip" ]"#),
        (r#"x$env[ "email" ]"#, "xA@B.example"),
        (r#"<$env["unknown"]$env["unknown"]["deeper"][0]$env["email"]["deeper"]>"#, "<>"),
        (r#"<$env["none"]>"#, "<>"),
        (r#"<$env["tags"]>"#, "<a, b, 3, , true>"),
        (r#"<$env["list"]>"#, "<1, 2, 3>"),
        (r#"<$env["map"]>"#, r#"<{"z":1,"a":[10,{"deep":"x"}]}>"#),
        (r#"<$env["flag"] $env["big"] $env["price"]>"#, "<true 123456789012345678901234567890123456789012345 1.10>"),
        ("Dear $lastname, $unknown!", "Dear Record, !"),
        ("$lastname[0] $tags[0]", "Record[0] r[0]"),
        ("$envelope $environment.", "e ."),
        (r#"x$env["q\""]"#, "xquote"),
        (r#"x$env["email"][note]"#, "xA@B.example[note]"),
        (r#"$env["usd$"]$env["usd$"]"#, "dd"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), Ok(json!(expected)), "{text}");
    }
}

#[test]
fn typographic_quotes_of_any_pairing_are_quotes() {
    for quotes in ["“”", "„“", "„”", "‚‘", "‘’", "«»", "»«", "\"”", "“\"", "'’", "””", "‹›"]
    {
        let (open, close) = (quotes.chars().next().unwrap(), quotes.chars().nth(1).unwrap());
        for text in [format!("$env[{open}email{close}]"), format!("{{{{ $env[{open}email{close}]|string }}}}")] {
            assert_eq!(value(&text), Ok(json!("A@B.example")), "{text}");
        }
    }
    assert_eq!(value("$env[“d'x”] $env[\"d'x\"] $env[‘d\\'x’]"), Ok(json!("apostrophe apostrophe apostrophe")));
    assert_eq!(value("{{ $env[“d'x”] ~ $env['d\\'x'] }}"), Ok(json!("apostropheapostrophe")));
    assert_eq!(value("{{ $env[“q\"”] ~ '' }}"), Ok(json!("quote")));
}

#[test]
fn a_dollar_before_anything_else_is_left_alone() {
    let same =
        ["costs 5$", "US$100", "$ 5", "$", "5 $, $. $- $(100) $(x) ${HOME} ${", "$[Later] $[] $[Nowhere]", "}} } {"];
    for text in same {
        assert_eq!(value(text), Ok(json!(text)), "{text}");
    }
    assert_eq!(value("$$lastname $$$$5 $$$lastname"), Ok(json!("$lastname $$5 $Record")));
    assert_eq!(value("$$"), Ok(json!("$")));
}

#[test]
fn a_lone_placeholder_keeps_its_type() {
    let cases = [
        (r#"$env["tags"]"#, r#"["a","b",3,null,true]"#),
        (r#"$env["map"]"#, r#"{"z":1,"a":[10,{"deep":"x"}]}"#),
        (r#"$env["big"]"#, "123456789012345678901234567890123456789012345"),
        (r#"{{ $env["big"] }}"#, "123456789012345678901234567890123456789012345"),
        (r#"{{$env["price"]}}"#, "1.10"),
        (r#"{{ [$env["map"], $env["list"]] }}"#, r#"[{"z":1,"a":[10,{"deep":"x"}]},[[1,2],[3]]]"#),
        (r#"{{ $env["id"] + 1 }}"#, "12345678901234567890124"),
        (r#"{{ $env["flag"] }}"#, "true"),
        (r#"{{ 1 + 1 }}"#, "2"),
        (r#"{{ 6 / 4 }}"#, "1.5"),
        (r#"{{ {"b": {"a": 1}} }}"#, r#"{"b":{"a":1}}"#),
        (r#"{{ {"b": {"a": 1}}}}"#, r#"{"b":{"a":1}}"#),
        (r#"{{ "}}" ~ '{{"' }}"#, r#""}}{{\"""#),
        (r#"${ $env["n"]|int * 2 }}>"#, "10"),
        (r#"{{ $env["unknown"] }}"#, "null"),
        ("$lastname", "\"Record\""),
        (r#" $env["flag"]"#, "\" true\""),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text).map(|value| value.to_string()), Ok(expected.to_owned()), "{text}");
    }
    let mixed = json!({"a": ["$lastname", 1, null], "$b": {"c": "x{{ 1 }}"}});
    let expected = json!({"a": ["Record", 1, null], "$b": {"c": "x1"}});
    assert_eq!(Template::parse(&mixed).unwrap().value(&scope()), Ok(expected));
    assert_eq!(Template::parse(&json!("$env[\"list\"]")).unwrap().text(&scope()), Ok("1, 2, 3".to_owned()));
}

#[test]
fn inline_expressions_stand_in_text() {
    assert_eq!(value(r#"a{{ $env["email"]|lower }}b${ 1+1 }}>c"#), Ok(json!("aa@b.exampleb2c")));
    assert_eq!(value(r#"Asked: {{ $env["tags"]|join("; ") }}."#), Ok(json!("Asked: a; b; 3; ; true.")));
    assert_eq!(value(r#"{{ "$lastname" }}, {{ '$env["x"]' }}"#), Ok(json!(r#"$lastname, $env["x"]"#)));
    assert_eq!(value("{{ 1 }}{{ 2 }}"), Ok(json!("12")));
    assert_eq!(value("a {{- $env['n'] -}} b {{- -1 }} {{-2}}"), Ok(json!("a5b-1 -2")));
    assert_eq!(value("All of it is in $env. {{ '%s of 2026'|format(1) }}").map(|text| text.is_string()), Ok(true));
}

#[test]
fn now_is_a_reference_like_any_other() {
    let date = shape(&value("$[Now]").unwrap());
    assert_eq!(date, "dddd-dd-dd");
    assert_eq!(shape(&value("on $[ now , +3 , “d.m.Y” ]!").unwrap()), "on dd.dd.dddd!");
    assert_eq!(shape(&value("{{ $[Now,-1,'Y \\Y \\\\'] ~ 'x' }}").unwrap()), "dddd Y x");
    assert_eq!(eval("$[Now,+3] > $[Now] and $[Now,-3] < $[Now]"), Ok(json!(true)));
    for wrong in ["$[Now,]", "$[Now,x]", "$[Now,0,d.m.Y]", "$[Now,99999]", "$[Now,0,'d", "$[Now,0,'d'"] {
        assert!(syntax(wrong).starts_with("$[Now"), "{wrong}");
    }
}

fn shape(value: &Value) -> String {
    value.as_str().unwrap().chars().map(|c| if c.is_ascii_digit() { 'd' } else { c }).collect()
}

#[test]
fn values_render_in_text() {
    let cases = [
        (json!(null), ""),
        (json!(true), "true"),
        (json!("a\"b"), "a\"b"),
        (json!([1, [2, "x"], null, false]), "1, 2, x, , false"),
        (json!({"b": [1, "x"], "a": null}), r#"{"b":[1,"x"],"a":null}"#),
        (serde_json::from_str("1.500").unwrap(), "1.500"),
    ];
    for (value, expected) in cases {
        assert_eq!(render(&value), expected);
    }
}
