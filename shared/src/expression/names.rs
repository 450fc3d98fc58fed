//! Filters and tests as other programs call them, for suggestions.

/// Filters as PHP and other programs call them.
pub(super) const OTHER_FILTERS: [(&str, &str); 18] = [
    ("strip", "trim"),
    ("size", "length"),
    ("explode", "split"),
    ("implode", "join"),
    ("concat", "join"),
    ("ucfirst", "capitalize"),
    ("ucwords", "title"),
    ("camelcase", "title"),
    ("number", "float"),
    ("numeric", "float"),
    ("date", "format_date"),
    ("strftime", "format_date"),
    ("sprintf", "format"),
    ("html", "escape"),
    ("htmlspecialchars", "escape"),
    ("json_decode", "from_json"),
    ("json_encode", "to_json"),
    ("keys", "items"),
];

/// Tests as other programs call them.
pub(super) const OTHER_TESTS: [(&str, &str); 9] = [
    ("mail", "email"),
    ("blank", "empty"),
    ("null", "none"),
    ("nil", "none"),
    ("numeric", "number"),
    ("array", "sequence"),
    ("list", "sequence"),
    ("dict", "mapping"),
    ("text", "string"),
];
