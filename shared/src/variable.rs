//! Variables of the installation: texts that expressions and templates read as `$var["name"]`. Each stage has its own.

use std::collections::BTreeMap;

use crate::env::Env;
use crate::id::VariableName;

/// The most variables: all are in the memory of each worker.
pub const MAX_VARIABLES: i64 = 1_000;

/// The most bytes of a value: a variable is an address or a name, and no document.
pub const MAX_VARIABLE_BYTES: usize = 4 * 1024;

/// Variables and their values.
pub type Variables = BTreeMap<VariableName, String>;

/// Why a text cannot be the value of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueFault {
    /// It is longer than [`MAX_VARIABLE_BYTES`].
    #[error("is longer than {MAX_VARIABLE_BYTES} bytes")]
    TooLong,
    /// It cannot be stored.
    #[error("holds a NUL character, which cannot be stored")]
    Nul,
}

/// Checks a value.
///
/// # Errors
/// It is too long, or cannot be stored.
pub fn check_value(value: &str) -> Result<(), ValueFault> {
    if value.len() > MAX_VARIABLE_BYTES {
        Err(ValueFault::TooLong)
    } else if value.contains('\0') {
        Err(ValueFault::Nul)
    } else {
        Ok(())
    }
}

/// What `$var` reads: the stored variables, and over them those of the environment.
pub fn in_force(stored: Variables, environment: &Variables) -> Env {
    let mut all = stored;
    all.extend(environment.iter().map(|(name, value)| (name.clone(), value.clone())));
    all.into_iter().map(|(name, value)| (String::from(name), value.into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(all: &[(&str, &str)]) -> Variables {
        all.iter().map(|(name, value)| (name.parse().unwrap(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_wins() {
        let stored = variables(&[("crm_url", "https://crm.example"), ("team", "north")]);
        let all = in_force(stored, &variables(&[("crm_url", "http://127.0.0.1"), ("stage", "test")]));
        assert_eq!(all.to_string(), r#"{"crm_url":"http://127.0.0.1","stage":"test","team":"north"}"#);
    }

    #[test]
    fn a_value_is_a_text_that_can_be_stored() {
        for (value, fault) in [
            ("".to_owned(), None),
            ("x".repeat(MAX_VARIABLE_BYTES), None),
            ("x".repeat(MAX_VARIABLE_BYTES + 1), Some(ValueFault::TooLong)),
            ("a\0".to_owned(), Some(ValueFault::Nul)),
        ] {
            assert_eq!(check_value(&value).err(), fault);
        }
    }
}
