//! Every filter, test and function of expressions, each with an example: the generated reference shows them, a test
//! evaluates them, and suggestions for misspelt names are taken from them. minijinja cannot list its own.

/// A name, an expression that uses it, and the value of the expression as JSON.
pub type Example = (&'static str, &'static str, &'static str);

/// `$env` in the examples.
pub const ENV: &str =
    r#"{"name": "Ada Lovelace", "email": "ada@example.org", "tags": ["web", "news"], "budget": "1500"}"#;

/// Filters.
pub const FILTERS: [Example; 73] = [
    ("abs", "-5|abs", "5"),
    ("add", r#""2026-01-31"|add(months=1)"#, r#""2026-02-28""#),
    ("attr", r#"{"a": 1}|attr("a")"#, "1"),
    ("base64_decode", r#""SGk="|base64_decode"#, r#""Hi""#),
    ("base64_encode", r#""Hi"|base64_encode"#, r#""SGk=""#),
    ("batch", "[1, 2, 3]|batch(2)", "[[1,2],[3]]"),
    ("bool", r#""off"|bool"#, "false"),
    ("capitalize", r#"$env["name"]|capitalize"#, r#""Ada lovelace""#),
    ("chain", r#"$env["tags"]|chain(["x"])|list"#, r#"["web","news","x"]"#),
    ("count", r#"$env["tags"]|count"#, "2"),
    ("d", r#"$env["phone"]|d("none")"#, r#""none""#),
    ("default", r#"$env["phone"]|default("none")"#, r#""none""#),
    ("dictsort", r#"{"b": 1, "a": 2}|dictsort"#, r#"[["a",2],["b",1]]"#),
    ("digits", r#""8 (999) 123-45-67"|digits"#, r#""89991234567""#),
    ("e", r#""<b>"|e"#, r#""&lt;b&gt;""#),
    ("escape", r#""<b>"|escape"#, r#""&lt;b&gt;""#),
    ("first", r#"$env["tags"]|first"#, r#""web""#),
    ("float", r#""1.5"|float"#, "1.5"),
    ("format", r#""%s: %d"|format($env["name"], 5)"#, r#""Ada Lovelace: 5""#),
    ("format_date", r#""2026-05-01"|format_date("d.m.Y")"#, r#""01.05.2026""#),
    ("format_number", r#"1234.5|format_number("en", 2)"#, r#""1,234.50""#),
    ("from_csv", r#""name;sum\nAda;5"|from_csv"#, r#"[{"name":"Ada","sum":"5"}]"#),
    ("from_json", r#"'{"a": [1, 2]}'|from_json"#, r#"{"a":[1,2]}"#),
    ("from_xml", r#""<lead id='7'><name>Ada</name></lead>"|from_xml"#, r#"{"lead":{"@id":"7","name":"Ada"}}"#),
    ("groupby", r#"[{"k": 1, "v": 2}, {"k": 1, "v": 3}]|groupby("k")|length"#, "1"),
    ("hmac", r#""Hi"|hmac("key")|truncate(12)"#, r#""79072ecd38d…""#),
    ("indent", r#""a\nb"|indent(2)"#, r#""a\n  b""#),
    ("int", r#"$env["budget"]|int + 1"#, "1501"),
    ("items", r#"{"a": 1}|items|list"#, r#"[["a",1]]"#),
    ("join", r#"$env["tags"]|join(", ")"#, r#""web, news""#),
    ("last", r#"$env["tags"]|last"#, r#""news""#),
    ("length", r#"$env["name"]|length"#, "12"),
    ("lines", r#""a\nb"|lines"#, r#"["a","b"]"#),
    ("list", r#""ab"|list"#, r#"["a","b"]"#),
    ("lower", r#"$env["name"]|lower"#, r#""ada lovelace""#),
    ("map", r#"$env["tags"]|map("upper")|list"#, r#"["WEB","NEWS"]"#),
    ("max", "[1, 3, 2]|max", "3"),
    ("md5", r#""Hi"|md5"#, r#""c1a5298f939e87e8f962a5edfc206918""#),
    ("min", "[1, 3, 2]|min", "1"),
    ("name_parts", r#""Lovelace, Ada"|name_parts"#, r#"{"first":"Ada","last":"Lovelace","middle":""}"#),
    ("parse_date", r#""01.05.2026 10:30"|parse_date(zone="Europe/Moscow")"#, r#""2026-05-01T10:30:00+03:00""#),
    ("phone", r#""8 (999) 123-45-67"|phone("RU")"#, r#""+79991234567""#),
    ("random", r#"$env["tags"]|random"#, r#""web""#),
    ("regex_match", r#""AB-12"|regex_match("^[A-Z]+-[0-9]+$")"#, "true"),
    ("regex_replace", r#""AB-12"|regex_replace("([A-Z]+)-([0-9]+)", "$2 $1")"#, r#""12 AB""#),
    ("regex_search", r#""Order 815 of May"|regex_search("Order ([0-9]+)")"#, r#""815""#),
    ("reject", r#"[1, 2, 3]|reject("odd")|list"#, "[2]"),
    ("rejectattr", r#"[{"a": true}, {"a": false}]|rejectattr("a")|list"#, r#"[{"a":false}]"#),
    ("replace", r#"$env["name"]|replace(" ", "_")"#, r#""Ada_Lovelace""#),
    ("reverse", "[1, 2, 3]|reverse|list", "[3,2,1]"),
    ("round", "1.26|round(1)", "1.3"),
    ("safe", r#""<b>"|safe"#, r#""<b>""#),
    ("select", r#"[1, 2, 3]|select("odd")|list"#, "[1,3]"),
    ("selectattr", r#"[{"a": true}, {"a": false}]|selectattr("a")|list"#, r#"[{"a":true}]"#),
    ("sha256", r#""Hi"|sha256"#, r#""3639efcd08abb273b1619e82e78c29a7df02c1051b1820e99fc395dcaa3326b8""#),
    ("slice", "[1, 2, 3]|slice(2)|list", "[[1,2],[3]]"),
    ("slug", r#""Новый лид №5"|slug"#, r#""novyi-lid-no5""#),
    ("sort", r#"$env["tags"]|sort"#, r#"["news","web"]"#),
    ("split", r#""a,b"|split(",")|list"#, r#"["a","b"]"#),
    ("string", "5|string", r#""5""#),
    ("striptags", r#""<p>Hi&nbsp;<b>you</b></p>"|striptags"#, r#""Hi you""#),
    ("sum", "[1, 2, 3]|sum", "6"),
    ("title", r#""ada lovelace"|title"#, r#""Ada Lovelace""#),
    ("titlecase", r#""ANNA-MARIA o'NEILL"|titlecase"#, r#""Anna-Maria O'Neill""#),
    ("to_json", r#"$env["tags"]|to_json"#, r#""[\"web\",\"news\"]""#),
    ("tojson", r#"$env["tags"]|tojson"#, r#""[\"web\",\"news\"]""#),
    ("trim", r#""  a "|trim"#, r#""a""#),
    ("truncate", r#""Ring me today"|truncate(8)"#, r#""Ring me…""#),
    ("unique", r#"["a", "b", "a"]|unique|list"#, r#"["a","b"]"#),
    ("upper", r#"$env["name"]|upper"#, r#""ADA LOVELACE""#),
    ("urlencode", r#""a b&c"|urlencode"#, r#""a%20b%26c""#),
    ("weekday", r#""2026-05-01"|weekday"#, r#""friday""#),
    ("zip", r#"[1, 2]|zip($env["tags"])|list"#, r#"[[1,"web"],[2,"news"]]"#),
];

/// Tests, behind `is` or `is not`.
pub const TESTS: [Example; 42] = [
    ("boolean", "true is boolean", "true"),
    ("date", r#""01.05.2026" is date"#, "true"),
    ("defined", r#"$env["phone"] is defined"#, "false"),
    ("divisibleby", "6 is divisibleby(3)", "true"),
    ("email", r#"$env["email"] is email"#, "true"),
    ("empty", r#"$env["phone"] is empty"#, "true"),
    ("endingwith", r#"$env["email"] is endingwith(".org")"#, "true"),
    ("eq", "5 is eq(5)", "true"),
    ("equalto", "5 is equalto(5)", "true"),
    ("escaped", r#"("<b>"|escape) is escaped"#, "true"),
    ("even", "4 is even", "true"),
    ("false", "false is false", "true"),
    ("filter", r#""upper" is filter"#, "true"),
    ("float", "1.5 is float", "true"),
    ("ge", "5 is ge(5)", "true"),
    ("greaterthan", "5 is greaterthan(4)", "true"),
    ("gt", "5 is gt(4)", "true"),
    ("in", r#""web" is in($env["tags"])"#, "true"),
    ("int", "5 is int", "true"),
    ("integer", "5 is integer", "true"),
    ("iterable", r#"$env["tags"] is iterable"#, "true"),
    ("le", "5 is le(5)", "true"),
    ("lessthan", "4 is lessthan(5)", "true"),
    ("lower", r#"$env["email"] is lower"#, "true"),
    ("lt", "4 is lt(5)", "true"),
    ("mapping", r#"{"a": 1} is mapping"#, "true"),
    ("ne", "5 is ne(4)", "true"),
    ("none", r#"$env["phone"] is none"#, "true"),
    ("number", "1.5 is number", "true"),
    ("odd", "5 is odd", "true"),
    ("phone", r#""+7 999 123-45-67" is phone"#, "true"),
    ("safe", r#"("<b>"|safe) is safe"#, "true"),
    ("sameas", "5 is sameas(5)", "true"),
    ("sequence", r#"$env["tags"] is sequence"#, "true"),
    ("startingwith", r#"$env["email"] is startingwith("ada")"#, "true"),
    ("string", r#"$env["budget"] is string"#, "true"),
    ("test", r#""odd" is test"#, "true"),
    ("true", "true is true", "true"),
    ("undefined", r#"$env["phone"] is undefined"#, "true"),
    ("upper", r#""ADA" is upper"#, "true"),
    ("url", r#""example.org" is url"#, "true"),
    ("workday", r#""2026-05-01" is workday(["05-01", "05-09"])"#, "false"),
];

/// Functions.
pub const FUNCTIONS: [Example; 7] = [
    ("counter", r#"counter("orders")"#, "8"),
    ("dict", "dict(a=1)", r#"{"a":1}"#),
    ("now", r#"now("Europe/Moscow")"#, r#""2026-05-01T13:30:00+03:00""#),
    ("next_of", r#"next_of(["anna", "boris", "clara"], "orders")"#, r#""boris""#),
    ("random", "random(1, 6)", "5"),
    ("range", "range(3)|list", "[0,1,2]"),
    ("uuid", "uuid()", r#""9150a9f1-1b02-407c-a23a-30a97fbe8614""#),
];

/// The names of a table.
pub(super) fn names<const N: usize>(examples: &[Example; N]) -> [&'static str; N] {
    examples.map(|(name, ..)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use serde_json::Value;

    use super::*;
    use crate::comparison::Notes;
    use crate::env::Env;
    use crate::expression::{Expression, Local, Scope, functions};

    /// The first of May 2026, 10:30 in UTC.
    fn local() -> Local {
        let mut local = Local::new(TimeZone::UTC, "2026-05-01T10:30:00Z".parse().unwrap(), "example");
        local.counters.insert("orders".to_owned(), 8);
        local
    }

    #[test]
    fn every_example_of_the_reference_evaluates_to_what_it_says() {
        let empty = Arc::new(Env::default());
        let scope = Scope {
            env: Arc::new(serde_json::from_str(ENV).unwrap()),
            query: Arc::clone(&empty),
            request: Arc::clone(&empty),
            var: Arc::clone(&empty),
            record: None,
            related: empty,
            local: Arc::new(local()),
            notes: Notes::default(),
        };
        let mut wrong = Vec::new();
        for (name, example, result) in FILTERS.into_iter().chain(TESTS).chain(FUNCTIONS) {
            assert!(example.contains(name), "{name}: {example}");
            let expected: Value = serde_json::from_str(result).unwrap();
            match Expression::parse(example).map(|expression| expression.eval(&scope)) {
                Ok(Ok(value)) if value == expected => {}
                other => wrong.push(format!("{example}: {other:?}")),
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    /// What minijinja's environment holds, of which only its debug form has the names.
    fn of_environment(field: &str) -> BTreeSet<String> {
        let all = format!("{:?}", functions::environment());
        let (_, list) = all.split_once(&format!("{field}: [")).unwrap();
        let words = list.split(']').next().unwrap().split(", ").map(|word| word.trim_matches('"').to_owned());
        words.filter(|word| word.starts_with(char::is_alphabetic)).collect()
    }

    #[test]
    fn every_filter_and_test_that_there_is_has_an_example() {
        assert_eq!(names(&FILTERS).map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), of_environment("filters"));
        assert_eq!(names(&TESTS).map(str::to_owned).into_iter().collect::<BTreeSet<_>>(), of_environment("tests"));
    }
}
