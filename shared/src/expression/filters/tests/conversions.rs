//! Texts that are numbers, true or false to filters, and what does not fit them.

use serde_json::json;

use super::{check, eval_with};

#[test]
fn int_and_float_read_whatever_is_a_number() {
    check(&[
        (r#""1 500,50"|float"#, json!(1500.5)),
        (r#""1 500,50"|int ~ "/" ~ "-1.9"|int ~ "/" ~ " 5 "|int"#, json!("1500/-1/5")),
        (r#""1 234,50 ₽"|float(0)"#, json!(1234.5)),
        (r#""1e5"|int ~ "/" ~ "1e5"|float"#, json!("100000/100000.0")),
        (r#""ff"|int(0, 16) ~ "/" ~ "10"|int(base=2)"#, json!("255/2")),
        (r#""x"|int(7) ~ "/" ~ "inf"|int(7) ~ "/" ~ "nan"|float(7)"#, json!("7/7/7")),
        (r#"$env["unknown"]|int ~ "/" ~ ""|float ~ "/" ~ "  "|int(3) ~ "/" ~ true|int"#, json!("0/0.0/3/1")),
        (r#""12345678901234567890"|int"#, serde_json::from_str("12345678901234567890").unwrap()),
        (r#""99999999999999999999999999999999999999999999"|int(0)"#, json!(0)),
    ]);
    for (source, expected) in [
        (r#""99999999999999999999999999999999999999999999"|int"#, "out of range"),
        (r#""-1e40"|int"#, "out of range"),
        ("-1e40|int", "out of range"),
        (r#""inf"|int"#, "a text is not a number"),
        (r#""five"|float"#, "a text is not a number: |float(0)"),
        ("[1]|int", "a list is not a number"),
    ] {
        let error = eval_with(source, json!({})).unwrap_err();
        assert!(error.contains(expected), "{source}: {error}");
    }
}

#[test]
fn a_filter_says_how_it_is_used_where_values_do_not_fit() {
    for (source, expected) in [
        (r#"["1", 2]|sum"#, "|sum adds numbers: write |map(\"float\")"),
        (r#""-5"|abs"#, "|abs cannot take these values; it is used as in -5|abs"),
        (r#""%05d"|format("42")"#, "|format cannot take these values"),
        ("5|length", "|length cannot take these values"),
        (r#""a"|replace"#, "these arguments do not fit |replace"),
        (r#""a"|upper(1)"#, "these arguments do not fit |upper"),
    ] {
        let error = eval_with(source, json!({})).unwrap_err();
        assert!(error.starts_with(expected), "{source}: {error}");
    }
    check(&[(r#"["1", "2,5"]|map("float")|sum"#, json!(3.5))]);
}

#[test]
fn a_text_is_true_or_false_as_a_boolean_field_reads_it() {
    for text in ["false", "0", "off", "нет", " No ", "", " "] {
        assert_eq!(eval_with("$env[\"t\"]|bool", json!({"t": text})), Ok(json!(false)), "{text}");
    }
    for text in ["true", "1", "on", "да", "x"] {
        assert_eq!(eval_with("$env[\"t\"]|bool", json!({"t": text})), Ok(json!(true)), "{text}");
    }
    check(&[("$env[\"unknown\"]|bool or 0|bool or []|bool or false|bool", json!(false)), ("[0]|bool", json!(true))]);
}

#[test]
fn true_and_false_are_written_alike_everywhere() {
    check(&[
        (r#"true|string ~ "/" ~ false ~ "/" ~ [true, none]|join(",")"#, json!("true/false/true,")),
        (r#"true|trim ~ "/" ~ true|lower ~ "/" ~ true|upper ~ "/" ~ false|escape"#, json!("true/true/TRUE/false")),
        (r#"true|replace("true", "yes") ~ "/" ~ "a"|replace("a", false)"#, json!("yes/false")),
        (r#""%s %s"|format(true, [1, false])"#, json!("true 1, false")),
        ("[true, 1]|upper", json!("TRUE, 1")),
        (r#"true|capitalize ~ "/" ~ true|title"#, json!("True/True")),
        (r#"[true]|to_json ~ "/" ~ {"a": true} ~ "/" ~ {true: 1}"#, json!(r#"[true]/{"a":true}/{"true":1}"#)),
        (r#"{"a b": "c"}|urlencode"#, json!("a%20b=c")),
    ]);
}
