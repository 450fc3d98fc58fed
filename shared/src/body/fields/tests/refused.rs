//! What is refused, and in which words.

use super::*;

#[test]
fn a_refusal_names_the_fault_and_no_value() {
    for (content_type, body, message) in [
        (FORM, &b"ok=1&name=%ffsecret"[..], "field \"name\" is not text in UTF-8"),
        (FORM, b"name=\xc3\xa4\xc3", "field \"name\" is not text in UTF-8"),
        (FORM, b"n%ffame=secret", "field \"n\u{fffd}ame\" is not text in UTF-8"),
        (FORM, b"name=%00secret", "field \"name\" holds a NUL character, which cannot be stored"),
        (FORM, b"na%00me=secret", "field \"na\\0me\" holds a NUL character, which cannot be stored"),
        (FORM, b"a=1&_charset_=klingon", "charset \"klingon\" is not supported here"),
        (FORM, b"$serde_json::private::Number=1", "a field name must not contain \"$serde_json::private::\""),
        ("application/x-www-form-urlencoded; charset=klingon", b"a=1", "charset \"klingon\" is not supported here"),
        (
            "application/x-www-form-urlencoded; charset=iso-2022-kr",
            b"a=1",
            "charset \"iso-2022-kr\" is not supported here",
        ),
        (JSON, b"[{\"a\":\"secret\"}]", "the JSON body is not an object"),
        (JSON, b"secret", "the body is not JSON: expected value at line 1 column 1"),
        (JSON, b"{\"secret\":", "the body is not JSON: EOF while parsing a value at line 1 column 10"),
        (JSON, b"{\"a\":\"\\u0000\"}", "field \"a\" holds a NUL character, which cannot be stored"),
        (JSON, b"{\"a\":[1e999]}", "field \"a\" holds a number that is out of range"),
        ("application/json; charset=utf-16", b"{\0\"\0a\0\0\xd8", "field \"body\" is not text in UTF-16LE"),
        ("text/plain", b"a=secret", "content type \"text/plain\" is not supported: send a form or a JSON object"),
        ("text/plain", b"{\"secret\"", "the body is not JSON: EOF while parsing an object at line 1 column 9"),
        (
            "application/xml",
            b"<secret/>",
            "content type \"application/xml\" is not supported: send a form or a JSON object",
        ),
        (
            "application/octet-stream",
            b"secret=1",
            "content type \"application/octet-stream\" is not supported: send a form or a JSON object",
        ),
        (
            "application/rtf",
            b"{\\rtf1 secret}",
            "content type \"application/rtf\" is not supported: send a form or a JSON object",
        ),
        ("multipart/form-data", b"--XX--", "the body is not multipart/form-data: it names no boundary"),
        (MULTIPART, b"secret", "the body is not multipart/form-data: its parts do not end where its boundary says"),
    ] {
        assert_eq!(read(content_type, body).unwrap_err(), message);
    }
    let long = format!("{}=1", "x".repeat(257));
    assert!(read(FORM, long.as_bytes()).unwrap_err().starts_with("a field name is longer than 256 bytes"));
    let types = "application/xml".repeat(100);
    assert!(read(&types, b"x").unwrap_err().len() < 150);
}

#[test]
fn what_is_sent_as_a_form_and_is_none_is_refused() {
    for (content_type, body, message) in [
        (
            FORM,
            &br#"{"email": "a@example.org","#[..],
            "the body is not JSON: EOF while parsing a value at line 1 column 26",
        ),
        (
            FORM,
            b"<lead><email>a@example.org</email></lead>",
            "the body is sent as a form, but begins like XML: name its content type",
        ),
        (FORM, br#"[{"email":"a@example.org"}]"#, "the JSON body is not an object"),
        (FORM, br#"{"url":"http://x/?a=b&c","#, "the body is not JSON: EOF while parsing a value at line 1 column 25"),
        (
            FORM,
            b"%7B%22a%22%3A%22secret%22%7D=",
            "the body is sent as a form, but begins like JSON: name its content type",
        ),
        (
            "",
            b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX--",
            "the body is sent as a form, but begins like multipart/form-data: name its content type",
        ),
    ] {
        assert_eq!(read(content_type, body).unwrap_err(), message);
    }
}
