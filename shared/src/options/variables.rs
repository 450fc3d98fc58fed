//! Variables of the installation that the environment sets: `POSTERN_VAR_CRM_URL` is `$var["crm_url"]`.

use std::ffi::OsString;

use super::names;
use crate::id::VariableName;
use crate::variable::{Variables, check_value};

/// What the name of a variable of the installation begins with in the environment.
pub const PREFIX: &str = "POSTERN_VAR_";

/// The variables of the environment. One that is set to nothing is not set: Compose makes such ones of `${NAME:-}`.
///
/// # Errors
/// A name or a value that no variable can have. The error does not repeat the value.
pub fn of_environment() -> Result<Variables, String> {
    read(names::environment())
}

fn read(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Variables, String> {
    let mut variables = Variables::new();
    for (name, value) in environment.filter(|(_, value)| !value.is_empty()) {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let wrong = |fault: String| format!("{name}: {fault}");
        let lower = name[PREFIX.len()..].to_lowercase();
        let variable: VariableName = lower.parse().map_err(|fault| wrong(format!("{fault}")))?;
        let value = value.into_string().map_err(|_| wrong("the value is no text in UTF-8".to_owned()))?;
        check_value(&value).map_err(|fault| wrong(format!("the value {fault}")))?;
        variables.insert(variable, value);
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_small_letters_and_what_is_empty_is_not_set() {
        let read = |pairs: &[(&str, &str)]| read(pairs.iter().map(|(name, value)| (name.into(), value.into())));
        let all = read(&[("POSTERN_VAR_CRM_URL", "https://a"), ("POSTERN_VAR_B", ""), ("POSTERN_LOG", "info")]);
        assert_eq!(all, Ok(Variables::from([("crm_url".parse().unwrap(), "https://a".to_owned())])));
        let fault = read(&[("POSTERN_VAR_A-B", "hidden")]).unwrap_err();
        assert!(fault.starts_with("POSTERN_VAR_A-B: variable") && !fault.contains("hidden"), "{fault}");
        assert!(read(&[("POSTERN_VAR_", "a")]).is_err());
        assert!(read(&[("POSTERN_VAR_A", &"x".repeat(5_000))]).is_err());
    }
}
