//! What a text is written for.

use super::*;

fn written(context: Context, text: &str, posted: &str) -> Result<String, EvalError> {
    let scope = Scope { env: map(json!({"x": posted})), ..scope() };
    Template::parse_for(&json!(text), context).unwrap().text(&scope)
}

/// What stands between the host and the end of the URL that a client makes of a rendered one.
fn parts(url: &str) -> (String, String) {
    let rest = url.strip_prefix("https://a.example").unwrap_or_else(|| panic!("{url}"));
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    (rest[..end].to_owned(), rest[end..].to_owned())
}

#[test]
fn l2_nothing_posted_leaves_its_segment_of_a_path() {
    for (posted, expected) in [
        ("7", "7"),
        ("../../admin?x=1#", "..%2F..%2Fadmin%3Fx%3D1%23"),
        ("..", "%252E%252E"),
        (".", "%252E"),
        ("%2e%2e", "%252e%252e"),
        ("..%2f", "..%252f"),
        ("..\\..\\", "..%5C..%5C"),
        ("a/b", "a%2Fb"),
        ("a?b=c&d", "a%3Fb%3Dc%26d"),
        ("a#b", "a%23b"),
        ("a;b=c", "a%3Bb%3Dc"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
        ("a\tb", "a%09b"),
        ("@evil.example", "%40evil.example"),
        (":8080", "%3A8080"),
        ("//evil.example/", "%2F%2Fevil.example%2F"),
        ("Müller", "M%C3%BCller"),
        ("a+b c", "a%2Bb%20c"),
        ("", ""),
    ] {
        let url = written(Context::Url, r#"https://a.example/c/$env["x"]/notes?k=v"#, posted).unwrap();
        assert_eq!(parts(&url), (format!("/c/{expected}/notes"), "?k=v".to_owned()), "{posted:?}");
    }
}

/// A text, what is posted, and the URL.
const URLS: &[(&str, &str, &str)] = &[
    ("https://a.example/c/.{{ $env['x'] }}/d", ".", "https://a.example/c/%252E%252E/d"),
    ("https://a.example/c/%2e{{ $env['x'] }}", ".", "https://a.example/c/%252E%252E"),
    ("https://a.example/c/..{{ $env['x'] }}?a", "", "https://a.example/c/%252E%252E?a"),
    ("https://a.example/c/$env[\"x\"]\n", "..", "https://a.example/c/%252E%252E"),
    ("https://a.example/c/$env[\"x\"] \t", "..", "https://a.example/c/%252E%252E"),
    ("https://a.example/c/$env[\"x\"]\n?a", "..", "https://a.example/c/%252E%252E?a"),
    ("https://a.example/c/.\n$env[\"x\"]\r/d", ".", "https://a.example/c/%252E%252E/d"),
    ("https://a.example/c/%2\te$env[\"x\"]/d", ".", "https://a.example/c/%252E%252E/d"),
    ("https://a.example/c/$env[\"x\"]\n", "d", "https://a.example/c/d"),
    ("https://a.example/?q={{ {'a': 1, 'admin': $env['x']}|urlencode }}", "b", "https://a.example/?q=a=1%26admin=b"),
    ("https://a.example/?q=1&{{ {'a': 1, 'b': $env['x']}|urlencode }}", "c&d", "https://a.example/?q=1&a=1&b=c%26d"),
    (
        "https://a.example/?{{ {'a': $env['x']}|urlencode }}{{ {'b': 1, 'c': 2}|urlencode }}",
        "1",
        "https://a.example/?a=1b=1%26c=2",
    ),
    (
        "https://a.example/?{{ {'a': 1, 'b': 2}|urlencode }}#{{ {'c': 3, 'd': 4}|urlencode }}",
        "",
        "https://a.example/?a=1&b=2#c=3&d=4",
    ),
    ("https://a.example/a=$env[\"x\"]?{{ {'b': 1, 'c': 2}|urlencode }}", "d", "https://a.example/a=d?b=1&c=2"),
    ("https://a.example/c/../$env[\"x\"]", "d", "https://a.example/c/../d"),
    ("https://a.example?q=$env[\"x\"]&r=1", "a&b=c#d", "https://a.example?q=a%26b%3Dc%23d&r=1"),
    ("https://a.example/#$env[\"x\"]", "a#b&c", "https://a.example/#a%23b%26c"),
    ("https://a.example/?q=a/$env[\"x\"]/b", "..", "https://a.example/?q=a/../b"),
    ("https://a.example/{{ $env['x']|safe }}", "b/c?d=e", "https://a.example/b/c?d=e"),
    ("https://a.example/{{ $env['x']|safe }}$env[\"x\"]", "b?c", "https://a.example/b?cb%3Fc"),
    ("https://a.example/{% if true %}?a=$env[\"x\"]{% endif %}", "b&c", "https://a.example/?a=b%26c"),
    (
        "https://a.example/{% for i in [1, 2] %}{{ $env['x'] }}/{% endfor %}",
        "..",
        "https://a.example/%252E%252E/%252E%252E/",
    ),
    ("https://a.example\\$env[\"x\"]", "a@b", "https://a.example\\a%40b"),
    ("{{ $env['x'] }}/a?b={{ $env['x'] }}", "https://b.example", "https://b.example/a?b=https%3A%2F%2Fb.example"),
    ("https://a.example/{{ $env['x']|escape }}", "a/b<", "https://a.example/a%26%23x2f%3Bb%26lt%3B"),
];

#[test]
fn l2_a_value_is_encoded_by_the_part_of_the_url_in_which_it_stands() {
    for (text, posted, expected) in URLS {
        assert_eq!(written(Context::Url, text, posted).as_deref(), Ok(*expected), "{text}");
    }
}

#[test]
fn l3_markup_is_escaped_in_html_unless_it_is_safe() {
    for (text, expected) in [
        ("<p>$env[\"x\"]</p>", "<p>&lt;b a=&quot;1&quot;&gt;&amp;&#39;</p>"),
        ("$env[\"x\"]", "&lt;b a=&quot;1&quot;&gt;&amp;&#39;"),
        ("<p>{{ $env['x']|upper }}</p>", "<p>&lt;B A=&quot;1&quot;&gt;&amp;&#39;</p>"),
        ("<p>{{ $env['x']|safe }}</p>", "<p><b a=\"1\">&'</p>"),
        ("{% for c in [$env['x']] %}<i>{{ c }}</i>{% endfor %}", "<i>&lt;b a=&quot;1&quot;&gt;&amp;&#39;</i>"),
        ("{{ $env['x']|safe|lower }}", "<b a=\"1\">&'"),
        ("{{ '<i>' ~ $env['x'] }}", "&lt;i&gt;&lt;b a=&quot;1&quot;&gt;&amp;&#39;"),
        ("no markup", "no markup"),
    ] {
        assert_eq!(written(Context::Html, text, "<b a=\"1\">&'").as_deref(), Ok(expected), "{text}");
    }
    assert!(!written(Context::Html, "{{ $env['x']|escape }}", "<b>").unwrap().contains("&amp;lt;"));
}

#[test]
fn a_reference_is_one_mail_address() {
    for (text, posted, expected) in [
        ("$env[\"x\"]", "a@b.example", Some("a@b.example")),
        ("$env[\"x\"]", " Ada <a@b.example> ", Some("Ada <a@b.example>")),
        ("$env[\"x\"]", "a@b.example, c@d.example", None),
        ("x@b.example, $env[\"x\"]", "c@d.example", Some("x@b.example, c@d.example")),
        ("x@b.example, $env[\"x\"]", "c@d.example, e@f.example", None),
        ("$env[\"x\"]@b.example", "a", Some("a@b.example")),
        ("$env[\"x\"] <a@b.example>", "Countess, Ada <c@d.example>", Some("Countess  Ada  c d.example  <a@b.example>")),
        ("\"$env[\"x\"]\" <a@b.example>", "x\" <c@d.example>, \"y", Some("\"x   c d.example    y\" <a@b.example>")),
        ("$env[\"x\"]", "a@b.example\r\nBcc: c@d.example", None),
        ("{{ $env['x']|safe }}", "a@b.example, c@d.example", Some("a@b.example, c@d.example")),
    ] {
        assert_eq!(written(Context::Addresses, text, posted).ok().as_deref(), expected, "{text} {posted}");
    }
    let statements = Template::parse_for(&json!("{% if true %}a@b.example{% endif %}"), Context::Addresses);
    assert!(statements.unwrap_err().to_string().contains("statements cannot stand"));
}

#[test]
fn only_what_is_written_out_names_a_host() {
    for (text, names) in [
        ("https://a.example/$env[\"x\"]", true),
        ("https://a.example?x=$env[\"x\"]", true),
        ("https://a.example#$env[\"x\"]", true),
        ("https://a.example", true),
        ("https://a.example$env[\"x\"]", false),
        ("https://a.example:$env[\"x\"]/", false),
        ("https://$env[\"x\"]@a.example/", false),
        ("https://$env[\"x\"]/", false),
        ("$env[\"x\"]://a.example/", false),
        ("$env[\"x\"]", false),
        ("{{ $env['x']|safe }}", false),
        ("https:$env[\"x\"]", false),
        ("https:/$env[\"x\"]/a://b/", false),
        ("{% if $a %}https://a.example/{% endif %}", false),
        ("https:///$env[\"x\"]", false),
        ("https://?$env[\"x\"]", false),
        ("$var[\"a\"]", true),
        ("$var[\"a\"]/$env[\"x\"]", true),
        ("$var[\"a\"]?x=$env[\"x\"]", true),
        ("$var[\"a\"]#$env[\"x\"]", true),
        ("$var[\"a\"]:8080/$env[\"x\"]", true),
        ("$var[\"a\"]$var[\"b\"]/$env[\"x\"]", true),
        ("$var[\"a\"]://a.example/$env[\"x\"]", true),
        ("$var[\"a\"]://$var[\"b\"]/$env[\"x\"]", true),
        ("https://$var[\"a\"]/$env[\"x\"]", true),
        ("https://$var[\"a\"].example/$env[\"x\"]", true),
        ("$var[\"a\"]$env[\"x\"]", false),
        ("$var[\"a\"]://$env[\"x\"]/a", false),
        ("$var[\"a\"]:///$env[\"x\"]/a", false),
        ("$var[\"a\"]//$env[\"x\"]/a", false),
        ("$var[\"a\"]/\\$env[\"x\"]/a", false),
        ("$var[\"a\"]:$env[\"x\"]/a", false),
        ("$var[\"a\"].example$env[\"x\"]/", false),
        ("$var[\"a\"].example/$env[\"x\"]", false),
        ("$var[\"a\"]//$env[\"x\"]://b/", false),
    ] {
        assert_eq!(Template::parse_for(&json!(text), Context::Url).unwrap().names_its_host(), names, "{text}");
    }
}
