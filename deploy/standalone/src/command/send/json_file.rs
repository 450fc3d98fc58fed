//! JSON objects of a file or of standard input: one, several after each other, or a list of them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use serde_json::Value;
use serde_json::de::{Deserializer, IoRead, StreamDeserializer};

use crate::output::Failure;

/// What is left of a file.
pub struct JsonFile {
    values: StreamDeserializer<'static, IoRead<BufReader<Box<dyn Read>>>, Value>,
    /// The items of a list that was read.
    waiting: VecDeque<Value>,
    /// Objects that were handed out.
    count: u64,
}

impl JsonFile {
    /// Opens a file, or `-`, standard input.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let source: Box<dyn Read> = if path.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            let hint = "name a file with JSON objects, or - for standard input";
            Box::new(File::open(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))?)
        };
        Ok(Self::of(source))
    }

    fn of(source: Box<dyn Read>) -> Self {
        let values = Deserializer::from_reader(BufReader::new(source)).into_iter();
        Self { values, waiting: VecDeque::new(), count: 0 }
    }

    /// The next object, and which one it is, from 1.
    pub fn next_object(&mut self) -> Option<Result<(Value, u64), String>> {
        loop {
            let value = match self.waiting.pop_front() {
                Some(value) => value,
                None => match self.values.next()? {
                    Ok(Value::Array(values)) => {
                        self.waiting = values.into();
                        continue;
                    }
                    Ok(value) => value,
                    Err(error) => return Some(Err(format!("this is not JSON: {error}"))),
                },
            };
            self.count += 1;
            let count = self.count;
            return Some(if value.is_object() {
                Ok((value, count))
            } else {
                Err(format!("value {count} is no object"))
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &'static str) -> Vec<Result<(Value, u64), String>> {
        let mut file = JsonFile::of(Box::new(text.as_bytes()));
        std::iter::from_fn(|| file.next_object()).take(5).collect()
    }

    #[test]
    fn one_object_several_and_a_list_of_objects_are_read() {
        let (one, two) = (Ok((json!({"a": 1}), 1)), Ok((json!({"b": [2]}), 2)));
        assert_eq!(read("{\"a\": 1}").first(), Some(&one));
        assert_eq!(read("{\"a\": 1}\n{\"b\": [2]}\n"), [one.clone(), two.clone()]);
        assert_eq!(read("[{\"a\": 1}, {\"b\": [2]}]"), [one, two]);
        assert!(read("").is_empty());
    }

    #[test]
    fn what_is_no_object_or_no_json_is_an_error() {
        assert!(read("[{}, 5]")[1].is_err());
        assert!(read("{\"a\": }")[0].is_err());
    }
}
