//! The generated parts of the READMEs are those of the code. With `POSTERN_WRITE_REFERENCE` set they are written.

use postern_shared::spec::reference;

use super::sources::{read, write};

const FILE: &str = "shared/README.md";
const BEGIN: &str = "<!-- postern_shared::spec::reference::part(\"";
const END: &str = "<!-- end of the part -->";

/// The text with its generated parts as the code has them.
fn generated(text: &str) -> String {
    let mut parts = text.split(BEGIN);
    let mut whole = parts.next().unwrap().to_owned();
    let mut found = 0;
    for part in parts {
        let (name, rest) = part.split_once("\") -->\n").unwrap();
        let (_, after) = rest.split_once(END).unwrap_or_else(|| panic!("the part {name} has no end"));
        let text = reference::part(name).unwrap_or_else(|| panic!("there is no part {name}"));
        whole += &format!("{BEGIN}{name}\") -->\n{}\n{END}{after}", text.trim_end());
        found += 1;
    }
    assert_eq!(found, 5);
    whole
}

/// The README of the program with its table of commands as the code has it.
fn with_commands(text: &str) -> String {
    const COMMANDS: &str = "<!-- postern::reference::commands() -->\n";
    let (before, rest) = text.split_once(COMMANDS).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{COMMANDS}{}{END}{after}", postern::reference::commands())
}

#[expect(clippy::disallowed_methods, reason = "tests/run reference asks for the parts to be written")]
fn is_that_of_the_code(file: &str, generated: impl Fn(&str) -> String) {
    let text = read(file);
    let of_code = generated(&text);
    if std::env::var_os("POSTERN_WRITE_REFERENCE").is_some() {
        write(file, &of_code);
    } else {
        assert!(text == of_code, "{file} is out of date: run tests/run reference");
    }
}

#[test]
fn the_reference_is_that_of_the_code() {
    is_that_of_the_code(FILE, generated);
}

#[test]
fn the_table_of_commands_is_that_of_the_code() {
    is_that_of_the_code("deploy/standalone/README.md", with_commands);
}
