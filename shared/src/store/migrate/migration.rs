//! One migration: a file of SQL whose first lines declare how it is applied and which programs may work on what it leaves.
//!
//! `-- oldest-reader: 57` declares the oldest reader, and `-- concurrently` that the statements are applied one by one,
//! outside of a transaction. Both stand in lines of their own.

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number, which is that of the schema that it leaves.
    pub number: i32,
    sql: &'static str,
}

impl Migration {
    /// A migration of a file.
    pub const fn new(number: i32, sql: &'static str) -> Self {
        Self { number, sql }
    }

    /// Its statements.
    pub const fn sql(&self) -> &'static str {
        self.sql
    }

    /// The oldest program that works on the schema which it leaves, by the number of the program's last migration. One that
    /// declares nothing is needed by every program.
    pub fn oldest_reader(&self) -> i32 {
        self.declared("oldest-reader:").and_then(|number| number.trim().parse().ok()).unwrap_or(self.number)
    }

    /// Whether it makes or removes indexes beside the traffic.
    pub fn is_concurrent(&self) -> bool {
        self.comment().any(|line| line == "concurrently")
    }

    /// The first sentence of its comment.
    pub fn title(&self) -> String {
        let comment: Vec<&str> = self.comment().filter(|line| !is_declaration(line)).collect();
        let comment = comment.join(" ");
        comment.split_inclusive(". ").next().unwrap_or_default().trim().trim_end_matches(['.', ':']).to_owned()
    }

    /// Its statements one by one. Only those that run outside of a transaction are taken apart, and hold no text with a
    /// semicolon.
    pub fn statements(&self) -> impl Iterator<Item = String> {
        let code: Vec<&str> = self.sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let statements: Vec<String> = code.join(" ").split(';').map(|text| text.trim().to_owned()).collect();
        statements.into_iter().filter(|text| !text.is_empty())
    }

    fn declared(&self, what: &str) -> Option<&'static str> {
        self.comment().find_map(|line| line.strip_prefix(what))
    }

    /// The lines of the comment at its beginning.
    fn comment(&self) -> impl Iterator<Item = &'static str> {
        self.sql.lines().map_while(|line| Some(line.strip_prefix("--")?.trim()))
    }
}

fn is_declaration(line: &str) -> bool {
    line.starts_with("oldest-reader:") || line == "concurrently"
}

#[cfg(test)]
mod tests {
    use super::super::{MIGRATIONS, Schema, concurrent_index};
    use super::*;

    /// The last migration of the programs that worked on no schema but their own.
    const LAST_OF_EXACT_PROGRAMS: i32 = 57;

    #[test]
    fn the_first_lines_declare_reader_and_way() {
        let plain = Migration::new(70, "-- What it is for. And why.\nCREATE TABLE x (a int);");
        assert_eq!(
            (plain.oldest_reader(), plain.is_concurrent(), plain.title().as_str()),
            (70, false, "What it is for")
        );
        let declared = "-- oldest-reader: 57\n-- concurrently\n-- Finds x\n-- by a.\nCREATE INDEX CONCURRENTLY y ON x (a);\n\
                        DROP INDEX CONCURRENTLY z;\n-- oldest-reader: 1\n";
        let declared = Migration::new(71, declared);
        assert_eq!((declared.oldest_reader(), declared.is_concurrent()), (57, true));
        assert_eq!(declared.title(), "Finds x by a");
        let statements = ["CREATE INDEX CONCURRENTLY y ON x (a)", "DROP INDEX CONCURRENTLY z"];
        assert_eq!(declared.statements().collect::<Vec<_>>(), statements);
    }

    #[test]
    fn numbers_rise_and_later_migrations_declare_their_oldest_reader() {
        assert!(MIGRATIONS.is_sorted_by(|(one, _), (next, _)| one < next));
        for migration in Schema::current().0 {
            let (number, oldest) = (migration.number, migration.oldest_reader());
            let declares = number <= LAST_OF_EXACT_PROGRAMS || migration.declared("oldest-reader:").is_some();
            assert!(declares && oldest <= number, "migration {number} needs a line `-- oldest-reader: NUMBER`");
            let is_known = |text: String| concurrent_index::Statement::read(&text).is_some();
            assert!(!migration.is_concurrent() || migration.statements().all(is_known), "migration {number}");
        }
    }
}
