//! Rows of `search_keys` that several receipts share: of a burst many have the same address, and some the same names. Only
//! receipts of one moment share a row. So a receipt is looked for in the rows of its moment, and those are few.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use uuid::Uuid;

/// The last bits of a UUID v7, in which receipts of one moment differ: the 80 behind its time, and 10 of its milliseconds. A
/// day is a whole number of such moments, so the receipts of a row are of one week and in one partition.
const MOMENT_BITS: u32 = 80 + 10;

/// The most receipts of a row, which stays well below the size at which PostgreSQL moves values out of a row.
const MAX_RECEIPTS: usize = 64;

/// Receipts that share a key, and the key.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedKey {
    /// The newest of them.
    pub receipt: Uuid,
    /// The hash of the key.
    pub hash: i64,
    /// The others, the newest first; none = there are none.
    pub others: Option<Vec<Uuid>>,
}

/// Above all receipts of the moment of a receipt.
pub fn end_of_moment(receipt: Uuid) -> Uuid {
    let next = (receipt.as_u128() >> MOMENT_BITS) + 1;
    if next.leading_zeros() < MOMENT_BITS { Uuid::max() } else { Uuid::from_u128(next << MOMENT_BITS) }
}

/// The rows of receipts with their hashes. Each hash of a receipt has a row of its own.
pub fn alone(hashed: impl IntoIterator<Item = (Uuid, Vec<i64>)>) -> impl Iterator<Item = SharedKey> {
    let rows = |(receipt, hashes): (Uuid, Vec<i64>)| {
        hashes.into_iter().map(move |hash| SharedKey { receipt, hash, others: None })
    };
    hashed.into_iter().flat_map(rows)
}

/// The rows of receipts with their hashes. Receipts of one moment with the same hash share a row.
pub fn shared(hashed: impl IntoIterator<Item = (Uuid, Vec<i64>)>) -> Vec<SharedKey> {
    let mut shared: BTreeMap<(i64, Uuid), Vec<Uuid>> = BTreeMap::new();
    for (receipt, hashes) in hashed {
        for hash in hashes {
            shared.entry((hash, end_of_moment(receipt))).or_default().push(receipt);
        }
    }
    let mut rows = Vec::with_capacity(shared.len());
    for ((hash, _), mut receipts) in shared {
        receipts.sort_unstable_by_key(|receipt| Reverse(*receipt));
        receipts.dedup();
        rows.extend(receipts.chunks(MAX_RECEIPTS).filter_map(|chunk| row(hash, chunk)));
    }
    rows
}

fn row(hash: i64, receipts: &[Uuid]) -> Option<SharedKey> {
    let (receipt, others) = receipts.split_first()?;
    Some(SharedKey { receipt: *receipt, hash, others: (!others.is_empty()).then(|| others.to_vec()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: u128, number: u128) -> Uuid {
        Uuid::from_u128(millisecond << 80 | number)
    }

    #[test]
    fn a_day_is_a_whole_number_of_moments() {
        assert_eq!(86_400_000 % (1_u64 << (MOMENT_BITS - 80)), 0);
    }

    #[test]
    fn a_moment_ends_at_a_multiple_of_1024_ms() {
        for (receipt, end) in [
            (at(0, 0), at(1_024, 0)),
            (at(1_023, 9), at(1_024, 0)),
            (at(1_024, 0), at(2_048, 0)),
            (Uuid::max(), Uuid::max()),
        ] {
            assert_eq!(end_of_moment(receipt), end, "{receipt}");
        }
    }

    #[test]
    fn receipts_of_one_moment_share_a_key() {
        let row = |receipt, hash, others: &[Uuid]| SharedKey {
            receipt,
            hash,
            others: (!others.is_empty()).then(|| others.to_vec()),
        };
        let (first, second, later) = (at(1, 1), at(2, 2), at(1_024, 3));
        for (hashed, expected) in [
            (vec![], vec![]),
            (vec![(first, vec![7, 8])], vec![row(first, 7, &[]), row(first, 8, &[])]),
            (vec![(first, vec![7]), (second, vec![8, 7])], vec![row(second, 7, &[first]), row(second, 8, &[])]),
            (vec![(first, vec![7]), (later, vec![7])], vec![row(first, 7, &[]), row(later, 7, &[])]),
            (vec![(first, vec![7]), (first, vec![7])], vec![row(first, 7, &[])]),
        ] {
            assert_eq!(shared(hashed), expected);
        }
    }

    #[test]
    fn a_row_has_at_most_64_receipts() {
        let rows = shared((0..130).map(|number| (at(1, number), vec![7])));
        let counts: Vec<usize> = rows.iter().map(|row| 1 + row.others.as_ref().map_or(0, Vec::len)).collect();
        assert_eq!(counts, [64, 64, 2]);
        assert!(rows.is_sorted_by_key(|row| Reverse(row.receipt)));
    }
}
