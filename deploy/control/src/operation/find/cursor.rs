//! Where the next page of a search begins: a place in each of its lists.

use std::fmt;
use std::str::FromStr;

use postern_shared::id::{ReceiptId, RecordId};

/// Where a list goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place<P> {
    /// At its beginning.
    #[default]
    Start,
    /// Behind an item.
    Behind(P),
    /// Nowhere: all of it was shown.
    End,
}

/// A place in each list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    /// In the list of receipts.
    pub receipts: Place<ReceiptId>,
    /// In the list of records.
    pub records: Place<RecordId>,
    /// In the list of refused bodies.
    pub refused_bodies: Place<i64>,
    /// In the list of dead letters.
    pub dead_letters: Place<i64>,
}

impl<P: Copy> Place<P> {
    /// Behind which item the list goes on; none = it does not.
    pub fn behind(&self) -> Option<Option<P>> {
        match self {
            Self::Start => Some(None),
            Self::Behind(place) => Some(Some(*place)),
            Self::End => None,
        }
    }
}

impl<P> From<Option<P>> for Place<P> {
    fn from(until: Option<P>) -> Self {
        until.map_or(Self::End, Self::Behind)
    }
}

impl Cursor {
    /// Whether all of every list was shown.
    pub fn is_at_the_end(&self) -> bool {
        let end =
            Self { receipts: Place::End, records: Place::End, refused_bodies: Place::End, dead_letters: Place::End };
        *self == end
    }
}

/// The end is a `-`.
impl<P: fmt::Display> fmt::Display for Place<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => Ok(()),
            Self::Behind(place) => place.fmt(f),
            Self::End => f.write_str("-"),
        }
    }
}

impl<P: FromStr> FromStr for Place<P> {
    type Err = P::Err;

    fn from_str(text: &str) -> Result<Self, P::Err> {
        match text {
            "" => Ok(Self::Start),
            "-" => Ok(Self::End),
            text => text.parse().map(Self::Behind),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { receipts, records, refused_bodies, dead_letters } = self;
        write!(f, "{receipts}.{records}.{refused_bodies}.{dead_letters}")
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let places: Vec<&str> = text.split('.').collect();
            let [receipts, records, refused_bodies, dead_letters] = places.as_slice() else { return None };
            Some(Self {
                receipts: receipts.parse().ok()?,
                records: records.parse().ok()?,
                refused_bodies: refused_bodies.parse().ok()?,
                dead_letters: dead_letters.parse().ok()?,
            })
        };
        read().ok_or("is what an answer names as its `next`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = Cursor {
            receipts: Place::Behind(ReceiptId::new()),
            records: Place::Behind(RecordId::try_from(852).unwrap()),
            refused_bodies: Place::End,
            dead_letters: Place::Start,
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!("...".parse(), Ok(Cursor::default()));
        for wrong in ["", "-", "x...", "-.-.-.-.-", "-.0.-.-"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
        assert!("-.-.-.-".parse::<Cursor>().unwrap().is_at_the_end());
    }
}
