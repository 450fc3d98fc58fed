//! What expressions answer. Texts stand in `tests/text.rs`, refusals and limits in `tests/bounds.rs`.

mod bombs;
mod bounds;
mod compared;
mod contexts;
mod generated;
mod statements;
mod text;

use serde_json::json;

use super::*;

fn map(value: Value) -> Arc<Env> {
    Arc::new(serde_json::from_value(value).unwrap())
}

fn scope() -> Scope {
    let env = r#"{"lastname": " Müller ", "email": "A@B.example", "none": null, "empty": "", "flag": true, "n": "5",
        "tags": ["a", "b", 3, null, true], "one": "sale", "map": {"z": 1, "a": [10, {"deep": "x"}]},
        "big": 123456789012345678901234567890123456789012345, "id": 12345678901234567890123, "price": 1.10,
        "d'x": "apostrophe", "q\"": "quote", "zero": 0, "list": [[1, 2], [3]], "json": "{\"b\":[1.50,null]}",
        "form": {"0": "first"}, "usd$": "d"}"#;
    Scope {
        env: Arc::new(serde_json::from_str(env).unwrap()),
        query: map(json!({"utm_source": "ad"})),
        request: map(json!({"ip": "10.0.0.1"})),
        var: map(json!({"crm_url": "https://crm.example"})),
        record: Some(map(json!({"lastname": "Record", "tags": ["r"], "envelope": "e"}))),
        related: map(json!({"contact_id:Contacts:leadsource": "Fair", "contact_id:Contacts:tags": ["x", "y"]})),
        local: Arc::default(),
        notes: Notes::default(),
    }
}

fn value(text: &str) -> Result<Value, EvalError> {
    Template::parse(&json!(text)).unwrap().value(&scope())
}

fn eval(text: &str) -> Result<Value, EvalError> {
    Expression::parse(text).map_err(|error| EvalError(Message::said(format!("syntax: {error}"))))?.eval(&scope())
}

fn syntax(text: &str) -> String {
    Template::parse(&json!(text)).unwrap_err().0.to_string()
}

#[test]
fn expressions_evaluate() {
    let cases = [
        (r#"$env["lastname"]|trim and $env["email"] is email"#, json!(true)),
        (r#"($env["email"] ~ "  ") is email"#, json!(true)),
        (r#"$env["lastname"]|trim|upper"#, json!("MÜLLER")),
        (r#"$env["map"].a[1].deep ~ $env["map"]["a"][-1]["deep"]"#, json!("xx")),
        (r#"$env["map"]["a"][$env["map"]["z"]]"#, json!({"deep": "x"})),
        (r#"$env["last" ~ "name"]|trim"#, json!("Müller")),
        (r#""a" in $env["tags"] and 3 in $env["tags"] and "c" not in $env["tags"]"#, json!(true)),
        (r#""z" in $env["map"]"#, json!(true)),
        (r#"$env["map"]|items|list"#, json!([["z", 1], ["a", [10, {"deep": "x"}]]])),
        (r#"$env["tags"] | first"#, json!("a")),
        (r#"$env["tags"]|length + $env["one"]|length + $env["map"]|length"#, json!(11)),
        (r#""Tags: " ~ $env["list"] ~ $env["map"]"#, json!(r#"Tags: 1, 2, 3{"z":1,"a":[10,{"deep":"x"}]}"#)),
        (r#"$env["list"] == [[1, 2], [3]]"#, json!(true)),
        (r#"$env["map"]["z"] == 1 and $env["zero"] == 0 and $env["flag"] == true"#, json!(true)),
        (r#"$lastname == "Record" and $query["utm_source"] != "x""#, json!(true)),
        (r#""yes" if $env["flag"] else "no""#, json!("yes")),
        (r#"$env["json"]|from_json"#, json!({"b": [serde_json::from_str::<Value>("1.50").unwrap(), null]})),
        (r#"($env["json"]|from_json)["b"][0] + 1"#, json!(2.5)),
        (r#"("nonsense"|from_json) is none"#, json!(true)),
        (r#"$env["map"]|to_json"#, json!(r#"{"z":1,"a":[10,{"deep":"x"}]}"#)),
        (r#"true|string ~ $env["tags"]|string"#, json!("truea, b, 3, , true")),
        (r#"$env["one"]|join(", ")"#, json!("sale")),
        (r#""2024-02-01T10:00:00Z"|format_date("d.m.Y H:i")"#, json!("01.02.2024 10:00")),
        (r#"1706745600|format_date("j.n.y")"#, json!("1.2.24")),
        (r#"["b", "a"]|sort|join"#, json!("ab")),
        (r#"$env["n"]|int + 1"#, json!(6)),
        (r#"" 5 "|int + "1.5"|float + "x"|int(0) + "x"|float(default=1)"#, json!(7.5)),
        (r#"range(3)|list"#, json!([0, 1, 2])),
        (r#"[1, 2, 3]|select("odd")|map("string")|list"#, json!(["1", "3"])),
        (r#"1.25|round(precision=1)"#, json!(1.3)),
        ("$env['flag'] is true and not $env['flag'] is false", json!(true)),
        ("'a\\'$b' ~ \"\\\"$c\"", json!("a'$b\"$c")),
    ];
    for (text, expected) in cases {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

/// With any of these, nothing gives an empty text.
const FILTERS: [&str; 38] = [
    "trim",
    "lower",
    "upper",
    "title",
    "capitalize",
    "join(', ')",
    "first",
    "last",
    "string",
    "replace('a', 'b')",
    "min",
    "max",
    "reverse",
    "round",
    "abs",
    "split(',')",
    "lines",
    "attr('a')",
    "format('a')",
    "dictsort",
    "default('')",
    "escape",
    "safe",
    "indent(2)",
    "from_json",
    "format_date('Y')",
    "sort",
    "list",
    "unique",
    "items",
    "batch(2)",
    "select",
    "map('upper')",
    "groupby('a')",
    "selectattr('a')",
    "chain",
    "zip",
    "to_json|from_json",
];

#[test]
fn an_unknown_name_is_empty_and_so_is_null() {
    for name in ["$env['unknown']", "$env['none']", "$unknown", "none"] {
        for filter in FILTERS {
            let text = eval(&format!("{name}|{filter}")).map(|value| render(&value));
            assert_eq!(text, Ok(String::new()), "{name}|{filter}");
        }
        for filter in ["int", "length", "sum", "count"] {
            assert_eq!(eval(&format!("{name}|{filter}")), Ok(json!(0)), "{name}|{filter}");
        }
        assert_eq!(eval(&format!("{name}|float")), Ok(json!(0.0)), "{name}");
        assert_eq!(eval(&format!("{name}|default('d') ~ {name} ~ 1")), Ok(json!("d1")));
        for holds in ["is empty", "is none", "is not defined", "is undefined", "== ''", "== none", "not in ['a']"] {
            assert_eq!(eval(&format!("{name} {holds}")), Ok(json!(true)), "{name} {holds}");
        }
        for fails in ["is email", "!= \"\"", "and true", "== 'a'", "in ['a', 1]", "is startingwith('a')"] {
            assert!(
                !Expression::parse(&format!("{name} {fails}")).unwrap().is_true(&scope()).unwrap(),
                "{name} {fails}"
            );
        }
        assert_eq!(eval(&format!("'a' in {name} or {name}.b[0].c or {name}[0:2]|length")), Ok(json!(0)));
    }
    let without_record = Scope { record: None, ..scope() };
    assert_eq!(Expression::parse("$lastname|trim ~ $lastname").unwrap().eval(&without_record), Ok(json!("")));
    assert_eq!(Expression::parse("$lastname").unwrap().eval(&without_record), Ok(Value::Null));
}

#[test]
fn emptiness_is_compared_as_people_write_it() {
    let cases = [
        ("$env['empty'] == ''", true),
        ("($env['unknown'] == \"\") and $env['lastname'] != ''", true),
        ("$env['unknown'] != '' or $env['lastname'] == ''", false),
        ("1 if $env['unknown'] == '' else 0", true),
        ("[$env['unknown'] == '', 1][0]", true),
        ("$env['x'] == '' ~ 'a'", false),
        ("'a' == '' or 0 == ''", false),
        ("$env['empty'] is empty and [] is empty and {} is empty", true),
        ("0 is empty or false is empty or ' ' is empty", false),
    ];
    for (text, expected) in cases {
        assert_eq!(Expression::parse(text).unwrap().is_true(&scope()), Ok(expected), "{text}");
    }
}

#[test]
fn truth_is_not_null_false_zero_or_empty() {
    for (text, expected) in [
        ("$env['none']", false),
        ("$env['zero']", false),
        ("$env['empty']", false),
        ("$env['unknown']", false),
        ("[]", false),
        ("{}", false),
        ("0.0", false),
        ("$env['flag']", true),
        ("$env['n']", true),
        ("$env['tags']", true),
        ("$env", true),
        ("$env['map']['z']", true),
        ("'0'", true),
        ("$[Now]", true),
    ] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.is_true(&scope()), Ok(expected), "{text}");
        let through_minijinja = Expression::parse(&format!("({text})")).unwrap();
        assert_eq!(through_minijinja.is_true(&scope()), Ok(expected), "({text})");
    }
}

#[test]
fn email_addresses_are_told_from_other_texts() {
    let long = format!("{}@example.com", "a".repeat(64));
    for good in ["a@b.cz", "A.b+c_d-e'f@sub.example-1.com", "müller@köln.example", &long] {
        assert_eq!(eval(&format!("\"{good}\" is email")), Ok(json!(true)), "{good}");
    }
    let too_long = format!("{}@example.com", "a".repeat(65));
    let bad = [
        "",
        "a",
        "@b.cz",
        "a@",
        "a@b",
        "a b@c.de",
        "a@b c.de",
        "a@@b.cz",
        "a@b@c.de",
        "a@.cz",
        "a@b.",
        "a@-b.cz",
        "a@b-.cz",
        ".a@b.cz",
        "a.@b.cz",
        "a..b@c.de",
        "<a@b.cz>",
        "a@b_c.cz",
        &too_long,
    ];
    for bad in bad {
        assert_eq!(eval(&format!("\"{bad}\" is email")), Ok(json!(false)), "{bad}");
    }
    assert_eq!(eval("5 is email or ['a@b.cz'] is email"), Ok(json!(false)));
}

#[test]
fn the_names_that_a_text_reads_are_known_without_evaluating_it() {
    let all = "*";
    for (text, expected) in [
        ("no reference, $lastname, $$env[\"a\"], $query[\"b\"]", ""),
        ("$env[\"a\"][\"b\"] and $env['c'] and ${ $env[\"d\"] }}>", "a c d"),
        ("{{ $env[\"a\"] if $env.b else \"$env['c']\" }}", "a b"),
        ("{{ $env[\"tags\"]|join(\", \") }}{{ $env[0] }}", "0 tags"),
        ("$env", all),
        ("{{ $env[$env[\"which\"]] }}", "which *"),
    ] {
        let Reads { names, all, .. } = Template::parse(&json!([text, {"x": text}, 5])).unwrap().reads().clone();
        let mut found: Vec<_> = names.into_iter().collect();
        found.extend(all.then(|| "*".to_owned()));
        assert_eq!(found.join(" "), expected, "{text}");
    }
}

#[test]
fn a_field_of_a_referenced_record_is_read_wherever_a_reference_may_stand() {
    for (text, expected) in [
        ("$(contact_id: (Contacts) leadsource)", json!("Fair")),
        ("$( contact_id :(Contacts)leadsource ).", json!("Fair.")),
        ("$(contact_id: (Contacts) tags)", json!(["x", "y"])),
        ("{{ $(contact_id : (Contacts) leadsource)|upper }}", json!("FAIR")),
        ("{{ $(contact_id: (Contacts) tags)[1] }}", json!("y")),
        ("$(contact_id: (Leads) leadsource)", Value::Null),
        ("{{ $(contact_id: (Contacts) nothing)[\"a\"] == '' }}", json!(true)),
        ("$(5 EUR) and $(a: b)", json!("$(5 EUR) and $(a: b)")),
    ] {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn a_template_names_the_referenced_records_that_it_reads() {
    let source = json!({"a": ["$(x_id: (Xs) f)", "{{ $(y_id: (Ys) g) + $(x_id: (Xs) h) }}"], "b": "at $(z: (Zs) i)!"});
    let related: Vec<String> =
        Template::parse(&source).unwrap().reads().related.clone().iter().map(ToString::to_string).collect();
    assert_eq!(related, ["x_id:Xs:f", "y_id:Ys:g", "x_id:Xs:h", "z:Zs:i"]);
    let condition = Expression::parse("$(x_id: (Xs) f) and $lastname").unwrap();
    assert_eq!((condition.reads().related.len(), condition.reads().related[0].module.as_str()), (1, "Xs"));
}
