//! How codes are written down: an enum, and the list of its codes with the names of their arguments.

/// Makes an enum of codes with arguments, and `CODES` for the tests of the tables. Codes of other enums may follow: they
/// are stored as if they were codes of this one.
macro_rules! codes {
    (
        $(#[$outer:meta])* $enum:ident:
        $($(#[$doc:meta])* $code:literal $name:ident $({ $($argument:ident: $kind:ty),+ })?;)+
        $(and $($other:ident($inner:ty)),+;)?
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "code")]
        #[expect(missing_docs, reason = "the tables hold the texts, in which each argument stands")]
        pub enum $enum {
            $($(#[$doc])* #[serde(rename = $code)] $name $({ $($argument: $kind),+ })?,)+
            $($(#[serde(untagged)] $other($inner)),+)?
        }

        /// Each code, with the names of its arguments.
        #[cfg(any(test, feature = "schema"))]
        pub const CODES: &[(&str, &[&str])] = &[$(($code, &[$($(stringify!($argument)),+)?])),+];
    };
}

pub(super) use codes;
