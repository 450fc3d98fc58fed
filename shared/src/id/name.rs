//! Names that people choose.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{IdFault, IdKind, InvalidId};
use crate::excerpt::excerpt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:expr, $letters:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                match name_fault(text, $letters) {
                    None => Ok(Self(text.to_owned())),
                    Some(fault) => Err(InvalidId { what: $what, text: excerpt(text), fault }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id!(
    /// What a caller names in `workflow_trigger`.
    TriggerKey,
    IdKind::Trigger,
    Letters::Latin
);
text_id!(
    /// What a permission is known by when settings are applied again; the title is only for people.
    PermissionKey,
    IdKind::Permission,
    Letters::Latin
);
text_id!(
    /// A record type, such as `Leads`.
    ModuleName,
    IdKind::Module,
    Letters::OfAnyScript
);
text_id!(
    /// A step of a workflow, unique in it.
    StepName,
    IdKind::Step,
    Letters::OfAnyScript
);

text_id!(
    /// A secret.
    SecretName,
    IdKind::Secret,
    Letters::Latin
);

text_id!(
    /// A connection: the way to another system.
    ConnectionName,
    IdKind::Connection,
    Letters::Latin
);

text_id!(
    /// A variable of the installation. Its name in the environment has the same letters, in capitals.
    VariableName,
    IdKind::Variable,
    Letters::SmallLatin
);

/// The longest name of a trigger, permission, module, step, secret, connection or variable: it must fit an index row, a label,
/// a table cell.
pub const MAX_NAME_BYTES: usize = 64;

/// Which letters a name may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// Of what callers write into URLs.
    Latin,
    /// Of what people name in a language of their own.
    OfAnyScript,
    /// Of what the environment of a process names in capitals.
    SmallLatin,
}

/// Why a text cannot be a name, or nothing.
fn name_fault(text: &str, letters: Letters) -> Option<IdFault> {
    let is_sign = |c: char| matches!(c, '_' | '-' | '.');
    let is_latin = |c: char| c.is_ascii_alphanumeric() || is_sign(c);
    let is_small_latin = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_of_any_script = |c: char| c.is_alphanumeric() || is_sign(c);
    if text.is_empty() {
        Some(IdFault::Empty)
    } else if text.len() > MAX_NAME_BYTES {
        Some(IdFault::TooLong)
    } else if letters == Letters::Latin && !text.chars().all(is_latin) {
        Some(IdFault::LatinCharacters)
    } else if letters == Letters::SmallLatin && !text.chars().all(is_small_latin) {
        Some(IdFault::SmallCharacters)
    } else if !text.chars().all(is_of_any_script) {
        Some(IdFault::Characters)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_says_what_is_wrong() {
        let error = "web lead".parse::<TriggerKey>().unwrap_err().to_string();
        assert_eq!(error, r#"trigger key "web lead" may hold only Latin letters, digits, '_', '-' and '.'"#);
        assert!("наш_сайт".parse::<TriggerKey>().is_err());
        assert!("CUSTOM_43".parse::<TriggerKey>().is_ok());
        assert!("x".repeat(65).parse::<TriggerKey>().is_err());
        let error = "CRM_URL".parse::<VariableName>().unwrap_err().to_string();
        assert_eq!(error, r#"variable "CRM_URL" may hold only small Latin letters, digits and '_'"#);
        assert!("crm_url_2".parse::<VariableName>().is_ok());
        for (text, is_name) in
            [("Лиды", true), ("Kontakte_Köln", true), ("リード", true), ("a b", false), ("a/b", false)]
        {
            assert_eq!(text.parse::<ModuleName>().is_ok(), is_name, "{text}");
            assert_eq!(text.parse::<StepName>().is_ok(), is_name, "{text}");
        }
    }
}
