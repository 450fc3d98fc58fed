//! The files of the workspace, and what of a source file is code, what is text, and what is a test.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders that are read; build results and version control are not.
const FOLDERS: [&str; 5] = ["shared", "ingress", "worker", "deploy", "tests"];

/// A source file. Of a file with tests at its end, `code` and `literals` hold what stands before them.
pub struct Source {
    /// Relative to the root of the repository.
    pub path: String,
    pub text: String,
    /// Without comments.
    pub code: String,
    /// Without comments and texts.
    bare: String,
    /// What stands between quotes, escapes as they are written.
    pub literals: Vec<String>,
    /// Whether all of it is tests.
    pub is_test: bool,
}

impl Source {
    /// Whether its code, and not only a text in it, holds a word.
    pub fn names(&self, word: &str) -> bool {
        has_word(&self.bare, word)
    }

    /// Its name without folder and ending.
    pub fn stem(&self) -> &str {
        Path::new(&self.path).file_stem().and_then(|stem| stem.to_str()).unwrap()
    }

    /// The names and texts of its `const NAME: &str`.
    pub fn text_constants(&self) -> Vec<(&str, &str)> {
        let constants = self.code.split("const ").skip(1).filter_map(|rest| {
            let (name, text) = rest.split_once(": &str = \"")?;
            let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            is_name.then_some((name, text.split('"').next()?))
        });
        constants.collect()
    }
}

/// The text of a file.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Writes the text of a file.
pub fn write(path: &str, text: &str) {
    fs::write(root().join(path), text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// Whether a file or folder is there.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// Every file, relative to the root.
pub fn files() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true if entry.file_name() == "target" => {}
                true => folders.push(path),
                false => found.push(path.to_str().unwrap().to_owned()),
            }
        }
    }
    found
}

/// Every source file.
pub fn all() -> Vec<Source> {
    let paths: Vec<String> = files().into_iter().filter(|path| path.ends_with(".rs")).collect();
    let texts: Vec<(String, String)> = paths.into_iter().map(|path| (path.clone(), read(&path))).collect();
    let tests: Vec<String> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let sources = texts.into_iter().map(|(path, text)| {
        let stem = path.trim_end_matches(".rs");
        let in_module = |module: &String| stem == module || stem.starts_with(&format!("{module}/"));
        let is_test = stem.starts_with("tests/") || tests.iter().any(in_module);
        let (code, bare, literals) = lex(before_tests(&path, &text));
        Source { path, text, code, bare, literals, is_test }
    });
    sources.collect()
}

/// The sources that are no tests.
pub fn production() -> Vec<Source> {
    let sources: Vec<Source> = all().into_iter().filter(|source| !source.is_test).collect();
    assert!(sources.len() > 50, "only {} sources were found", sources.len());
    sources
}

/// Whether a word stands in a text by itself.
pub fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The modules that a file declares for tests only, as paths without ending.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let declared = text.split("#[cfg(test)]\nmod ").skip(1).filter_map(|rest| rest.lines().next()?.strip_suffix(';'));
    let folder = match path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs")) => folder,
        _ => path.trim_end_matches(".rs"),
    };
    declared.map(|name| format!("{folder}/{name}")).collect()
}

/// What stands before the tests of a file. They are its last item, or something would go unchecked.
fn before_tests<'t>(path: &str, text: &'t str) -> &'t str {
    let Some((code, tests)) = text.split_once("\n#[cfg(test)]\nmod tests {\n") else { return text };
    assert!(tests.find("\n}\n").is_some_and(|end| end + 3 == tests.len()), "{path}: something stands behind its tests");
    code
}

/// Code without comments, the same without texts, and the texts.
fn lex(text: &str) -> (String, String, Vec<String>) {
    let (mut code, mut bare, mut literals) = (String::new(), String::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (token, length) = token(rest);
        match token {
            Token::Comment => {}
            Token::Text => {
                let literal = rest[..length].trim_start_matches(['b', 'r', 'c']).trim_matches('#');
                literals.push(literal[1..literal.len() - 1].to_owned());
                code.push_str(&rest[..length]);
            }
            Token::Other => {
                code.push_str(&rest[..length]);
                bare.push_str(&rest[..length]);
            }
        }
        rest = &rest[length..];
    }
    (code, bare, literals)
}

enum Token {
    Comment,
    Text,
    Other,
}

/// The first token of a text, and its length in bytes.
fn token(rest: &str) -> (Token, usize) {
    let after = |start: usize, end: &str| rest[start..].find(end).map_or(rest.len(), |at| start + at + end.len());
    if rest.starts_with("//") {
        return (Token::Comment, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (Token::Comment, after(2, "*/"));
    }
    let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let behind = &rest[word..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if matches!(&rest[..word], "r" | "br" | "cr") && behind[hashes..].starts_with('"') {
        return (Token::Text, after(word + hashes + 1, &format!("\"{}", "#".repeat(hashes))));
    }
    if matches!(&rest[..word], "" | "b" | "c") && behind.starts_with('"') {
        return (Token::Text, end_of_text(rest, word + 1));
    }
    if word > 0 {
        return (Token::Other, word);
    }
    let mut chars = rest.chars();
    match (chars.next(), chars.next(), chars.next()) {
        // A character: `'\''`, `'"'`; anything else behind such a quote is a lifetime.
        (Some('\''), Some('\\'), _) => (Token::Other, after(3, "'")),
        (Some('\''), Some(inner), Some('\'')) => (Token::Other, 2 + inner.len_utf8()),
        (first, ..) => (Token::Other, first.map_or(1, char::len_utf8)),
    }
}

fn end_of_text(rest: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn code_texts_and_comments_are_told_apart() {
    let (code, bare, literals) =
        lex("a /* \"x\" */ 'b' '\"' '\\'' \"c // \\\" d\" r#\"e \"f\" \"# // \"g\"\nb'h' &'i str br\"j\"");
    assert_eq!(literals, ["c // \\\" d", "e \"f\" ", "j"]);
    assert_eq!(code, "a  'b' '\"' '\\'' \"c // \\\" d\" r#\"e \"f\" \"# \nb'h' &'i str br\"j\"");
    assert_eq!(bare, "a  'b' '\"' '\\''   \nb'h' &'i str ");
    assert!(has_word("x SELECT", "SELECT") && !has_word("SELECTED", "SELECT") && !has_word("_SELECT", "SELECT"));
}
