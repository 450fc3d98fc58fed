//! Small texts that would cost much: each ends within 100 ms and 16 MiB, with a value or with an error.

use std::time::{Duration, Instant};

use super::*;

fn bombs() -> Vec<String> {
    let nested_loops =
        |levels: usize| "{% for a in range(1000) %}".repeat(levels) + "x" + &"{% endfor %}".repeat(levels);
    let doubled = "{% set a = a + a %}".repeat(60);
    let doubled_text = "{% set a = a ~ a %}".repeat(60);
    let many = |what: &str, between: &str| vec![what; 120].join(between);
    vec![
        nested_loops(2),
        nested_loops(12),
        format!("{{% set a = [1] %}}{doubled}{{{{ a|length }}}}"),
        format!("{{% set a = [1] %}}{doubled}{{{{ 5 in a }}}}"),
        format!("{{% set a = 'x' %}}{doubled_text}{{{{ a }}}}"),
        "{% set a = [] %}{% for i in range(50000) %}{% set a = [a] %}{% endfor %}{{ a == a }}".to_owned(),
        "{% for i in range(100000) %}{% for c in $env['long'] %}{{ c }}{% endfor %}{% endfor %}".to_owned(),
        "{% for i in range(100000) %}$env[\"long\"]{% endfor %}".to_owned(),
        "{% for i in range(100000) if $env['long'] == $env['long'] %}x{% endfor %}".to_owned(),
        "{{ range(100000)|list|sort|reverse|list|unique|list|length }}".to_owned(),
        "{{ range(100000)|map('string')|join(',')|length }}".to_owned(),
        "{{ [range(100000), range(100000), range(100000)]|map('list')|list }}".to_owned(),
        "{{ 'x' * 1000000 * 1000000 }}".to_owned(),
        "{{ ('x' * 1000000)|replace('x', 'y' * 1000000) }}".to_owned(),
        "{{ ('x' * 1000000)|list|length }}".to_owned(),
        "{{ ('x,' * 500000)|split(',')|list|length }}".to_owned(),
        "{{ ('[' * 100000)|from_json }}".to_owned(),
        "{{ ('a\\n' * 300000)|lines|list|length }}".to_owned(),
        "{{ ('a\\n' * 300000)|indent(1000) }}".to_owned(),
        "{{ '%99999999999s'|format('x') }}".to_owned(),
        "{{ 2 ** 100000000 }}".to_owned(),
        "{{ 10 ** 38 ** 9 }}".to_owned(),
        format!("{{{{ {} }}}}", many("$env['list']", " == ")),
        format!("{{{{ {} }}}}", many("$env['long']", " < ")),
        format!("{{{{ {} }}}}", many("$env['long']", " ~ ")),
        format!("{{{{ [{}] }}}}", many("$env['list']", ", ")),
        format!("{{{{ $env['list']{} }}}}", "|list".repeat(120)),
        format!("{{{{ $env['long']{} }}}}", "|upper".repeat(120)),
        format!("{{{{ {}1{} }}}}", "[".repeat(39), "]".repeat(39)),
        format!("{{{{ {}1 }}}}", "not ".repeat(500)),
        "{{".repeat(200_000),
        "{% if ".repeat(100_000),
        "{%a".repeat(200_000),
        "{% raw %}".repeat(50_000),
        "${".repeat(200_000) + "}}>",
        "$env[".repeat(100_000),
        format!("{{{{ '{}' }}}}", "\\u0041".repeat(2_000)),
        "{{ $env['deep'] == $env['deep'] }}".to_owned(),
        "{{ $env['list']|select('in', $env['list'])|list|length }}".to_owned(),
        "{{ $env['list']|groupby(0)|list|length }}".to_owned(),
        "{{ $env['list']|batch(1)|list|length ~ ($env['list']|slice(100000000)|list|length) }}".to_owned(),
        "{{ 'x'|indent(1000000000) }}".to_owned(),
        "{{ $env['list'][::-1][::-1][0:20000:1]|length }}".to_owned(),
        "{% for i in range(20000) %}{% for t in $env['texts'] %}{% endfor %}{% endfor %}".to_owned(),
        "{% for i in range(20000) %}{% set t = $env['texts'][i - i] %}{% endfor %}".to_owned(),
        "{% for i in range(20000) %}{% for a, b in [$env['texts']] %}{% endfor %}{% endfor %}".to_owned(),
        "{% for i in range(20000) if 'x' in $env['texts'] %}{% endfor %}".to_owned(),
        "{% for i in range(20000) if $env['texts'] == $env['texts'] %}{% endfor %}".to_owned(),
        "{% for i in range(20000) if $env['same'] == $env['same'] %}{% endfor %}".to_owned(),
        "{% set t = $env['digits'] %}{% for i in range(20000) if t < 5 %}{% endfor %}".to_owned(),
        "{% set t = $env['long'] %}{% for i in range(20000) if t <= t %}{% endfor %}".to_owned(),
    ]
}

#[test]
fn no_small_text_costs_much() {
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let list: Vec<u32> = (0..20_000).collect();
    let (long, digits) = ("x".repeat(500_000), "5".repeat(500_000));
    let env = json!({"long": long, "list": list, "deep": deep, "digits": digits, "texts": [long, digits], "same": {"a": long}});
    let scope = Scope { env: map(env), ..scope() };
    // The best of three: another test may have the processor meanwhile.
    for text in bombs() {
        let short: String = text.chars().take(80).collect();
        let best = (0..3).map(|_| {
            let began = Instant::now();
            if let Ok(template) = Template::parse(&json!(text)) {
                let rendered = template.text(&scope);
                assert!(rendered.is_err() || rendered.unwrap().len() <= MAX_VALUE_BYTES, "{short}");
            }
            began.elapsed()
        });
        let best = best.min().unwrap();
        let most = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 100 });
        assert!(best < most, "{short}: {best:?}");
    }
}
