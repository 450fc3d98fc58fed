//! A person in everything that was posted and came of it: looked for, exported and forgotten.

pub mod forget;
pub mod look;
pub mod reports;

use postern_shared::person::Person;

use super::Error;

/// The person that texts name.
fn person(texts: &[String]) -> Result<Person, Error> {
    if texts.iter().any(|text| text.contains('\0')) {
        return Err(Error::Invalid("texts: may not hold NUL".to_owned()));
    }
    Person::new(texts).map_err(|error| Error::Invalid(format!("texts: {error}")))
}
