//! Reads all documents of files, folders or standard input and checks them together, before anything is done
//! with any of them.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use postern_shared::document::{Document, Kind};
use postern_shared::finding::{Finding, Located};
use postern_shared::permission::short_url::generated_short_url;
use postern_shared::yaml;
use serde_json::{Value, json};

use crate::output::{Failure, Output};

/// The short URLs of the stored permissions, by their keys.
pub type ShortUrls = HashMap<String, String>;

/// One document that passed the checks.
#[derive(Debug)]
pub struct Checked {
    /// What it sets, compiled.
    pub document: Document,
    /// What it says: the form that is stored.
    pub value: Value,
    /// The short URL that was made up for it, if it needs one and names none.
    pub made_short_url: Option<String>,
}

/// A finding and the file it is in.
#[derive(Debug)]
pub struct Found {
    /// The file as it was named.
    pub file: String,
    /// The line and what is wrong there.
    pub located: Located,
}

/// All documents, and all that is wrong with them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The documents that passed, in the order of files and lines.
    pub documents: Vec<Checked>,
    /// Everything that is wrong.
    pub findings: Vec<Found>,
    /// Where each document stands.
    places: HashMap<(Kind, String), String>,
    stored: ShortUrls,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.located.line, self.located.sentence())
    }
}

impl Batch {
    /// Reads files, folders (their `.yaml` and `.yml` files) and `-` (standard input).
    /// A permission for any address without a short URL gets its stored one, or a new one.
    pub fn read(paths: &[PathBuf], stored: &ShortUrls) -> Result<Self, Failure> {
        let mut batch = Self { stored: stored.clone(), ..Self::default() };
        for path in paths {
            if path.as_os_str() == "-" {
                batch.add("-", &read_text(io::stdin(), "-")?);
                continue;
            }
            for file in files(path)? {
                let name = file.display().to_string();
                let open = File::open(&file).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
                batch.add(&name, &read_text(open, &name)?);
            }
        }
        Ok(batch)
    }

    /// Prints the findings; having any is a failure.
    pub fn report(&self, output: &mut Output) -> Result<(), Failure> {
        for found in &self.findings {
            let Found { file, located } = found;
            let Finding { path, message } = &located.finding;
            output.result(found, &json!({"file": file, "line": located.line, "path": path, "message": message}))?;
        }
        if self.findings.is_empty() { Ok(()) } else { Err(Failure::Reported) }
    }

    fn add(&mut self, file: &str, text: &[u8]) {
        let documents = match str::from_utf8(text) {
            Ok(text) => yaml::read(text),
            Err(error) => {
                let line = 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
                Err(Located { line, finding: Finding::new("", "this line is not UTF-8") })
            }
        };
        match documents {
            Ok(documents) if documents.is_empty() => {
                let finding = Finding::new("", "there is no document in it");
                self.findings.push(Found { file: file.to_owned(), located: Located { line: 1, finding } });
            }
            Ok(documents) => documents.into_iter().for_each(|document| self.check(file, document)),
            Err(located) => self.findings.push(Found { file: file.to_owned(), located }),
        }
    }

    fn check(&mut self, file: &str, mut yaml: yaml::Document) {
        let mut report = |located| self.findings.push(Found { file: file.to_owned(), located });
        let made_short_url = complete(&mut yaml.value, &self.stored);
        let document = match Document::from_yaml(&yaml) {
            Ok(document) => document,
            Err(findings) => return findings.into_iter().for_each(report),
        };
        let (kind, key) = (document.kind(), document.key());
        let line = yaml.line(kind.name());
        if let Some(first) = self.places.get(&(kind, key.clone())) {
            let message = format!("{kind} {key} is already set at {first}");
            return report(yaml.locate(Finding::new(kind.name(), message)));
        }
        self.places.insert((kind, key), format!("{file}:{line}"));
        self.documents.push(Checked { document, value: yaml.value, made_short_url });
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let usage = |error: &dyn fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
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
        Err(error) => Err(Failure::Usage(format!("{name}: {error}"))),
    }
}

/// Gives a permission for any address the short URL that it needs; returns it if it is a new one.
fn complete(document: &mut Value, stored: &ShortUrls) -> Option<String> {
    let permission = document.as_object_mut().filter(|map| map.contains_key(Kind::Permission.name()))?;
    let admits_any = match permission.get("addresses")? {
        Value::String(rules) => has_any(rules),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(has_any),
        _ => false,
    };
    if !admits_any || permission.get("short_url").is_some_and(|url| !url.is_null()) {
        return None;
    }
    let known = permission.get(Kind::Permission.name()).and_then(Value::as_str).and_then(|key| stored.get(key));
    let made = if known.is_some() { None } else { Some(generated_short_url()) };
    let short_url = known.or(made.as_ref())?;
    permission.insert("short_url".to_owned(), Value::from(short_url.as_str()));
    made
}

fn has_any(rules: &str) -> bool {
    rules.split([' ', ',', '\n']).any(|rule| rule.eq_ignore_ascii_case("any"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let batch = Batch::read(&[folder.path().to_owned()], &ShortUrls::new()).unwrap();
        let shorten = |found: &Found| found.to_string().replace(&format!("{}/", folder.path().display()), "");
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
    fn a_file_that_is_not_utf_8_or_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        assert!(matches!(Batch::read(std::slice::from_ref(&file), &ShortUrls::new()), Err(Failure::Usage(_))));
        assert!(matches!(Batch::read(&[folder.path().to_owned()], &ShortUrls::new()), Err(Failure::Usage(_))));
        fs::write(&file, b"trigger: a\ntitle: \xE4\n").unwrap();
        let batch = Batch::read(&[file], &ShortUrls::new()).unwrap();
        assert!(batch.findings[0].to_string().ends_with("a.yaml:2: this line is not UTF-8"));
    }

    #[test]
    fn only_a_permission_for_any_address_is_given_a_short_url() {
        for (document, made) in [
            (json!({"permission": "a", "addresses": "any"}), true),
            (json!({"permission": "a", "addresses": ["10.0.0.1", "any"]}), true),
            (json!({"permission": "a", "addresses": "10.0.0.1, any", "short_url": null}), true),
            (json!({"permission": "a", "addresses": "any", "short_url": "x"}), false),
            (json!({"permission": "a", "addresses": "127.0.0.1"}), false),
            (json!({"trigger": "a", "addresses": "any"}), false),
        ] {
            let (mut one, mut other) = (document.clone(), document.clone());
            let (first, second) = (complete(&mut one, &ShortUrls::new()), complete(&mut other, &ShortUrls::new()));
            assert_eq!(first.is_some(), made, "{document}");
            let (mut again, stored) = (document.clone(), ShortUrls::from([("a".to_owned(), "kept".to_owned())]));
            assert_eq!(complete(&mut again, &stored), None);
            assert_eq!(again["short_url"] == "kept", made, "{document}");
            if let (Some(first), Some(second)) = (first, second) {
                assert_eq!((one["short_url"].as_str(), first.len()), (Some(first.as_str()), 32));
                assert_ne!(first, second);
            }
        }
    }

    #[test]
    fn the_demo_is_valid_and_in_the_form_that_export_writes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo");
        let batch = Batch::read(std::slice::from_ref(&folder), &ShortUrls::new()).unwrap();
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        let keys: Vec<String> = batch.documents.iter().map(|checked| checked.document.key()).collect();
        assert_eq!(keys, ["loopback", "web_lead", "77"]);
        for file in files(&folder).unwrap() {
            let text = fs::read_to_string(&file).unwrap();
            assert_eq!(yaml::write(&yaml::read(&text).unwrap()[0].value), text, "{}", file.display());
        }
    }
}
