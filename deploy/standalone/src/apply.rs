//! `postern apply`: sets documents, all or none.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::api::Applied;
use crate::documents::{Text, check, read, report};
use crate::options::Server;
use crate::output::{Failure, Output};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct Options {
    /// Files, folders of .yaml files, or - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    api: Server,
}

/// Checks every document before any is sent; the server checks them again, against what is set there.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let api = options.api.api()?;
    let texts = read(&options.files)?;
    report(&check(&texts), output)?;
    match api.apply(joined(&texts)).await? {
        Applied::Set(answer) => output.each(&answer["applied"], line),
        Applied::Refused(findings) => {
            for finding in findings {
                let (source, line) = place(&texts, finding.line);
                let (path, message) = (&finding.path, &finding.message);
                let json = json!({"file": source, "line": line, "path": path, "message": message});
                output.result(format_args!("{source}:{line}: {path}: {message}"), &json)?;
            }
            Err(Failure::Reported)
        }
    }
}

fn line(one: &Value) -> String {
    let word = |name: &str| one[name].as_str().unwrap_or_default();
    let became = if one["changed"] == true { "applied" } else { "unchanged" };
    let short_url = one["made_short_url"].as_str().map(|url| format!(", answers at /{url}")).unwrap_or_default();
    format!("{} {}: {became}{short_url}", word("kind"), word("key"))
}

/// One stream of all documents; `...` ends those of a text, whatever the next begins with (YAML 1.2, 9.1.3).
fn joined(texts: &[Text]) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(text.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text.bytes));
        if !all.ends_with(b"\n") {
            all.push(b'\n');
        }
        all.extend_from_slice(b"...\n");
    }
    all
}

/// The text, and the line in it, of a line of [`joined`].
fn place(texts: &[Text], line: usize) -> (&str, usize) {
    let mut left = line;
    for text in texts {
        let ends = text.bytes.iter().filter(|byte| **byte == b'\n').count();
        let lines = ends + usize::from(!text.bytes.ends_with(b"\n")) + 1;
        if left <= lines {
            return (&text.name, left);
        }
        left -= lines;
    }
    ("-", line)
}

#[cfg(test)]
mod tests {
    use postern_shared::document::batch::Batch;

    use super::*;

    #[test]
    fn what_is_joined_is_read_as_the_texts_were_and_every_line_is_found_again() {
        let texts = ["trigger: a\n", "---\ntrigger: b\n---\n# again\ntrigger: c", "\u{FEFF}# text\n\ntrigger: d\n"];
        let text = |(at, text): (usize, &&str)| Text { name: at.to_string(), bytes: text.as_bytes().to_vec() };
        let texts: Vec<Text> = texts.iter().enumerate().map(text).collect();
        let mut batch = Batch::default();
        batch.add_yaml("all", &joined(&texts));
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        let places: Vec<_> = batch.documents.iter().map(|one| place(&texts, one.line)).collect();
        assert_eq!(places, [("0", 1), ("1", 2), ("1", 5), ("2", 3)]);
    }
}
