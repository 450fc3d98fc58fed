//! What is posted: the variables of the command line, or one row of a file after the other.

use std::fs::File;
use std::path::Path;

use csv::{StringRecord, StringRecordsIntoIter};

use crate::output::Failure;

/// The variables of one submission.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Names and values, in order.
    pub variables: Vec<(String, String)>,
    /// The line of the file at which it begins, from 1; 1 without a file.
    pub line: u64,
    /// Where it begins in the file, in bytes.
    pub offset_bytes: u64,
}

/// All submissions.
pub struct Rows {
    /// The size of the file, in bytes.
    pub bytes: Option<u64>,
    source: Source,
    /// What every row has in addition.
    variables: Vec<(String, String)>,
}

enum Source {
    One,
    Done,
    File { names: StringRecord, records: Box<StringRecordsIntoIter<File>> },
}

impl Rows {
    /// One submission.
    pub fn one(variables: Vec<(String, String)>) -> Self {
        Self { bytes: None, source: Source::One, variables }
    }

    /// One submission per row of a CSV file in UTF-8 (RFC 4180), whose first line has the names.
    pub fn of_file(path: &Path, variables: Vec<(String, String)>) -> Result<Self, Failure> {
        let usage = |error: &dyn std::fmt::Display| Failure::Usage(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(|error| usage(&error))?;
        let bytes = file.metadata().map_err(|error| usage(&error))?.len();
        let mut reader = csv::Reader::from_reader(file);
        let names = reader.headers().map_err(|error| usage(&error))?.clone();
        if names.iter().any(str::is_empty) {
            return Err(usage(&"a name in the first line is empty"));
        }
        let records = Box::new(reader.into_records());
        Ok(Self { bytes: Some(bytes), source: Source::File { names, records }, variables })
    }
}

impl Iterator for Rows {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Done => None,
            Source::One => {
                self.source = Source::Done;
                Some(Ok(Row { variables: std::mem::take(&mut self.variables), line: 1, offset_bytes: 0 }))
            }
            Source::File { names, records } => match records.next()? {
                Ok(record) => {
                    let pairs = names.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned()));
                    let variables = pairs.chain(self.variables.iter().cloned()).collect();
                    let (line, offset_bytes) = record.position().map_or((0, 0), |at| (at.line(), at.byte()));
                    Some(Ok(Row { variables, line, offset_bytes }))
                }
                Err(error) => Some(Err(error.to_string())),
            },
        }
    }
}
