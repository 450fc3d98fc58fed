//! Files as Excel writes them: other delimiters, other charsets, and lines before the names. Case K7.

use std::io::Write;

use serde_json::Value;

use super::{Cli, End};
use crate::harness::{DEMO, Postern};

/// A name in Russian, which windows-1251 and UTF-16 write differently from UTF-8.
const NAME: &str = "Ковалевская";

fn utf_16(text: &str) -> Vec<u8> {
    [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// All letters of the tests are in the Russian part of windows-1251.
fn windows_1251(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        'А'..='я' => u8::try_from(u32::from(c) - u32::from('А') + 0xC0).unwrap(),
        c => u8::try_from(c).unwrap(),
    };
    text.chars().map(byte).collect()
}

/// Sends the rows of a file, and waits until they have run.
fn send(postern: &Postern, bytes: &[u8], options: &str) -> End {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let (public, path) = (postern.public(), file.path().display());
    let end = Cli::of(postern).run(&format!("send http://{public}/trigger --workflow 77 --csv {path}{options}"));
    for id in end.stdout.lines() {
        Cli::of(postern).run(&format!("receipt {id} --wait"));
    }
    end
}

/// The fields of the newest record.
fn newest(postern: &Postern) -> Value {
    Cli::of(postern).items("records Leads --last 1", "records")[0]["fields"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn delimiter_and_charset_of_a_csv_file_are_found_or_set() {
    let postern = Postern::start(DEMO).await;
    let rows = |delimiter: char, email: &str| {
        format!("lastname;email;street\r\n{NAME};{email};\"Невский; дом 5\"\r\n").replace(';', &delimiter.to_string())
    };
    let cases = [
        (windows_1251(&rows(';', "a@example.org")), "", "windows-1251"),
        (windows_1251(&rows('\t', "b@example.org")), "", "tab"),
        (utf_16(&rows('\t', "c@example.org")), "", "UTF-16LE"),
        (rows(';', "d@example.org").into_bytes(), "", "divided by ;"),
        (format!("sep=;\r\n{}", rows(';', "e@example.org")).into_bytes(), "", "divided by ;"),
        (windows_1251(&rows('|', "f@example.org")), " --delimiter | --charset cp1251", "1 sent"),
    ];
    for (bytes, options, told) in cases {
        let end = send(&postern, &bytes, options);
        assert!(end.code == 0 && end.stderr.contains(told), "{told}: {end:?}");
        let fields = newest(&postern);
        assert_eq!(fields["lastname"], NAME, "{told}: {fields}");
        assert!(fields["street"].as_str().unwrap().starts_with("Невский"), "{told}: {fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_of_one_column_or_in_no_charset_is_told() {
    let postern = Postern::start(DEMO).await;
    let one = send(&postern, b"lastname^email\nLovelace^a@example.org\n", "");
    assert!(one.stderr.contains("one name only") && one.stderr.contains("--delimiter"), "{one:?}");
    let wrong = send(&postern, b"lastname,email\n\xD0\xCE,a@example.org\n", " --charset utf-8");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""), "{wrong:?}");
    assert!(wrong.stderr.contains("is not UTF-8") && wrong.stderr.contains("--charset"), "{wrong:?}");
}
