//! Numbers as people round and write them.

use serde_json::json;

use super::{check, eval_with};

#[test]
fn l15_numbers() {
    check(&[
        (r#"1234567.5|format_number("ru")"#, json!("1\u{a0}234\u{a0}567,5")),
        (r#""1 234,5"|format_number("de", digits=2)"#, json!("1.234,50")),
        (r#"-1234.005|format_number("en-US", 2)"#, json!("-1,234.01")),
        (r#"0.004|format_number(digits=2) ~ "/" ~ "-0,001"|format_number("ru", 1)"#, json!("0.00/0,0")),
        (r#"999.995|format_number("en", 2)"#, json!("1,000.00")),
        (r#""99999999999999999999"|format_number("en")"#, json!("99,999,999,999,999,999,999")),
        (r#""1,26"|round(1)"#, json!(1.3)),
        (r#""1 234"|round"#, json!(1234)),
        (r#"-1.5|round(0, "floor")"#, json!(-2)),
        ("2.5|round", json!(3)),
        ("-2.5|round ~ '/' ~ 3.5|round ~ '/' ~ 0.5|round ~ '/' ~ '2,5'|round", json!("-3/4/1/3")),
        ("1.005|round(2) ~ '/' ~ -1.005|round(2) ~ '/' ~ 2.675|round(2)", json!("1.01/-1.01/2.68")),
        ("1250|round(-2) ~ '/' ~ 7|round(2) ~ '/' ~ 1.5|round(3)", json!("1300/7/1.5")),
        (r#"1.2|round(method="ceil") ~ "/" ~ 1.239|round(precision=2, method="floor")"#, json!("2/1.23")),
        ("2.5|round == 2.5|format_number(digits=0)|int and 1e300|round == 1e300", json!(true)),
        (r#""1 234,50" is number and 5 is number and "5" is number"#, json!(true)),
        (r#""10" is even and "7" is odd and "10" is divisibleby(2) and 10 is divisibleby("5")"#, json!(true)),
        (
            r#""7" is even or "10" is odd or "x" is even or "x" is odd or "007" is odd or "7" is divisibleby 2"#,
            json!(false),
        ),
        (r#""1,234" is number or "five" is number or true is number"#, json!(false)),
    ]);
    assert!(eval_with(r#"5|format_number("xx")"#, json!({})).unwrap_err().contains("format_number knows en or ru"));
    for text in [r#""five"|round"#, "true|round", "[1]|round", r#""inf"|round"#] {
        assert!(eval_with(text, json!({})).unwrap_err().contains("round needs a number"), "{text}");
    }
    for text in [r#"1.5|round(0, "up")"#, "1.5|round(digits=1)"] {
        assert!(eval_with(text, json!({})).unwrap_err().contains("do not fit |round"), "{text}");
    }
    assert!(eval_with("1.5|round(21)", json!({})).unwrap_err().contains("20 at most"));
}
