//! Statements in texts.

use super::*;

#[test]
fn l7_statements_work_in_texts() {
    for (text, expected) in [
        ("{% if $env['flag'] %}yes{% endif %}!", "yes!"),
        ("{% if $env['empty'] %}a{% elif $env['n'] == 5 %}b{% else %}c{% endif %}", "b"),
        ("{% if $env['unknown'] %}a{% else %}$lastname{% endif %}", "Record"),
        ("{% for tag in $env['tags'] %}<{{ tag }}>{% endfor %}", "<a><b><3><><true>"),
        (
            "{% for n in [1, 2, 3] if n > 1 %}{{ loop.index }}:{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "1:2, 2:3",
        ),
        ("{% for n in [] %}{{ n }}{% else %}none{% endfor %}", "none"),
        ("{% for key, value in $env['map']|items %}{{ key }}={{ value }};{% endfor %}", "z=1;a=10, {\"deep\":\"x\"};"),
        ("{% for key, value in $env['map'] %}{{ key }}={{ value }};{% endfor %}", "z=1;a=10, {\"deep\":\"x\"};"),
        ("{% set total = 2 + 3 %}{{ total }}{% set total = total * 2 %}/{{ total }}", "5/10"),
        ("{% for a in [1, 2] %}{% for b in [3, 4] %}{{ a * b }} {% endfor %}{% endfor %}", "3 4 6 8 "),
        ("a  {%- if true -%}  b  {%- endif -%}  c", "abc"),
        ("{% raw %}{{ $lastname }} {% if %}{% endraw %}$lastname", "{{ $lastname }} {% if %}Record"),
        ("50 {% 7 %} and {%}", "50 {% 7 %} and {%}"),
        ("{% if $env['tags'][0] == \"a\" %}it ends with %}{% endif %}", "it ends with %}"),
    ] {
        assert_eq!(value(text), Ok(json!(expected)), "{text}");
    }
}

#[test]
fn a_loop_takes_a_text_as_one_item_as_for_each_does() {
    for (posted, expected, is_noted) in [
        (json!("web"), "<web>", false),
        (json!("web, news"), "<web, news>", true),
        (json!("[1, 2]"), "<[1, 2]>", true),
        (json!(" "), "none", false),
        (json!(null), "none", false),
        (json!(5), "<5>", false),
        (json!(true), "<true>", false),
        (json!(["a", "b"]), "<a><b>", false),
        (json!({"k": 1}), "<k>", false),
    ] {
        let scope = Scope { env: map(json!({"x": posted})), ..scope() };
        let template = Template::parse(&json!("{% for a in $env['x'] %}<{{ a }}>{% else %}none{% endfor %}")).unwrap();
        assert_eq!(template.text(&scope), Ok(expected.to_owned()), "{posted}");
        assert_eq!(scope.notes.take().is_some(), is_noted, "{posted}");
    }
    assert_eq!(value("{% for a in 'a,b'|split(',') %}<{{ a }}>{% endfor %}"), Ok(json!("<a><b>")));
    assert_eq!(value("{% for a in 'ab'|list %}<{{ a }}>{% endfor %}"), Ok(json!("<a><b>")));
}

#[test]
fn what_is_wrong_in_a_statement_is_said_at_its_place() {
    for (text, expected) in [
        ("{% if $a %}b", "{% if %} is not closed by {% endif %}"),
        ("{% for a in $b %}", "{% for %} is not closed by {% endfor %}"),
        ("{% endif %}", "{% endif %} stands behind no {% if %}"),
        ("{% else %}", "{% else %} stands behind no {% if %}"),
        ("{% for a in $b %}{% else %}{% else %}{% endfor %}", "{% else %} stands behind no {% if %}"),
        ("{% fro a in $b %}{% endfor %}", "unknown statement fro: did you mean `for`?"),
        ("{% include 'a' %}", "unknown statement include"),
        ("{% for a of $b %}{% endfor %}", "a loop is written {% for item in"),
        ("{% set a %}", "a name is set as in"),
        ("{% if $a = 1 %}{% endif %}", "= is written == in a comparison"),
        ("{% for a in [1] %}{% endfor %}{{ a }}", "unknown name a"),
        ("{% raw %}", "{% raw %} is not closed"),
        ("one\ntwo {{ 1 + }}\n", "line 2, column 12: unexpected end"),
        ("one\ntwo\n  {{ $env['a']|uper }}", "line 3, column 16: unknown filter uper"),
    ] {
        let message = syntax(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
    let nested = |levels: usize| "{% if true %}".repeat(levels) + "a" + &"{% endif %}".repeat(levels);
    assert_eq!(value(&nested(16)), Ok(json!("a")));
    assert!(syntax(&nested(17)).contains("nested deeper than 16"));
}

#[test]
fn what_a_statement_reads_is_known() {
    let template =
        Template::parse(&json!("{% for a in $env['list'] if $env['b'] %}$(x_id: (Xs) f){{ a }}{% endfor %}"));
    let reads = template.unwrap().reads().clone();
    assert_eq!(
        (reads.names.into_iter().collect::<Vec<_>>(), reads.related.len()),
        (vec!["b".into(), "list".into()], 1)
    );
}
