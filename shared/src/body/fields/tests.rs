mod refused;
mod wide_parts;

use std::time::{Duration, Instant};

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=XX";
const JSON: &str = "application/json";

fn settings() -> FieldSettings {
    FieldSettings {
        limits: Limits::default(),
        charset: None,
        overriding: None,
        files: Files::Refuse,
        raw: false,
        batch: false,
    }
}

fn read_with(content_type: &str, body: &[u8], settings: &FieldSettings) -> Result<String, String> {
    match fields(Some(content_type), body, settings) {
        Ok(fields) => Ok(serde_json::to_string(&fields.env).unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

fn read(content_type: &str, body: &[u8]) -> Result<String, String> {
    read_with(content_type, body, &settings())
}

/// A multipart body of `headers, blank line, content`.
fn multipart(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, content) in parts {
        body.extend_from_slice(format!("--XX\r\n{headers}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--XX--\r\n");
    body
}

fn named(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

#[test]
fn every_type_gives_the_same_map() {
    for (content_type, body, json) in [
        (FORM, "lastname=Lovelace&tag=a&tag=b", r#"{"lastname":"Lovelace","tag":["a","b"]}"#),
        ("Application/X-WWW-Form-Urlencoded;charset=UTF-8", "a=%C3%A4", r#"{"a":"ä"}"#),
        ("", "a=1&", r#"{"a":"1"}"#),
        (" ; charset=utf-8", "a=1", r#"{"a":"1"}"#),
        (FORM, "a=b c&d=e+f%20g", r#"{"a":"b c","d":"e f g"}"#),
        (FORM, "a%5Bb%5D=1&a%5Bc%5D=2", r#"{"a":{"b":"1","c":"2"}}"#),
        (FORM, "\u{feff}a=1", r#"{"a":"1"}"#),
        (FORM, "a=1;b=2", r#"{"a":"1;b=2"}"#),
        (FORM, "100%=50%", r#"{"100%":"50%"}"#),
        (FORM, "&&&", "{}"),
        (FORM, r#"{"a":1}"#, r#"{"a":1}"#),
        ("", "\u{feff} {\"a\":[1.0,null]}", r#"{"a":[1.0,null]}"#),
        (FORM, "{a}=1", r#"{"{a}":"1"}"#),
        ("text/plain;charset=UTF-8", r#"{"a":1}"#, r#"{"a":1}"#),
        (JSON, r#"{"a":{"b":[true]}}"#, r#"{"a":{"b":[true]}}"#),
        ("application/json; charset=\"utf-8\"", r#"{"a":"ä"}"#, r#"{"a":"ä"}"#),
        ("application/vnd.api+JSON", r#"{"a":1}"#, r#"{"a":1}"#),
        ("application/xml", "", "{}"),
        // C17 of the callers, and what else is sent with a JSON object.
        ("text/json", r#"{"a":1}"#, r#"{"a":1}"#),
        ("application/octet-stream", r#"{"a":1}"#, r#"{"a":1}"#),
        ("*/*", r#"{"a":1}"#, r#"{"a":1}"#),
        ("text/html; charset=UTF-8", r#"{"a":1}"#, r#"{"a":1}"#),
        ("json", r#"{"a":1}"#, r#"{"a":1}"#),
        ("application/x-javascript", r#"{"a":1}"#, r#"{"a":1}"#),
        ("application/reports+json;v=1", r#"{"a":1}"#, r#"{"a":1}"#),
        // A person names the type of what was sent as a form.
        (JSON, "%7B%22a%22%3A%22b+c%22%7D=", r#"{"a":"b c"}"#),
        (JSON, "%7b%22a%22:1}", r#"{"a":1}"#),
        (MULTIPART, "", "{}"),
        (JSON, "", "{}"),
    ] {
        assert_eq!(read(content_type, body.as_bytes()).as_deref(), Ok(json), "{content_type}: {body}");
    }
    assert_eq!(fields(None, b"a=1", &settings()).unwrap().env.get("a").unwrap(), "1");
    assert_eq!(fields(None, b"", &settings()), Ok(Fields::default()));
}

#[test]
fn charsets_are_known_by_habit_and_json_takes_that_of_the_permission() {
    let privet = "{\"a\":\"привет\"}";
    let cyrillic = FieldSettings { charset: Some(encoding_rs::WINDOWS_1251), ..settings() };
    for (content_type, body, settings) in [
        // Names that the standard does not have.
        ("x; charset=UTF_8", "a=привет".as_bytes(), cyrillic),
        ("x; charset=utf8mb4", "a=привет".as_bytes(), settings()),
        ("x; charset=windows_1251", &b"a=%EF%F0%E8%E2%E5%F2"[..], settings()),
        ("x; charset=Win-1251", &b"a=%EF%F0%E8%E2%E5%F2"[..], settings()),
        ("x; charset=cp-1251", &b"a=%EF%F0%E8%E2%E5%F2"[..], settings()),
        // Two types that a proxy has joined.
        ("x; charset=windows-1251, image/png", &b"a=%EF%F0%E8%E2%E5%F2"[..], settings()),
        ("application/json, application/json", "{\"a\":\"привет\"}".as_bytes(), settings()),
        // JSON without a charset is in that of the permission, if it is no UTF-8.
        ("application/json", b"{\"a\":\"\xef\xf0\xe8\xe2\xe5\xf2\"}", cyrillic),
        ("application/json", "{\"a\":\"привет\"}".as_bytes(), cyrillic),
    ] {
        let content_type = content_type.replacen('x', FORM, 1);
        assert_eq!(read_with(&content_type, body, &settings).as_deref(), Ok(privet), "{content_type}");
    }
    let undecodable = FieldsError::Undecodable { field: "body".into(), charset: "UTF-8" };
    for content_type in ["application/json", "application/json; charset=utf-8", "text/plain"] {
        assert_eq!(
            fields(Some(content_type), b"{\"a\":\"\xef\"}", &settings()),
            Err(undecodable.clone()),
            "{content_type}"
        );
    }
}

#[test]
fn text_is_read_in_the_charset_of_header_then_field_then_permission() {
    let privet = "{\"a\":\"привет\"}";
    let cyrillic = FieldSettings { charset: Some(encoding_rs::WINDOWS_1251), ..settings() };
    for (content_type, body, settings, expected) in [
        ("x; charset=windows-1251", &b"a=%EF%F0%E8%E2%E5%F2"[..], settings(), privet),
        ("x; charset=\"CP1251\"", b"a=\xef\xf0\xe8\xe2\xe5\xf2", settings(), privet),
        ("x", b"a=%EF%F0%E8%E2%E5%F2", cyrillic, privet),
        ("x; charset=utf-8", "a=привет".as_bytes(), cyrillic, privet),
        ("x; charset=", b"a=%EF%F0%E8%E2%E5%F2", cyrillic, privet),
        ("x; charset=utf-16", "a=привет".as_bytes(), cyrillic, privet),
        ("x", b"%E0=1", cyrillic, "{\"а\":\"1\"}"),
        ("x; charset=shift_jis", b"a=%83%5B", settings(), "{\"a\":\"ゼ\"}"),
        ("x; charset=iso-8859-1", b"a=%80", settings(), "{\"a\":\"€\"}"),
        // UTF-8 under the label of single bytes: C22 of the callers and its kind.
        ("x; charset=iso-8859-1", "a=привет".as_bytes(), settings(), privet),
        ("x; charset=windows-1251", b"a=%D0%BF%D1%80%D0%B8%D0%B2%D0%B5%D1%82", settings(), privet),
        ("x", "a=привет".as_bytes(), cyrillic, privet),
        ("x; charset=windows-1251", "a=ё&b=\u{444}".as_bytes(), settings(), "{\"a\":\"ё\",\"b\":\"ф\"}"),
        // Two letters of windows-1251 may be UTF-8; beside others they are not.
        ("x; charset=windows-1251", b"a=%C5%B8&b=%EF", settings(), "{\"a\":\"Её\",\"b\":\"п\"}"),
        ("x; charset=shift_jis", "a=\u{e9}".as_bytes(), settings(), "{\"a\":\"ﾃｩ\"}"),
    ] {
        let content_type = content_type.replacen('x', FORM, 1);
        assert_eq!(read_with(&content_type, body, &settings).as_deref(), Ok(expected), "{content_type}");
    }
    let chosen = FieldSettings { overriding: Some(encoding_rs::WINDOWS_1251), ..settings() };
    for (content_type, body) in [
        ("x; charset=utf-8", &b"a=%EF%F0%E8%E2%E5%F2"[..]),
        ("x; charset=none", b"a=%EF%F0%E8%E2%E5%F2"),
        ("application/json", b"{\"a\":\"\xef\xf0\xe8\xe2\xe5\xf2\"}"),
    ] {
        let content_type = content_type.replace('x', FORM);
        assert_eq!(read_with(&content_type, body, &chosen).as_deref(), Ok(privet), "{content_type}");
    }
    let part = b"--b\r\ncontent-disposition: form-data; name=a\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n\xef\r\n--b--";
    assert_eq!(read_with("multipart/form-data; boundary=b", part, &chosen).unwrap(), "{\"a\":\"п\"}");
    let json = "{\"a\":\"привет\"}".as_bytes();
    for (content_type, body) in
        [("application/json; charset=ISO-8859-1", json), ("application/json; charset=cp1251", json)]
    {
        assert_eq!(read(content_type, body).as_deref(), Ok(privet), "{content_type}");
        assert_eq!(read_with(content_type, body, &chosen).as_deref(), Ok(privet), "{content_type}");
    }
    for (header, part) in [("", "; charset=iso-8859-1"), ("; charset=iso-8859-1", "")] {
        let part = format!("{}\r\nContent-Type: text/plain{part}", named("a"));
        let body = multipart(&[(&part, "привет".as_bytes())]);
        assert_eq!(read(&format!("{MULTIPART}{header}"), &body).as_deref(), Ok(privet), "{part}");
    }
    let own = "a=%EF&_charset_=windows-1251";
    assert_eq!(read(FORM, own.as_bytes()).unwrap(), r#"{"a":"п","_charset_":"windows-1251"}"#);
    assert_eq!(read(FORM, b"a=1&_charset_=").unwrap(), r#"{"a":"1","_charset_":""}"#);
    let json = b"{\"a\":\"\xef\xf0\xe8\xe2\xe5\xf2\"}";
    assert_eq!(read("application/json; charset=windows-1251", json).unwrap(), privet);
}

#[test]
fn json_in_utf_16_is_read_by_its_mark_or_its_header() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (json, marked) = (wide("{\"a\":\"привет\"}"), wide("\u{feff}{\"a\":\"привет\"}"));
    let big: Vec<u8> = marked.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let chosen = FieldSettings { overriding: Some(encoding_rs::UTF_16LE), ..settings() };
    for (content_type, body, settings) in [
        (JSON, &marked, settings()),
        (JSON, &big, settings()),
        (FORM, &marked, settings()),
        ("text/plain", &marked, settings()),
        ("application/json; charset=utf-16", &json, settings()),
        ("application/json; charset=utf-16be", &marked, settings()),
        (JSON, &json, chosen),
    ] {
        assert_eq!(read_with(content_type, body, &settings).as_deref(), Ok("{\"a\":\"привет\"}"), "{content_type}");
    }
    // A label of a program that sends UTF-8.
    assert_eq!(read("application/json; charset=utf-16", "{\"a\":\"ä\"}".as_bytes()).as_deref(), Ok("{\"a\":\"ä\"}"));
}

#[test]
fn a_multipart_form_gives_its_texts_and_not_its_files() {
    let untouched =
        "Content-Disposition: form-data; name=\"cv\"; filename=\"\"\r\nContent-Type: application/octet-stream";
    let body = multipart(&[
        (&named("lastname"), b"Lovelace"),
        (&named("tag[]"), b"a"),
        (&named("tag[]"), b""),
        (untouched, b""),
        ("content-disposition: form-data; name=note\r\ncontent-type: text/plain; charset=windows-1251", b"\xef\r\n--X"),
        (&named("a; filename=b"), b"1"),
        (&named("q\\\"uote"), b"2"),
    ]);
    let expected = r#"{"lastname":"Lovelace","tag":["a",""],"note":"п\r\n--X","a; filename=b":"1","q\"uote":"2"}"#;
    assert_eq!(read(MULTIPART, &body).as_deref(), Ok(expected));
    assert_eq!(read("multipart/form-data; Boundary=\"XX\"", &body).as_deref(), Ok(expected));

    for file in ["filename=\"cv.pdf\"", "filename=cv.pdf", "filename*=UTF-8''cv.pdf", "FileName=\"\""] {
        let part = format!("Content-Disposition: form-data; name=\"cv\"; {file}");
        let body = multipart(&[(&named("a"), b"1"), (&part, b"%PDF\0\xff")]);
        let refused = fields(Some(MULTIPART), &body, &settings());
        assert_eq!(refused, Err(FieldsError::FileRefused("cv".into())), "{file}");
        let dropped = fields(Some(MULTIPART), &body, &FieldSettings { files: Files::Drop, ..settings() }).unwrap();
        assert_eq!(serde_json::to_string(&dropped.env).unwrap(), r#"{"a":"1"}"#);
        assert_eq!(dropped.dropped_files, ["cv"]);
    }
}

#[test]
fn a_part_of_json_or_text_is_a_value_whatever_its_file_name() {
    let part = |rest: &str| format!("Content-Disposition: form-data; name=\"d\"; {rest}");
    for (headers, content, json) in [
        // C21 of the callers: FormData with a JSON Blob.
        (part("filename=\"blob\"\r\nContent-Type: application/json"), &br#"{"a":[1.0]}"#[..], r#"{"d":{"a":[1.0]}}"#),
        (part("filename=\"blob\"\r\nContent-Type: text/plain;charset=UTF-8"), b"note", r#"{"d":"note"}"#),
        (part("filename*=UTF-8''x.csv\r\nContent-Type: Text/CSV"), b"a;b", r#"{"d":"a;b"}"#),
        (part("filename=lead.json\r\nContent-Type: application/ld+json"), b" [1,[2]] ", r#"{"d":[1,[2]]}"#),
        (part("filename=x\r\nContent-Type: text/json; charset=windows-1251"), b"\"\xef\"", "{\"d\":\"п\"}"),
        (named("d[x]") + "\r\nContent-Type: application/json", b"true", r#"{"d":{"x":true}}"#),
        (part("filename=x\r\nContent-Type: application/json"), b"", r#"{"d":""}"#),
        (part("filename=\"\"\r\nContent-Type: text/plain"), b"", "{}"),
        (named("d") + "\r\nContent-Transfer-Encoding: base64", b"0J/RgNC4\r\n", "{\"d\":\"При\"}"),
        (
            part("filename=blob\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: Base64"),
            b"eyJhIjoxfQ==",
            r#"{"d":{"a":1}}"#,
        ),
        (
            named("d")
                + "\r\nContent-Type: text/plain; charset=windows-1251\r\ncontent-transfer-encoding: quoted-printable",
            b"=CC=\r\n=EE",
            "{\"d\":\"Мо\"}",
        ),
    ] {
        assert_eq!(read(MULTIPART, &multipart(&[(&headers, content)])).as_deref(), Ok(json), "{headers}");
    }
    let broken = multipart(&[(&part("filename=blob\r\nContent-Type: application/json"), b"{\"a\":secret")]);
    assert_eq!(read(MULTIPART, &broken).unwrap_err(), "part \"d\" is not JSON: expected value at line 1 column 6");
    let cut = multipart(&[(&part("filename=blob\r\nContent-Type: application/json"), br#"{"a":"\ud83d"}"#)]);
    assert_eq!(fields(Some(MULTIPART), &cut, &settings()).unwrap().altered, ["d"]);
    let pdf = multipart(&[(&part("filename=blob\r\nContent-Type: application/pdf"), b"%PDF")]);
    assert_eq!(read(MULTIPART, &pdf).unwrap_err(), "part \"d\" is a file, and files are not accepted here");
}

#[test]
fn what_is_said_to_be_ascii_is_utf_8_or_refused_and_never_other_letters() {
    let part = |charset: &str| format!("{}\r\nContent-Type: text/plain; charset={charset}", named("a"));
    for charset in ["US-ASCII", "ascii", "\"us-ascii\"", "ANSI_X3.4-1968"] {
        // C22 of the callers: UTF-8 in a part that is said to be ASCII.
        assert_eq!(read(MULTIPART, &multipart(&[(&part(charset), "Zoë".as_bytes())])).unwrap(), "{\"a\":\"Zoë\"}");
        let error = read(MULTIPART, &multipart(&[(&part(charset), b"Zo\xeb")])).unwrap_err();
        assert_eq!(error, "field \"a\" is not text in UTF-8");
        assert_eq!(read(&format!("{FORM}; charset={charset}"), b"a=Zo%C3%AB").unwrap(), "{\"a\":\"Zoë\"}");
        assert_eq!(
            read(&format!("{JSON}; charset={charset}"), "{\"a\":\"Zoë\"}".as_bytes()).unwrap(),
            "{\"a\":\"Zoë\"}"
        );
    }
    assert!(read(FORM, b"a=Zo%C3%AB&_charset_=us-ascii").unwrap().contains("Zoë"));
    assert_eq!(read(MULTIPART, &multipart(&[(&part("iso-8859-1"), b"Zo\xeb")])).unwrap(), "{\"a\":\"Zoë\"}");
}

#[test]
fn an_order_of_one_mib_is_read() {
    // C19 of the callers: an order with 8 line items has about 1,100 names in 19 KB.
    let item = r#"{"id":12345,"name":"A thing of some length","price":"12.50","taxes":[{"id":1,"total":"2.10"}]},"#;
    let body = format!("{{\"items\":[{}1]}}", item.repeat(1024 * 1024 / item.len() - 1));
    let env = fields(Some(JSON), body.as_bytes(), &settings()).unwrap().env;
    assert_eq!(env.get("items").unwrap().as_array().unwrap().len(), 1024 * 1024 / item.len());
}

#[test]
fn a_multipart_form_may_name_its_charset_in_a_part() {
    let header: &[u8] = b"--XX\r\nContent-Disposition: form-data; name=\"\xe0\"\r\n\r\n\xef\r\n";
    let charset = multipart(&[(&named("_charset_"), b"windows-1251")]);
    assert_eq!(read(MULTIPART, &[header, &charset].concat()).unwrap(), r#"{"а":"п","_charset_":"windows-1251"}"#);
    let utf8 = multipart(&[]);
    let error = read(MULTIPART, &[header, &utf8].concat()).unwrap_err();
    assert_eq!(error, "field \"\u{fffd}\" is not text in UTF-8");
}

#[test]
fn a_part_of_a_multipart_body_never_passes_for_the_whole() {
    let whole = multipart(&[(&named("a"), b"1"), (&named("b"), b"2")]);
    let closed = whole.len() - "\r\n".len();
    for length in 1..closed {
        assert!(read(MULTIPART, &whole[..length]).is_err(), "cut after {length} bytes");
    }
    assert!(read(MULTIPART, &whole[..closed]).is_ok());
}

#[test]
fn repeated_names_take_no_quadratic_time() {
    let limits = Limits { fields: usize::MAX, ..Limits::default() };
    let settings = FieldSettings { limits, ..settings() };
    for pair in ["a&", "a[]&", "a[b]&", "a[][b]&", "a=1&a[b]=1&a[]=1&"] {
        let body = pair.repeat(1_000_000 / pair.len());
        let started = Instant::now();
        fields(Some(FORM), body.as_bytes(), &settings).unwrap();
        assert!(started.elapsed() < Duration::from_secs(10), "{pair} took {:?}", started.elapsed());
    }
}
