use super::*;

fn read(body: &str) -> Result<String, FieldsError> {
    let limits = Limits { fields: 6, depth: 3, ..Limits::default() };
    parse(body.as_bytes(), &limits).map(|(env, _)| serde_json::to_string(&env).unwrap())
}

#[test]
fn types_nesting_digits_and_order_are_kept() {
    for body in [
        "{}",
        r#"{"z":1.10,"a":-0,"m":12345678901234567890123}"#,
        r#"{"a":[1,"x",true,null,{}]}"#,
        r#"{"a":{"b":["c"]},"":""}"#,
        r#"{"Number":1,"$serde_json":2}"#,
    ] {
        assert_eq!(read(body).as_deref(), Ok(body));
    }
    assert_eq!(read("\u{feff} \r\n{ \"a\" : 1e2 } ").unwrap(), r#"{"a":1e+2}"#);
    assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
    assert_eq!(read(r#"{"\u0061":"\ud83d\ude00"}"#).unwrap(), r#"{"a":"😀"}"#);
}

#[test]
fn what_is_no_object_or_no_json_is_told_apart() {
    for body in ["[]", "[{}]", "1", "\"x\"", "null", " true ", "1e999"] {
        assert_eq!(read(body), Err(FieldsError::NotAnObject), "{body}");
    }
    for (body, place) in [
        ("{", "line 1 column 1"),
        ("{\"a\":1,\n\"b\":}", "line 2 column 5"),
        ("{\"a\":1}x", "line 1 column 8"),
        ("{\"a\":1}{}", "line 1 column 8"),
        ("{a:1}", "line 1 column 2"),
        ("{'a':1}", "line 1 column 2"),
        ("{\"a\":01}", "line 1 column 7"),
        ("{\"a\":\"\n\"}", "line 2 column 0"),
        ("", "line 1 column 0"),
        ("  ", "line 1 column 2"),
        ("a=1", "line 1 column 1"),
    ] {
        let error = read(body).unwrap_err().to_string();
        assert!(error.starts_with("the body is not JSON: ") && error.ends_with(place), "{body}: {error}");
    }
    assert!(matches!(parse(b"{\"a\":\"\xff\"}", &Limits::default()), Err(FieldsError::MalformedJson(_))));
}

#[test]
fn half_a_character_and_a_name_with_two_values_are_told() {
    let read = |body: &str| {
        let (env, altered) = parse(body.as_bytes(), &Limits::default()).unwrap();
        (serde_json::to_string(&env).unwrap().replace('\u{fffd}', "?"), altered.join(" ").replace('\u{fffd}', "?"))
    };
    for (body, json, names) in [
        // C23 of the callers: JavaScript cut an emoji.
        (r#"{"note":"abc\ud83d","b":"\ud83d\ude00"}"#, r#"{"note":"abc?","b":"😀"}"#, "note"),
        (r#"{"a":"\uDE00x","b":{"c":["\ud83d\u0041"]}}"#, r#"{"a":"?x","b":{"c":["?A"]}}"#, "a b"),
        (r#"{"a":"\ude00\ud83d\ude00","d":"\\ud83d"}"#, r#"{"a":"?😀","d":"\\ud83d"}"#, "a"),
        (r#"{"n\ud83d":{"\udc00":1}}"#, r#"{"n?":{"?":1}}"#, "n?"),
        (r#"{"a":"\\\"","b":["\"\uD83D\uD83D"]}"#, r#"{"a":"\\\"","b":["\"??"]}"#, "b"),
        (r#"{"tag":"a","tag":"b","n":{"x":1,"x":2},"s":1,"s":1}"#, r#"{"tag":"b","n":{"x":2},"s":1}"#, "tag n"),
        (r#"{"a":"\ud83d","a":"b","c":1,"c":2}"#, r#"{"a":"b","c":2}"#, "a c"),
    ] {
        assert_eq!(read(body), (json.to_owned(), names.to_owned()), "{body}");
    }
    let error = parse(br#"{"a":"\ud83d","b":}"#, &Limits::default()).unwrap_err();
    assert!(error.to_string().ends_with("line 1 column 19"), "{error}");
    for broken in [r#"{"a":"\ud83d"#, r#"{"a":"\ud8"}"#, r#"{"a":"\"#, r#"{"a":"\ud83d\"#, r#"{"a":"\ud83d\u"}"#] {
        assert!(matches!(parse(broken.as_bytes(), &Limits::default()), Err(FieldsError::MalformedJson(_))), "{broken}");
    }
}

#[test]
fn limits_hold_while_reading() {
    let deep = EnvError::TooDeep { limit: 3, field: "a".into() };
    assert_eq!(read(r#"{"b":1,"a":[[[1]]]}"#), Err(deep.clone().into()));
    assert_eq!(read(&format!("{{\"a\":{}", "[".repeat(500_000))), Err(deep.into()));
    assert_eq!(read(&format!("{{\"a\":[{}", "[],".repeat(300_000))), Err(EnvError::TooManyFields(6).into()));
    assert_eq!(read(r#"{"a":1,"a":1,"a":1,"a":1,"a":1,"a":1,"a":1}"#), Err(EnvError::TooManyFields(6).into()));
}

#[test]
fn a_posted_key_cannot_pass_for_a_number_of_the_library() {
    for body in [
        r#"{"$serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::Number":1}"#,
        r#"{"\u0024serde_json::private::Number":"1"}"#,
        r#"{"$serde_json::private::Number":"\u0031"}"#,
        r#"{"a":{"$serde_json::private::Number":"x"}}"#,
        r#"{"a":1,"$serde_json::private::Number":"1"}"#,
        r#"{"a":[{"b":1,"$serde_json::private::RawValue":"1"}]}"#,
        r#"{"x$serde_json::private::Number":1}"#,
    ] {
        assert_eq!(read(body), Err(FieldsError::ReservedName), "{body}");
    }
}
