//! What is posted: the variables of the command line, or one row or object of a file after the other.

use serde_json::Value;

use super::csv_file::CsvFile;
use super::json_file::JsonFile;

/// What one submission carries.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// Names and values, in order, as a form sends them.
    Form(Vec<(String, String)>),
    /// A JSON object.
    Json(Value),
}

/// One submission.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// What it carries.
    pub body: Body,
    /// The line of the file at which it begins, from 1; 1 without a file.
    pub line: u64,
    /// How much of the file is read, in bytes.
    pub offset_bytes: u64,
}

/// All submissions.
pub struct Rows {
    source: Source,
    /// What every row has in addition.
    variables: Vec<(String, String)>,
}

enum Source {
    One,
    Done,
    Csv(Box<CsvFile>),
    Json(Box<JsonFile>),
}

impl Rows {
    /// One submission.
    pub fn one(variables: Vec<(String, String)>) -> Self {
        Self { source: Source::One, variables }
    }

    /// One submission per row of a file.
    pub fn of_csv(file: CsvFile, variables: Vec<(String, String)>) -> Self {
        Self { source: Source::Csv(Box::new(file)), variables }
    }

    /// One submission per object of a file.
    pub fn of_json(file: JsonFile) -> Self {
        Self { source: Source::Json(Box::new(file)), variables: Vec::new() }
    }

    /// The size of the file, in bytes.
    pub fn bytes(&self) -> Option<u64> {
        match &self.source {
            Source::Csv(file) => Some(file.bytes),
            Source::One | Source::Done | Source::Json(_) => None,
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, String>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.source {
            Source::Done => None,
            Source::One => {
                self.source = Source::Done;
                let body = Body::Form(std::mem::take(&mut self.variables));
                Some(Ok(Row { body, line: 1, offset_bytes: 0 }))
            }
            Source::Json(file) => {
                Some(file.next_object()?.map(|(object, line)| Row { body: Body::Json(object), line, offset_bytes: 0 }))
            }
            Source::Csv(file) => {
                let (record, line, offset_bytes) = match file.next_record()? {
                    Ok(read) => read,
                    Err(error) => return Some(Err(error)),
                };
                let pairs = file.names.iter().zip(&record).map(|(name, value)| (name.to_owned(), value.to_owned()));
                let variables = pairs.chain(self.variables.iter().cloned()).collect();
                Some(Ok(Row { body: Body::Form(variables), line, offset_bytes }))
            }
        }
    }
}
