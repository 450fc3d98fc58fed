//! A CSV file whose first line has the names, in the charset and with the delimiter that were set or are found.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter};
use encoding_rs::{Encoding, UTF_8};

use super::charset::{self, Decoded};
use super::delimiter;
use crate::output::Failure;

/// How much of the beginning tells the delimiter, in bytes.
const BEGINNING_BYTES: u64 = 64 * 1024;

/// How a file is to be read.
#[derive(Debug, Clone, Default, Args)]
pub struct Form {
    /// What divides the values of the file, such as ; or tab; else it is found
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter::parse, requires = "csv")]
    delimiter: Option<u8>,
    /// The charset of the file, such as windows-1251; else it is found
    #[arg(long, value_name = "LABEL", value_parser = charset, requires = "csv")]
    charset: Option<&'static Encoding>,
}

/// An open file, behind its names.
pub struct CsvFile {
    /// The names of the first line.
    pub names: StringRecord,
    /// What the person may want to know of how the file is read.
    pub note: Option<String>,
    /// Its size, in bytes.
    pub bytes: u64,
    records: StringRecordsIntoIter<Box<dyn Read>>,
    /// Lines before the names.
    skipped: u64,
    read: Arc<AtomicU64>,
}

impl CsvFile {
    /// Opens a file.
    pub fn open(path: &Path, form: &Form) -> Result<Self, Failure> {
        let usage = |error: &dyn std::fmt::Display| {
            Failure::usage(
                format!("{}: {error}", path.display()),
                "its first line has the names, every other one as many values",
            )
        };
        let failed = |error: std::io::Error| usage(&error);
        let mut file = File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let charset = match form.charset {
            Some(charset) => charset,
            None => charset::find(&file).map_err(failed)?,
        };
        file.rewind().map_err(failed)?;
        let unread = |error: std::io::Error| usage(&format!("{error}: --charset sets another one"));
        let mut beginning = Vec::new();
        let text = Decoded::new(&file, charset, Arc::default());
        text.take(BEGINNING_BYTES).read_to_end(&mut beginning).map_err(unread)?;
        file.rewind().map_err(failed)?;
        let mut found = delimiter::find(&String::from_utf8_lossy(&beginning));
        found.delimiter = form.delimiter.unwrap_or(found.delimiter);

        let read = Arc::default();
        let mut text = BufReader::new(Decoded::new(file, charset, Arc::clone(&read)));
        if found.has_mark {
            text.read_line(&mut String::new()).map_err(unread)?;
        }
        let text: Box<dyn Read> = Box::new(text);
        let mut reader = ReaderBuilder::new().delimiter(found.delimiter).from_reader(text);
        let names = reader.headers().map_err(|error| usage(&error))?.clone();
        if names.iter().any(str::is_empty) {
            return Err(usage(&"a name in the first line is empty"));
        }
        let note = note(&names, charset, found.delimiter, form).map(|note| format!("{}: {note}", path.display()));
        Ok(Self { names, note, bytes, records: reader.into_records(), skipped: found.has_mark.into(), read })
    }

    /// The next record, the line at which it begins, and how many bytes of the file are read.
    pub fn next_record(&mut self) -> Option<Result<(StringRecord, u64, u64), String>> {
        let record = match self.records.next()? {
            Ok(record) => record,
            Err(error) => return Some(Err(error.to_string())),
        };
        let line = record.position().map_or(0, csv::Position::line) + self.skipped;
        Some(Ok((record, line, self.read.load(Ordering::Relaxed))))
    }
}

/// Tells what was found, if it is not what a CSV file usually is, and that one column may be a wrong delimiter.
fn note(names: &StringRecord, charset: &'static Encoding, delimiter: u8, form: &Form) -> Option<String> {
    let mut notes = Vec::new();
    if charset != UTF_8 && form.charset.is_none() {
        notes.push(format!("read as {}", charset.name()));
    }
    if delimiter != b',' && form.delimiter.is_none() {
        notes.push(format!("divided by {}", delimiter::word(delimiter)));
    }
    if let (1, Some(name)) = (names.len(), names.get(0)) {
        notes.push(format!("the first line has one name only, {name:?}: --delimiter tells what divides the values"));
    }
    (!notes.is_empty()).then(|| notes.join(", "))
}

fn charset(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| "no charset has this label".to_owned())
}
