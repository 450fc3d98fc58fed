//! Lists as tables. On a terminal they have heads, colours and relative times, and the last column is cut to the width of
//! the terminal. Elsewhere a row is one line of values divided by tabs, whole and without heads, with times in UTC.

use console::{Alignment, Term, measure_text_width, pad_str, truncate_str};
use jiff::Timestamp;

use super::harmless;
use super::moment::relative;
use super::style;

/// Between two columns.
const GAP: &str = "  ";

/// The least that is left of the last column, in characters.
const MIN_LAST: usize = 20;

/// One column of a list.
pub struct Column<T> {
    head: &'static str,
    kind: Kind,
    text: fn(&T) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Time,
    State,
}

impl<T> Column<T> {
    /// Any text.
    pub const fn text(head: &'static str, text: fn(&T) -> String) -> Self {
        Self { head, kind: Kind::Text, text }
    }

    /// A number.
    pub const fn number(head: &'static str, text: fn(&T) -> String) -> Self {
        Self { head, kind: Kind::Number, text }
    }

    /// A moment.
    pub const fn time(head: &'static str, text: fn(&T) -> String) -> Self {
        Self { head, kind: Kind::Time, text }
    }

    /// A word that tells how something is.
    pub const fn state(head: &'static str, text: fn(&T) -> String) -> Self {
        Self { head, kind: Kind::State, text }
    }

    /// The cell of an item, in one line.
    fn cell(&self, item: &T) -> String {
        harmless(&(self.text)(item)).replace(['\n', '\t'], " ")
    }
}

/// The columns of a list, as wide as its items need them.
pub struct Table<T: 'static> {
    columns: &'static [Column<T>],
    widths: Vec<usize>,
    now: Timestamp,
    /// Columns of the terminal.
    most: usize,
}

impl<T> Table<T> {
    /// A table for these items.
    pub fn new(columns: &'static [Column<T>], items: &[T]) -> Self {
        let most = usize::from(Term::stdout().size().1);
        let mut table = Self { columns, widths: Vec::new(), now: Timestamp::now(), most };
        table.widths = (columns.iter())
            .map(|column| {
                let cells = items.iter().map(|item| measure_text_width(&table.shown(column, item)));
                cells.max().unwrap_or(0).max(column.head.len())
            })
            .collect();
        table
    }

    /// An item in one line for programs.
    pub fn plain(&self, item: &T) -> String {
        let cells: Vec<String> = self.columns.iter().map(|column| column.cell(item)).collect();
        cells.join("\t")
    }

    /// Heads and items for a terminal; nothing without items.
    pub fn lines(&self, items: &[T]) -> Vec<String> {
        if items.is_empty() {
            return Vec::new();
        }
        let heads = self.columns.iter().map(|column| (column.kind, column.head.to_owned(), style::head(column.head)));
        let mut lines = vec![self.join(heads)];
        lines.extend(items.iter().map(|item| self.line(item)));
        lines
    }

    /// An item for a terminal.
    pub fn line(&self, item: &T) -> String {
        self.join(self.columns.iter().map(|column| {
            let cell = self.shown(column, item);
            let styled = if column.kind == Kind::State { style::state(&cell) } else { cell.clone() };
            (column.kind, cell, styled)
        }))
    }

    fn shown(&self, column: &Column<T>, item: &T) -> String {
        let cell = column.cell(item);
        if column.kind == Kind::Time { relative(&cell, self.now) } else { cell }
    }

    /// Cells, each with the same in colours, in one line.
    fn join(&self, cells: impl Iterator<Item = (Kind, String, String)>) -> String {
        let mut line = String::new();
        let last = self.columns.len().saturating_sub(1);
        for (at, (kind, cell, styled)) in cells.enumerate() {
            let width = self.widths.get(at).copied().unwrap_or(0);
            if at > 0 {
                line += GAP;
            }
            if at == last && kind != Kind::Number {
                let left = self.most.saturating_sub(measure_text_width(&line)).max(MIN_LAST);
                line += &if measure_text_width(&cell) > left {
                    truncate_str(&cell, left, "…").into_owned()
                } else {
                    styled
                };
            } else if kind == Kind::Number {
                line += &pad_str(&styled, width, Alignment::Right, None);
            } else {
                line += &pad_str(&styled, width, Alignment::Left, None);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Item {
        id: i64,
        at: &'static str,
        state: &'static str,
        message: String,
    }

    static COLUMNS: [Column<Item>; 4] = [
        Column::number("ID", |item| item.id.to_string()),
        Column::time("AT", |item| item.at.to_owned()),
        Column::state("STATE", |item| item.state.to_owned()),
        Column::text("MESSAGE", |item| item.message.clone()),
    ];

    fn items() -> [Item; 2] {
        [
            Item { id: 7, at: "2026-11-24T11:00:00.000Z", state: "failed", message: "a\tb\nc\u{1b}[2J".to_owned() },
            Item { id: 1234, at: "", state: "finished", message: "х".repeat(100) },
        ]
    }

    fn table() -> Table<Item> {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        Table { columns: &COLUMNS, widths: vec![4, 7, 8, 100], now, most: 60 }
    }

    #[test]
    fn a_row_for_programs_is_whole_and_divided_by_tabs() {
        assert_eq!(table().plain(&items()[0]), "7\t2026-11-24T11:00:00.000Z\tfailed\ta b c\\u{1b}[2J");
    }

    #[test]
    fn a_table_for_people_has_heads_and_fits_the_terminal() {
        let lines = table().lines(&items());
        let lines: Vec<_> = lines.iter().map(|line| console::strip_ansi_codes(line)).collect();
        assert_eq!(lines[0], "  ID  AT       STATE     MESSAGE");
        assert_eq!(lines[1], "   7  60m ago  failed    a b c\\u{1b}[2J");
        assert_eq!(lines[2].chars().count(), 60);
        assert!(lines[2].ends_with("х…"), "{}", lines[2]);
        assert!(table().lines(&[]).is_empty());
    }
}
