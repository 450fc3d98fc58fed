//! Comparisons, sums and the signs of other languages.

use super::*;
use crate::comparison::{Operand, equal};
use crate::date::named_zone;

fn posted(env: Value) -> Scope {
    Scope { env: map(env), ..scope() }
}

fn holds(text: &str, scope: &Scope) -> bool {
    Expression::parse(text).unwrap().is_true(scope).unwrap()
}

#[test]
fn l1_a_posted_number_is_compared_as_a_number() {
    let scope =
        posted(json!({"budget": "5", "count": "1", "big": " 2000 ", "zip": "0815", "odd": "inf", "word": "many"}));
    for (text, expected, note) in [
        ("$env['budget'] > 1000", false, ""),
        ("$env['big'] > 1000", true, ""),
        ("1000 < $env['big'] <= 2000", true, ""),
        ("$env['count'] == 1", true, ""),
        ("$env['count'] in [1, 2]", true, ""),
        ("$env['count'] not in [2, 3]", true, ""),
        ("$env['count'] != 1", false, ""),
        ("$env['budget'] >= '1000'", true, "compared two numbers as texts"),
        ("$env['zip'] == 815", false, "compared text with a number"),
        ("$env['zip'] == '0815'", true, ""),
        ("$env['odd'] > 1000", false, "compared text with a number"),
        ("$env['word'] < 5", false, "compared text with a number"),
        ("$env['word'] > 5", false, "compared text with a number"),
        ("$env['budget'] is gt(4)", true, ""),
        ("$env['budget'] is lt 4", false, ""),
        ("$env['count'] is eq(1) and $env['count'] is in([1])", true, ""),
        ("['5', 6, 'x']|select('gt', 5)|list == [6]", true, "compared text with a number"),
        ("$env['missing'] < 5 or $env['missing'] > 5", false, ""),
        ("[1, '2', [3]] == ['1', 2, ['3']]", true, ""),
        ("{'a': '1'} == {'a': 1} and {'a': 1} != {'b': 1}", true, ""),
        ("true == 'true' and true != 1", true, ""),
    ] {
        assert_eq!(holds(text, &scope), expected, "{text}");
        let noted = scope.notes.take().map(|message| message.to_string()).unwrap_or_default();
        assert!(noted.starts_with(note) && noted.is_empty() == note.is_empty(), "{text}: {noted}");
    }
}

#[test]
fn dates_compare_as_dates_in_the_zone_of_the_step() {
    let local = Local::new(named_zone("Europe/Moscow").unwrap(), "2026-11-29T16:49:00Z".parse().unwrap(), "");
    let env =
        json!({"later": "2026-11-29T18:30:00.000Z", "day": "01.02.2027", "today": "29.11.2026", "odd": "31.12.26"});
    let scope = Scope { local: Arc::new(local), ..posted(env) };
    let (as_dates, as_texts) = ("compared two texts as dates", "compared a date with a text that is no date");
    for (text, expected, note) in [
        ("$env['later'] > now()", true, as_dates),
        ("now('Europe/Berlin') == now('America/New_York')", true, as_dates),
        ("now('Europe/Berlin') > '2026-11-29 19:00'|parse_date", true, as_dates),
        ("$env['day'] < '15.12.2026'", false, as_dates),
        ("$env['day'] in ['2027-02-01'] and $env['day'] is eq('2027-02-01')", true, as_dates),
        ("$env['today'] == now() and not $env['today'] < now()", true, as_dates),
        ("$env['day'] is date and $env['day'] > '2026-01-01'", true, as_dates),
        ("$env['later'] == $env['later']", true, ""),
        ("$env['odd'] > '2026-01-01'", true, as_texts),
        ("$env['missing'] < now() or '' > now()", false, ""),
        ("$env['day'] > 5", false, "compared text with a number"),
    ] {
        assert_eq!(holds(text, &scope), expected, "{text}");
        let noted = scope.notes.take().map(|message| message.to_string()).unwrap_or_default();
        assert!(noted.starts_with(note) && noted.is_empty() == note.is_empty(), "{text}: {noted}");
    }
}

#[test]
fn conditions_compare_every_pair_as_the_comparison_does() {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(5),
        json!(5.5),
        json!(-3),
        json!("5"),
        json!("5.0"),
        json!(" 5 "),
        json!("05"),
        json!("five"),
        json!(""),
        json!("true"),
        json!("1e3"),
        json!("inf"),
        json!("nan"),
        json!("-3"),
        json!("2026-05-01"),
        json!("01.05.2026"),
        json!("2026-05-01T10:30:00Z"),
        json!("20260501"),
    ];
    for left in &values {
        for right in &values {
            let scope = posted(json!({"a": left, "b": right}));
            let expected = equal(Operand::of(left), Operand::of(right), scope.basis());
            assert_eq!(holds("$env['a'] == $env['b']", &scope), expected, "{left} {right}");
            assert_eq!(holds("$env['a'] in [$env['b']]", &scope), expected, "{left} {right}");
            let order = crate::comparison::order(Operand::of(left), Operand::of(right), scope.basis());
            assert_eq!(
                holds("$env['a'] < $env['b']", &scope),
                order.is_some_and(|order| order.is_lt()),
                "{left} {right}"
            );
            assert_eq!(
                holds("$env['a'] >= $env['b']", &scope),
                order.is_some_and(|order| order.is_ge()),
                "{left} {right}"
            );
        }
    }
}

#[test]
fn a_text_that_means_no_is_noted_where_it_decides() {
    let scope = posted(json!({"off": "0", "no": " Нет ", "on": "1", "blank": "", "flag": false}));
    let note = "a text such as 0, no or false counted as true";
    for (text, expected, noted) in [
        ("$env['off']", true, note),
        ("$env['no']", true, note),
        ("not $env['off']", false, note),
        ("$env['on'] and $env['off']", true, note),
        ("1 if $env['off'] else 0", true, note),
        ("$env['off']|bool", false, ""),
        ("$env['on'] and not $env['blank']", true, ""),
        ("$env['flag'] or $env['unknown']", false, ""),
        ("$env['off'] == '0'", true, ""),
        ("($env['blank'] or '-') == '-'", true, ""),
        ("($env['on'] and '0') == '0'", true, ""),
    ] {
        assert_eq!(holds(text, &scope), expected, "{text}");
        let found = scope.notes.take().map(|message| message.to_string()).unwrap_or_default();
        assert!(found.starts_with(noted) && found.is_empty() == noted.is_empty(), "{text}: {found}");
    }
}

#[test]
fn nothing_is_part_of_no_text() {
    let scope = posted(json!({"blank": "", "word": "a", "list": ["", "a"]}));
    for (text, expected) in [
        ("$env['word'] in 'abc'", true),
        ("$env['blank'] in 'abc'", false),
        ("$env['unknown'] in 'abc'", false),
        ("$env['unknown'] not in 'abc'", true),
        ("$env['blank'] in ''", false),
        ("$env['blank'] in $env['list']", true),
        ("$env['blank'] is in('abc')", false),
    ] {
        assert_eq!(holds(text, &scope), expected, "{text}");
    }
}

#[test]
fn posted_numbers_compare_exactly() {
    let env = r#"{"a": 123456789012345678901234567890123456789012345, "b": 123456789012345678901234567890123456789012346,
        "c": 0.1, "d": 0.10000000000000000000001, "e": 1e300, "m": {"f": [0.1, 0.10000000000000000000002]}}"#;
    let scope = Scope { env: Arc::new(serde_json::from_str(env).unwrap()), ..scope() };
    for (text, expected) in [
        ("$env['a'] == $env['b']", false),
        ("$env['a'] < $env['b']", true),
        ("$env['a'] == $env['a']", true),
        ("$env['a'] == '123456789012345678901234567890123456789012345'", true),
        ("'123456789012345678901234567890123456789012346' > $env['a']", true),
        ("$env['c'] < $env['d'] < $env['m']['f'][1]", true),
        ("$env['c'] == 0.1 and $env['c'] == $env['m']['f'][0]", true),
        ("$env['d'] != $env['c'] and $env['d'] != '0.1'", true),
        ("$env['e'] > $env['b']", true),
    ] {
        assert_eq!(holds(text, &scope), expected, "{text}");
    }
}

#[test]
fn l9_signs_of_other_languages_say_what_to_write() {
    for (text, expected) in [
        ("$a = $b", "= is written == in a comparison"),
        ("$a === $b", "=== is written =="),
        ("$a && $b", "&& is written and"),
        ("$a || $b", "|| is written or"),
        ("!$a", "! is written not"),
        ("$a !== $b", "!== is written !="),
        ("$a <> $b", "<> is written !="),
        ("$a & $b", "& is no operator"),
        ("$a ? 1 : 2", "b if a else c"),
        ("$a AND $b", "AND is written and"),
        ("$a Or $b", "Or is written or"),
        ("NOT $a", "NOT is written not"),
        ("$a == NULL", "NULL is written none"),
        ("$a == TRUE", "TRUE is written true"),
        ("env[\"a\"] == 1", "did you mean $env?"),
        ("$a contains \"x\"", "contains is written \"web\" in"),
        ("$a like \"x%\"", "like is written"),
        ("$a matches \"x\"", "matches is written $env[\"a\"]|regex_match"),
        ("$a between 1 and 5", "between is written 1 <="),
        ("{{ $a == 1 }}", "is written without braces"),
        ("lastname == 1", "did you mean $lastname or $env[\"lastname\"]?"),
        ("$a; $b", "; is unexpected"),
        ("$a 'b'", "~ joins two texts"),
        ("($a == 1", "unexpected end of the expression"),
        ("$a == ", "unexpected end of the expression"),
    ] {
        let error = Expression::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn l14_a_missing_part_of_a_joined_text_is_empty() {
    let scope = posted(json!({"first": "Ada", "age": "36"}));
    let eval = |text: &str| Expression::parse(text).unwrap().eval(&scope);
    for (text, expected) in [
        ("$env['first'] + ' ' + $env['last']", json!("Ada ")),
        ("$env['last'] + ', ' + $env['first']", json!(", Ada")),
        ("$env['a'] + $env['b']", json!(null)),
        ("$env['first'] ~ ' ' ~ 36", json!("Ada 36")),
        ("[1] + ['a']", json!([1, "a"])),
        ("$env['age']|int + 1", json!(37)),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
    assert_eq!(eval("'5' + '6'"), Ok(json!("56")));
    assert!(scope.notes.take().is_some_and(|note| note.to_string().starts_with("+ joined two numbers as texts")));
    for text in ["$env['first'] + 36", "36 + $env['first']", "$env['age'] + 1"] {
        let error = eval(text).unwrap_err().to_string();
        assert!(error.contains("~ instead of + to join") && error.contains("|int"), "{text}: {error}");
    }
}

#[test]
fn a_posted_number_is_not_repeated_as_a_text() {
    let scope = posted(json!({"p": "100", "grouped": "1 500,50", "line": "-"}));
    let eval = |text: &str| Expression::parse(text).unwrap().eval(&scope);
    for text in ["$env['p'] * 2", "3 * $env['p']", "$env['grouped'] * 2", "$env['p'] * 1.2", "$env['p'] * $env['p']"] {
        let error = eval(text).unwrap_err().to_string();
        assert!(error.contains("* cannot be used with") && error.contains("|float"), "{text}: {error}");
    }
    for (text, expected) in [("$env['line'] * 3", json!("---")), ("$env['p']|int * 2", json!(200))] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

#[test]
fn operators_bind_as_jinja_says() {
    for (text, expected) in [
        ("1 + 2 * 3 ** 2 - 4 // 3", json!(18)),
        ("-7 // 2 ~ ',' ~ -7 % 3 ~ ',' ~ 7 % -3", json!("-4,2,-2")),
        ("not true or true and not false", json!(true)),
        ("not 1 in [2]", json!(true)),
        ("1 if false else 2 if false else 3", json!(3)),
        ("-5|abs", json!(5)),
        ("'a' 'b'", json!("ab")),
        ("10 / 4", json!(2.5)),
        ("'abcdef'[1:3] ~ 'abcdef'[::-1] ~ 'abcdef'[-2:]", json!("bcfedcbaef")),
        ("[1, 2, 3, 4][::2] + [1, 2, 3][5:]", json!([1, 3])),
        ("6 is divisibleby 3 and 7 is not divisibleby 3", json!(true)),
        ("{'a': {'b': [1, 2]}}.a.b.1", json!(2)),
        ("(1, 2)[1]", json!(2)),
        ("9223372036854775807 + 1", serde_json::from_str("9223372036854775808").unwrap()),
        ("1 < 2 < 3 and not 1 < 3 < 2", json!(true)),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}
