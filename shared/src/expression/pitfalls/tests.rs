//! What is found in expressions, and what is not.

use super::*;
use crate::expression::examples::FILTERS;

fn texts(found: &[Message]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_literal_beside_or_is_found_in_conditions_alone() {
    for (source, expected) in [
        (
            r#"$env["plan"] == "a" or "b""#,
            r#""b" alone is always true: to compare with several values, write in ["a", "b"]"#,
        ),
        ("$n == 5 or 6", "in [5, 6]"),
        (r#"$n == 5 and ("x" or $y)"#, r#"in ["x"]"#),
        (r#"not ($a == "x" or "y")"#, r#""y" alone"#),
    ] {
        let found = texts(&of_condition(source));
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    for source in
        [r#"$env["plan"] in ["a", "b"]"#, r#"$a == "x" or $b"#, "$a or true", r#"($a or "x") == "x""#, r#"$a or """#]
    {
        assert_eq!(texts(&of_condition(source)), [""; 0], "{source}");
    }
    assert_eq!(texts(&of_text(r#"{{ $a or "none" }} {{ $b == 1 and "x" or "y" }}"#)), [""; 0]);
    for source in [r#"{% if $a == "x" or "y" %}b{% endif %}"#, r#"{{ 1 if $a == "x" or "y" else 2 }}"#] {
        assert_eq!(of_text(source).len(), 1, "{source}");
    }
}

#[test]
fn arguments_that_never_fit_are_found() {
    for (source, expected) in [
        (r#"{{ $a|format_date("YYYY-MM-DD") }}"#, "YY is not how a date is written here"),
        ("{{ $a|format_date('%Y-%m-%d') }}", "%Y is not"),
        ("$[Now,0,'dd.MM.yyyy']", "dd is not"),
        ("Dear $env [\"name\"]", r#"a blank stands between $env and its brackets: write $env["lastname"]"#),
        ("a {# note #} b", "{# … #} is no comment here"),
        ("On $[Today]", "$[Now] is written as"),
        ("{{ $a|format_date }}", r#"do not fit |format_date, which is used as in "2026-05-01"|format_date("d.m.Y")"#),
        ("{{ $a|add(day=1) }}", "do not fit |add"),
        (r#"{{ $a|replace("a") }}"#, "do not fit |replace"),
        (r#"{{ $a|regex_match("[") }}"#, "the pattern cannot be read"),
        (r#"{{ [1, $a|upper(5)]|join }}"#, "do not fit |upper"),
        (r#"{{ $a|map("price")|sum }}"#, r#"|map(attribute="price")"#),
    ] {
        let found = texts(&of_text(source));
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    for source in [
        r#"{{ $a|format_date("d.m.Y H:i", zone="Europe/Moscow") }}"#,
        r#"{{ $a|map("upper")|map("default", "x")|join }}"#,
        "{{ $a|format_date($f) }}",
        r#"{{ $a|regex_match("^[0-9]+$") and $b|regex_match($c) }}"#,
        "$[Now,0,'d.m.Y'] %Y dd",
        "{{ $a|add(days=$n) }}",
        "$env[\"a\"] [\"b\"] and $[1], $$[Today], {#",
    ] {
        assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
    }
    for (name, example, _) in FILTERS {
        assert_eq!(texts(&of_condition(example)), [""; 0], "{name}");
    }
}

#[test]
fn a_zone_that_nobody_knows_is_found() {
    for (source, expected) in [
        (r#"{{ now("Europe/Moskow") }}"#, "did you mean `Europe/Moscow`?"),
        (r#"{{ now(zone="MSK") }}"#, "did you mean `Europe/Moscow`?"),
        (r#"{{ now("Nowhere/City")|format_date("H") }}"#, "zone: must be the name of a time zone"),
        (r#"{{ $a|parse_date(zone="Berlin") }}"#, "did you mean `Europe/Berlin`?"),
        (r#"{{ $a|format_date("H", zone="Europe/Moskow") }}"#, "did you mean `Europe/Moscow`?"),
        (r#"{% if $a|weekday(zone="x") == "monday" %}b{% endif %}"#, "zone: must be"),
        (r#"{{ $a|add(days=1, zone="Europe/Berln") }}"#, "did you mean `Europe/Berlin`?"),
    ] {
        let found = texts(&of_text(source));
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    for source in [
        r#"{{ now("UTC") }} {{ now("+03:00") }} {{ now($env["zone"]) }} {{ now() }}"#,
        r#"{{ $a|parse_date(zone="Asia/Yekaterinburg")|weekday(zone=$zone) }}"#,
    ] {
        assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
    }
}

#[test]
fn a_count_as_other_languages_write_it_is_found() {
    for (source, expected) in [
        (r#"{{ $env["items"].length }}"#, ".length reads a value that is named length: write |length to count"),
        ("{{ $env.items.length > 2 }}", ".length reads"),
        ("{% for a in $b %}{{ a.size }}{% endfor %}", ".size reads"),
        (r#"{{ ($env["a"]|split(",")).count }}"#, ".count reads"),
        (r#"$env["items"].length items"#, ".length reads"),
    ] {
        let found = texts(&of_text(source));
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    assert_eq!(of_condition(r#"$env["items"].length > 0"#).len(), 1);
    for source in [
        r#"{{ $env["parcel"]["length"] }} {{ $env.length }} {{ $env["items"]|length }}"#,
        "{% for a in $b %}{{ loop.length }}{% endfor %}",
        r#"$env["host"].example.org, $lastname. Length"#,
    ] {
        assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
    }
}

#[test]
fn what_a_text_would_write_as_it_stands_is_found() {
    for (source, expected) in [
        (r#"Dear $env->name"#, r#"$env alone is all values: for one of them write $env["name"]"#),
        (r#"Dear $env("name")"#, r#"write $env["name"]"#),
        ("Dear ${name}!", r#"${name} is plain text here: write $env["name"]"#),
        (r#"Dear $env["name"]|upper!"#, r#"a filter outside of braces is plain text: write {{ $env["a"]|upper }}"#),
        ("{% if $a %}b{% else if $c %}d{% endif %}", "{% else if … %} is written {% elif … %}"),
        ("{% if $a %}b{%- else if $c -%}d{% endif %}", "{% elif … %}"),
    ] {
        let found = texts(&of_text(source));
        assert!(found.len() == 1 && found[0].contains(expected), "{source}: {found:?}");
    }
    for source in [
        "{% if $a %}b{% else %}d{% endif %}",
        "{% if $a %}b{%else%}d{% endif %}",
        "$${name} ${HOME $firstname|$lastname|",
        r#"$env["a"] (b), $env["a"]-b"#,
    ] {
        assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
    }
}

#[test]
fn a_sum_that_a_loop_forgets_is_found() {
    let sum = "{% set n = 0 %}{% for a in $b %}{% set n = n + a %}{% endfor %}{{ n }}";
    let found = texts(&of_text(sum));
    assert!(found.len() == 1 && found[0].starts_with("each item of a loop begins with n as it was"), "{found:?}");
    for source in [
        "{% set n = 0 %}{% set n = n + 1 %}{{ n }}",
        "{% set n = 0 %}{% for a in $b %}{% set n = a * 2 %}{{ n }}{% endfor %}",
        "{% for a in $b %}{% set n = a %}{% set n = n + 1 %}{{ n }}{% endfor %}",
    ] {
        assert_eq!(texts(&of_text(source)), [""; 0], "{source}");
    }
}
