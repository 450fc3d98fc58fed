//! What strangers have sent, or might: the answer is a map or a refusal with a reason, and it comes soon.

use std::time::{Duration, Instant};

use super::*;
use crate::intake::error::ApiError;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=XX";
const JSON: &str = "application/json";

#[rustfmt::skip]
const FORMS: [&[u8]; 34] = [
    b"=", b"&", b"==", b"&=&", b"%", b"%%", b"%0", b"+", b"a=%", b"a=%f", b"a=%ff", b"a=%u0041", b"a=%C0%80",
    b"a=%ED%A0%80", b"a=%F4%90%80%80", b"%EF%BB%BFa=1", b"a=\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff\0a\0=", b"\0",
    b"a\0=1", b"a[", b"a[]", b"a]", b"[]", b"[", b"[][]=", b"a[][][][][][][][][][][][][][][][][][]=1",
    b"a=1&a[]=2&a[b]=3&a[b][]=4&a[][b]=5&a=6&a[0]=7", b"a[__proto__]=1&__proto__[x]=1",
    b"a[0]=1&a[18446744073709551616]=2", b"a\r\nb=1", b"a=1\r\n", b"a[%5D]=1",
];
#[rustfmt::skip]
const REPEATED: [&str; 16] = [
    "&", "=", "a&", "a=1&", "a[]=1&", "a[b]=1&", "a[][b]=1&", "a[0]=1&a[]=2&", "%", "+", "[", "a[", "[]", "%41", "{",
    "{\"a\":",
];
#[rustfmt::skip]
const OBJECTS: [&[u8]; 26] = [
    b"{", b"}", b"{}}", b"{]", b"{\"a\"}", b"{\"a\":}", b"{\"a\":1,}", b"{,}", b"{\"a\":NaN}", b"{\"a\":-}",
    b"{\"a\":1.}", b"{\"a\":1e}", b"{\"a\":0x1}", b"{\"a\":'b'}", b"{\"a\":\"\\x\"}", b"{\"a\":\"\\ud800\"}",
    b"{\"a\":\"\\udc00\\ud800\"}", b"{\"a\":\"\xff\"}", b"{\"\xc3\":1}", b"\xff\xfe{\0}\0", b"{\"a\":1}\0",
    b"{\"\\u0000\":1}", b"/**/{}", b"{\"a\":1e400}", b"{\"$serde_json::private::RawValue\":\"{\"}",
    b"{\"a\":{\"$serde_json::private::Number\":\"9\"}}",
];
#[rustfmt::skip]
const PARTS: [&[u8]; 18] = [
    b"-", b"--", b"--XX", b"--XX--", b"--XX\r\n", b"--XX\r\n\r\n", b"--XX\r\n\r\n\r\n--XX--", b"--XX\n\n1\n--XX--",
    b"--XXX\r\n", b"--XX\r\n: x\r\n\r\n1\r\n--XX--", b"--XX\r\nContent-Disposition\r\n\r\n1\r\n--XX--",
    b"\r\n--XX\r\n\r\n--XX\r\n\r\n--XX", b"preamble--XX--", b"--XX--epilogue", b"--XX\r\nA: b\r\n c\r\n\r\n1\r\n--XX--",
    b"--XX --", b"--XX\t\r\n", b"--XX\0\r\n",
];
const PART_HEADERS: [&str; 9] = [
    "Content-Disposition: form-data",
    "Content-Disposition: form-data; name",
    "Content-Disposition: form-data; name=\"a",
    "Content-Disposition: attachment; filename=x",
    "Content-Disposition: form-data; name=\"\"",
    "X: y",
    "Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=klingon",
    "Content-Disposition: form-data; name=a\r\nContent-Type: ;;;",
    "Content-Disposition: form-data; name=\"a\"; filename=\"\0\"",
];
const CONTENT_TYPES: [&str; 14] = [
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\"",
    "multipart/form-data; boundary=\u{1}",
    ";",
    "/",
    "json",
    "text/html",
    "application/json; charset=",
    "+json",
    "application/octet-stream",
    "multipart/mixed; boundary=XX",
    "application/json; charset=replacement",
    "application/x-www-form-urlencoded; charset=\"\\\"",
    "\u{e9}+jsoñ",
];

fn large_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let part = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n";
    let mut bodies: Vec<_> = REPEATED.iter().map(|repeated| (FORM, repeated.repeat(200_000))).collect();
    bodies.extend([
        (FORM, format!("a{}=1", "[b]".repeat(200_000))),
        (FORM, (0..200_000).map(|number| format!("a{number}&")).collect()),
        (JSON, "{\"a\":".repeat(200_000)),
        (JSON, "[".repeat(200_000)),
        (JSON, "{\"a\":".repeat(17)),
        (JSON, "{\"a\":[".repeat(100)),
        (JSON, format!("{{\"a\":[{}1]}}", "[],".repeat(300_000))),
        (JSON, format!("{{{}\"b\":1}}", "\"a\":1,".repeat(150_000))),
        (JSON, format!("{{\"a\":1{}}}", "0".repeat(1_000_000))),
        (JSON, format!("{{\"a\":1e-{}}}", "9".repeat(1_000_000))),
        (JSON, format!("[{}", "{\"a\":".repeat(100_000))),
        (MULTIPART, format!("--XX\r\n{}\r\n1\r\n--XX--", "X: y\r\n".repeat(1_000))),
        (MULTIPART, format!("{}--XX--", part.repeat(15_000))),
        (MULTIPART, "\r\n--X".repeat(200_000)),
        (MULTIPART, "--XX\r\n".repeat(150_000)),
        (MULTIPART, format!("--XX{}", " ".repeat(1_000_000))),
    ]);
    bodies.into_iter().map(|(content_type, body)| (content_type, body.into_bytes())).collect()
}

#[test]
fn a_hostile_body_is_read_or_refused_with_a_reason() {
    let mut bodies = large_bodies();
    bodies.extend(FORMS.map(|body| (FORM, body.to_vec())));
    bodies.extend(OBJECTS.map(|body| (JSON, body.to_vec())));
    bodies.extend(PARTS.map(|body| (MULTIPART, body.to_vec())));
    bodies.extend(PART_HEADERS.map(|head| (MULTIPART, format!("--XX\r\n{head}\r\n\r\n1\r\n--XX--").into_bytes())));
    bodies.extend(CONTENT_TYPES.map(|content_type| (content_type, b"{\"a\":1".to_vec())));
    let settings = FieldSettings {
        limits: Limits::default(),
        charset: None,
        overriding: None,
        files: Files::Refuse,
        raw: false,
        batch: false,
    };
    for (content_type, body) in bodies {
        let begins = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let started = Instant::now();
        if let Err(error) = fields(Some(content_type), &body, &settings) {
            let error = ApiError::from(error);
            assert!((400..500).contains(&error.code.status()), "{content_type}: {begins}");
            assert!((10..400).contains(&error.message.to_string().len()), "{content_type}: {begins}: {error}");
        }
        // A hundred thousand fields are read first, here without optimisation and beside other tests.
        assert!(started.elapsed() < Duration::from_secs(8), "{content_type}: {begins} took {:?}", started.elapsed());
    }
}
