//! The names of things, parsed once at the edge: after that no id can be empty, negative or too long.

mod invalid;
mod name;

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::excerpt::excerpt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use invalid::{IdFault, IdKind, InvalidId};
pub use name::{
    ConnectionName, MAX_NAME_BYTES, ModuleName, PermissionKey, SecretName, StepName, TriggerKey, VariableName,
};

/// One accepted POST. A UUID v7: its first 48 bits are the milliseconds since 1970 at which it was made,
/// which is also the partition that its history lives in (RFC 9562, 5.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReceiptId(Uuid);

/// The bits of a UUID v7 that hold the milliseconds, where they stand at its end.
const MILLIS: u128 = (1 << 48) - 1;

/// The bits of a UUID v7 that stay random.
const RANDOM: u128 = (1 << 62) - 1;

impl ReceiptId {
    /// A new receipt, stamped with this machine's clock.
    #[expect(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self::at(SystemTime::now())
    }

    /// A new receipt of a moment, and of nothing else: no counter keeps it at a time that the clock showed before. The
    /// moment is kept to a 4096th of a millisecond, in whose order receipts stand (RFC 9562, 6.2, method 3); 62 bits
    /// are random.
    pub fn at(moment: SystemTime) -> Self {
        let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let part = u128::from(since.subsec_nanos() % 1_000_000) * 4096 / 1_000_000;
        let random = Uuid::new_v4().as_u128() & RANDOM;
        Self(Uuid::from_u128((since.as_millis() & MILLIS) << 80 | 7 << 76 | part << 64 | 2 << 62 | random))
    }

    /// When it was made, by the clock of the ingress that made it.
    pub fn time(self) -> SystemTime {
        let millis = self.0.as_u128() >> 80;
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// The hour of [`ReceiptId::time`], counted since 1970 (UTC).
    pub fn hour(self) -> i64 {
        i64::try_from((self.0.as_u128() >> 80) / 3_600_000).unwrap_or(i64::MAX)
    }

    /// The plain UUID, as the store keeps it.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ReceiptId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for ReceiptId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match Uuid::try_parse(text) {
            Ok(uuid) if uuid.get_version_num() == 7 => Ok(Self(uuid)),
            _ => Err(InvalidId { what: IdKind::Receipt, text: excerpt(text), fault: IdFault::NoUuid }),
        }
    }
}

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            /// The plain number, always above zero.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = InvalidId;

            fn try_from(number: i64) -> Result<Self, InvalidId> {
                if number > 0 {
                    Ok(Self(number))
                } else {
                    Err(InvalidId { what: $what, text: number.to_string(), fault: IdFault::NotAboveZero })
                }
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                match text.parse::<i64>() {
                    Ok(number) if digits && number > 0 => Ok(Self(number)),
                    _ => Err(InvalidId { what: $what, text: excerpt(text), fault: IdFault::NoNumber }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// A workflow, numbered by whoever writes it.
    WorkflowId,
    IdKind::Workflow
);
number_id!(
    /// A record of any module; the numbers are shared by all modules.
    RecordId,
    IdKind::Record
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_above_zero() {
        for (text, expected) in [("1", Some(1)), ("852", Some(852)), ("0", None), ("-1", None), ("+1", None)] {
            assert_eq!(text.parse::<RecordId>().ok().map(RecordId::get), expected, "{text}");
        }
        for text in ["", " 1", "1 ", "1.0", "9223372036854775808", "١"] {
            assert!(text.parse::<RecordId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_receipt_knows_when_it_was_made() {
        let age = SystemTime::now().duration_since(ReceiptId::new().time()).unwrap();
        assert!(age < Duration::from_secs(5));
        assert!("6f1c6d0e-0000-4000-8000-000000000000".parse::<ReceiptId>().is_err());
    }

    #[test]
    fn a_receipt_has_the_time_of_a_clock_that_went_back() {
        let day = Duration::from_secs(24 * 3600);
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_123);
        for moment in [now, now + 40 * day, now, now - 40 * day] {
            let receipt = ReceiptId::at(moment);
            assert_eq!(receipt.time(), moment);
            assert!(receipt.to_string().parse::<ReceiptId>().is_ok(), "{receipt}");
            assert_eq!(receipt.uuid().get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[test]
    fn receipts_of_one_millisecond_differ_and_keep_their_order() {
        let at = |nanos: u64| ReceiptId::at(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos));
        let start = 1_800_000_000_123_000_000;
        let in_order: Vec<_> = (0..1_000).map(|n| at(start + n * 1_000)).collect();
        assert!(in_order.is_sorted());
        let same: std::collections::HashSet<_> = (0..1_000).map(|_| at(start)).collect();
        assert_eq!(same.len(), 1_000);
    }
}
