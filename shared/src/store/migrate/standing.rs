//! How a program stands to the schema of a database.

use super::ledger::Applied;
use super::migration::Migration;
use crate::store::StoreError;

/// How a program stands to the schema of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The schema is the program's own.
    Current,
    /// The database lacks the migrations of the program from this index on.
    Behind(usize),
    /// The schema is a later one, which the program can work on. Its number.
    Newer(i32),
}

impl Standing {
    /// # Errors
    /// The program cannot work on the schema, and no migration of it would change that.
    pub fn of(known: &[Migration], applied: &[Applied]) -> Result<Self, StoreError> {
        let program = known.last().map_or(0, |last| last.number);
        let (own, later): (Vec<&Applied>, Vec<&Applied>) = applied.iter().partition(|one| one.number <= program);
        let newest = applied.last().map_or(0, |last| last.number);
        let is_beginning =
            own.len() <= known.len() && own.iter().zip(known).all(|(one, known)| one.number == known.number);
        if !is_beginning || !later.is_empty() && own.len() < known.len() {
            let reason = format!("the database has a schema {newest} of other migrations: make a new database");
            return Err(StoreError::Schema(reason));
        }
        let oldest_reader = later.iter().map(|one| one.oldest_reader).max().unwrap_or_default();
        if oldest_reader > program {
            return Err(StoreError::Schema(format!(
                "the database has schema {newest}, which programs older than schema {oldest_reader} cannot read, and this \
                 program is of schema {program}: use a newer program"
            )));
        }
        Ok(match later.last() {
            Some(newest) => Self::Newer(newest.number),
            None if own.len() < known.len() => Self::Behind(own.len()),
            None => Self::Current,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(known: &[i32], applied: &[(i32, i32)]) -> Result<Standing, String> {
        let known: Vec<Migration> = known.iter().map(|number| Migration::new(*number, "")).collect();
        let applied = applied.iter().map(|&(number, oldest_reader)| Applied { number, oldest_reader });
        Standing::of(&known, &applied.collect::<Vec<_>>()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_program_works_on_every_schema_whose_oldest_reader_it_is_not_below() {
        let known = [1, 2, 5];
        for (applied, found) in [
            (&[(1, 1), (2, 2), (5, 5)][..], Standing::Current),
            (&[], Standing::Behind(0)),
            (&[(1, 1), (2, 2)], Standing::Behind(2)),
            (&[(1, 1), (2, 2), (5, 5), (6, 5)], Standing::Newer(6)),
            (&[(1, 1), (2, 2), (5, 5), (6, 2), (9, 5)], Standing::Newer(9)),
        ] {
            assert_eq!(standing(&known, applied), Ok(found), "{applied:?}");
        }
        for (applied, says) in [
            (&[(1, 1), (2, 2), (5, 5), (6, 6)][..], "use a newer program"),
            // A later migration that asks for less does not take back what an earlier one asks for.
            (&[(1, 1), (2, 2), (5, 5), (6, 6), (7, 5)], "older than schema 6 cannot read"),
            (&[(2, 2)], "of other migrations"),
            (&[(1, 1), (3, 3), (5, 5)], "of other migrations"),
            (&[(1, 1), (2, 2), (6, 2)], "of other migrations"),
        ] {
            let error = standing(&known, applied).unwrap_err();
            assert!(error.contains(says), "{applied:?}: {error}");
        }
    }
}
