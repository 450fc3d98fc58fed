//! Reads all documents of files, folders or standard input and checks them together, before anything is done
//! with any of them.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use postern_shared::document::batch::{Batch, Found};
use postern_shared::finding::Finding;
use postern_shared::message::Language;
use postern_shared::yaml;
use serde_json::json;

use crate::options::language;
use crate::output::{Failure, Output};

/// What stands in one file.
#[derive(Debug)]
pub struct Text {
    /// The file as it was named, or `-`.
    pub name: String,
    /// What stands in it; longer than is read by a byte, if it is longer.
    pub bytes: Vec<u8>,
}

/// Reads files, folders (their `.yaml` and `.yml` files) and `-` (standard input).
pub fn read(paths: &[PathBuf]) -> Result<Vec<Text>, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            texts.push(Text { name: "-".to_owned(), bytes: read_text(io::stdin(), "-")? });
            continue;
        }
        for file in files(path)? {
            let name = file.display().to_string();
            let open = File::open(&file).map_err(|error| unreadable(&name, &error))?;
            texts.push(Text { bytes: read_text(open, &name)?, name });
        }
    }
    Ok(texts)
}

/// All documents of the texts, checked together; nothing is known here of what is stored.
pub fn check(texts: &[Text]) -> Batch {
    let mut batch = Batch::default();
    texts.iter().for_each(|text| batch.add_yaml(&text.name, &text.bytes));
    batch.agree(None);
    batch
}

/// Prints the findings; having any is a failure.
pub fn report(batch: &Batch, output: &mut Output) -> Result<(), Failure> {
    let language = language();
    for found in &batch.findings {
        let Finding { path, message } = &found.located.finding;
        let (text, code) = (message.text(language), message.coded());
        let json = json!({"file": found.source, "line": found.located.line, "path": path, "message": text,
            "message_code": code});
        output.named(&format!("{}:{}", found.source, found.located.line), line(found, language), &json)?;
    }
    if batch.findings.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

/// Prints what is wrong unless it is otherwise on the server.
pub fn warn(batch: &Batch, output: &mut Output) {
    let language = language();
    for found in &batch.warnings {
        output.warning(line(found, language));
    }
}

fn unreadable(name: &str, error: &dyn fmt::Display) -> Failure {
    Failure::usage(format!("{name}: {error}"), "name files, folders of .yaml files, or - for standard input")
}

fn line(found: &Found, language: Language) -> String {
    format!("{}:{}: {}", found.source, found.located.line, found.located.text(language))
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let usage = |error: &dyn fmt::Display| unreadable(&path.display().to_string(), error);
    if !fs::metadata(path).map_err(|error| usage(&error))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| usage(&error))? {
        let file = entry.map_err(|error| usage(&error))?.path();
        if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(usage(&"no .yaml or .yml file in this folder")) } else { Ok(files) }
}

/// Reads one byte more than is allowed at most: the reader of documents then tells that it is too long.
fn read_text(source: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let limit = u64::try_from(yaml::MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    match source.take(limit).read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(unreadable(name, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let batch = check(&read(&[folder.path().to_owned()]).unwrap());
        let shorten =
            |found: &Found| line(found, Language::English).replace(&format!("{}/", folder.path().display()), "");
        (batch.documents.iter().map(|d| d.document.key()).collect(), batch.findings.iter().map(shorten).collect())
    }

    #[test]
    fn all_documents_of_all_files_are_checked_together() {
        let (keys, findings) = batch(&[
            ("a.yaml", "trigger: one\n---\ntrigger: two\n"),
            ("b.yml", "# again\ntrigger: two\n---\ntrigger: three\n"),
            ("c.yaml", "trigger: {{ x }}\n"),
            ("d.yaml", "workflow: 1\nstart: {next: a}\nsteps:\n  a:\n    stop: finished\n    message: x\n    nxt: b\n"),
            ("e.yaml", "# nothing\n"),
            ("ignored.txt", "trigger: {{ x }}\n"),
        ]);
        assert_eq!(keys, ["one", "two", "three"]);
        assert_eq!(
            findings,
            [
                "b.yml:2: trigger: trigger two is already set at a.yaml:3",
                "c.yaml:1: a value begins with {{ and YAML reads that as a map; quote it: '{{ … }}'",
                "d.yaml:7: step a: field nxt: unknown key `nxt`; known here: stop, message",
                "e.yaml:1: there is no document in it",
            ]
        );
    }

    #[test]
    fn of_what_another_document_may_mend_is_warned() {
        // C29 of the callers: a module that is declared elsewhere may have a unique field.
        let workflow = "workflow: 1\nstart: {without_record: true, next: find}\nsteps:\n  find: {find_record: Leads, \
            where: {email: x}, not_found: make}\n  make: {create_record: Leads}\n";
        let module = |field: &str| format!("module: Leads\nfields: {{email: {field}}}\n---\n{workflow}");
        for (text, findings, warnings) in [
            (workflow.to_owned(), 0, 1),
            (workflow.replace("Leads}", "Leads, unique: x}"), 0, 0),
            (module("{type: email, unique: true}"), 0, 0),
            (module("email"), 1, 0),
        ] {
            let mut batch = Batch::default();
            batch.add_yaml("a.yaml", text.as_bytes());
            batch.agree(None);
            assert_eq!((batch.findings.len(), batch.warnings.len()), (findings, warnings), "{text}");
            let all = batch.findings.iter().chain(&batch.warnings);
            all.for_each(|found| assert!(line(found, Language::English).contains("`unique`"), "{text}"));
        }
    }

    #[test]
    fn a_file_that_is_not_utf_8_or_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        assert!(matches!(read(std::slice::from_ref(&file)), Err(Failure::Usage(_))));
        assert!(matches!(read(&[folder.path().to_owned()]), Err(Failure::Usage(_))));
        fs::write(&file, b"trigger: a\ntitle: \xE4\n").unwrap();
        let batch = check(&read(&[file]).unwrap());
        assert!(line(&batch.findings[0], Language::English).ends_with("a.yaml:2: this line is not UTF-8"));
    }

    #[test]
    fn the_demo_is_valid_and_in_the_form_that_export_writes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo");
        let batch = check(&read(std::slice::from_ref(&folder)).unwrap());
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        let keys: Vec<String> = batch.documents.iter().map(|checked| checked.document.key()).collect();
        assert_eq!(keys, ["loopback", "web_lead", "77"]);
        for file in files(&folder).unwrap() {
            let text = fs::read_to_string(&file).unwrap();
            assert_eq!(yaml::write(&yaml::read(&text).unwrap()[0].value), text, "{}", file.display());
        }
    }
}
