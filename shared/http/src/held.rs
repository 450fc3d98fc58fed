//! What outsiders can make a program hold, as a table: of what, how many in total, of one address and of one permission,
//! how many bytes each at most, and what all of it takes together.

use std::fmt::Write as _;

/// A kibibyte.
pub const KIB: usize = 1024;
/// A mebibyte.
pub const MIB: usize = 1024 * KIB;

/// What a connection takes beside its header: its task, its timer, and an answer that is not read yet.
const CONNECTION_BYTES: usize = 8 * KIB;

/// What a connection takes.
pub const CONNECTION: usize = crate::MAX_HEADER_BYTES + CONNECTION_BYTES;

/// One thing that is held: how many in total, of one address and of one permission, and the bytes of each at most.
#[derive(Debug)]
pub struct Row {
    what: &'static str,
    total: usize,
    /// None: as many as in total.
    of_address: Option<usize>,
    of_permission: Option<usize>,
    bytes: usize,
}

impl Row {
    /// So many of `bytes` each.
    pub const fn new(what: &'static str, total: usize, bytes: usize) -> Self {
        Self { what, total, of_address: None, of_permission: None, bytes }
    }

    /// The most of one address.
    pub const fn of_address(mut self, most: usize) -> Self {
        self.of_address = Some(most);
        self
    }

    /// The most of one permission.
    pub const fn of_permission(mut self, most: usize) -> Self {
        self.of_permission = Some(most);
        self
    }
}

/// The rows as `deploy/README.md` shows them.
pub fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| what | in total | of one address | of one permission | bytes of each | together |\n|---|---|---|---|---|---|\n",
    );
    let number = |row: &Row, count: usize| if row.bytes == 1 { size(count) } else { grouped(count) };
    for row in rows {
        let part = |count: Option<usize>| count.map_or_else(String::new, |count| number(row, count));
        let each = if row.bytes == 1 { String::new() } else { size(row.bytes) };
        let (in_total, of_address, of_permission) =
            (number(row, row.total), part(row.of_address), part(row.of_permission));
        let together = size(row.total * row.bytes);
        let _ = writeln!(table, "| {} | {in_total} | {of_address} | {of_permission} | {each} | {together} |", row.what);
    }
    let _ = writeln!(table, "| **all of it** | | | | | **{}** |", size(sum(rows)));
    table
}

/// The bytes that all of it takes together.
pub fn sum(rows: &[Row]) -> usize {
    rows.iter().map(|row| row.total * row.bytes).sum()
}

fn size(bytes: usize) -> String {
    match bytes {
        0..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{} MiB", bytes.div_ceil(MIB)),
    }
}

fn grouped(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}
