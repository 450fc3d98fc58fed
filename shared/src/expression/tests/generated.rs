//! Generated expressions: a save as YAML changes none of their results.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::yaml;

fn atom() -> impl Strategy<Value = String> {
    let fixed = [
        "1",
        "0",
        "2.5",
        "-3",
        "'a'",
        "\"b: c\"",
        "''",
        "none",
        "true",
        "[1, '2', none]",
        "{'k': 'v # x'}",
        "$env['n']",
        "$env[\"tags\"]",
        "$env['map'].z",
        "$lastname",
        "$env['unknown']",
        "$query['utm_source']",
        "' 5 '",
        "'{{ x }}'",
        "'multi\\nline'",
        "'ünï “q”'",
        "\"it's\"",
        "$env['price']",
    ];
    proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned)
}

fn expression() -> impl Strategy<Value = String> {
    atom().prop_recursive(4, 24, 3, |inner| {
        let operators = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"];
        let filters =
            ["|upper", "|length", "|default('d')", "|join(', ')", "|string", "|int(0)", "|first", "|trim", "|to_json"];
        let tests = [" is empty", " is not none", " is string", " is lt(5)", " is divisibleby 2"];
        prop_oneof![
            (inner.clone(), proptest::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            (inner.clone(), proptest::sample::select(filters.to_vec()))
                .prop_map(|(value, filter)| format!("({value}){filter}")),
            (inner.clone(), proptest::sample::select(tests.to_vec()))
                .prop_map(|(value, test)| format!("({value}){test}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}][0]")),
            inner.prop_map(|value| format!("(not {value})")),
        ]
    })
}

proptest! {
    #![proptest_config(Config { cases: 10_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn an_expression_means_the_same_after_a_save(text in expression(), inside in any::<bool>()) {
        let text = if inside { format!("a {{{{ {text} }}}} $lastname\n{{% if {text} %}}b{{% endif %}}") } else { text };
        let saved = yaml::write(&json!({"condition": text}));
        let read = yaml::read(&saved).unwrap()[0].value["condition"].clone();
        prop_assert_eq!(read.as_str(), Some(text.as_str()));
        let scope = scope();
        let result = |source: &Value| if inside {
            Template::parse(source).map(|template| template.value(&scope))
        } else {
            Expression::parse(source.as_str().unwrap()).map(|expression| expression.eval(&scope))
        };
        let before = result(&json!(text));
        prop_assert!(before.is_ok(), "{:?}", before);
        prop_assert_eq!(before, result(&read));
    }
}
