//! What the names of the roles of one Postern begin with.

use std::str::FromStr;

use super::Process;

/// The longest name that PostgreSQL keeps whole is 63 bytes.
const MAX_PREFIX_BYTES: usize = 48;

/// What the names of the roles begin with: `postern` makes `postern_ingress`. Two databases of one server have two.
#[derive(Debug, Clone)]
pub struct Prefix(String);

impl Prefix {
    /// The name of the role of a process.
    pub(super) fn role(&self, process: Process) -> String {
        format!("{}_{}", self.0, process.word())
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.len() > MAX_PREFIX_BYTES
            || !text.bytes().all(is_plain)
            || !text.starts_with(|c: char| c.is_ascii_lowercase())
        {
            return Err(format!(
                "it must be at most {MAX_PREFIX_BYTES} small letters, digits and underscores, a letter first"
            ));
        }
        if text.starts_with("pg_") {
            return Err("names that begin with pg_ belong to PostgreSQL".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_needs_no_quotes() {
        for (text, is_one) in [
            ("postern", true),
            ("postern_eu1", true),
            ("", false),
            ("1st", false),
            ("_x", false),
            ("Postern", false),
            ("a-b", false),
            ("a\"b", false),
            ("pg_x", false),
            (&"a".repeat(48), true),
            (&"a".repeat(49), false),
        ] {
            assert_eq!(text.parse::<Prefix>().is_ok(), is_one, "{text}");
        }
    }
}
