//! A database role for each process, which owns nothing and may do what the statements of that process need. The role that
//! migrates stays the owner of all tables. Roles are of the whole server, rights are of one database.

mod grants;

use std::fmt;
use std::str::FromStr;

use deadpool_postgres::{Object, Transaction};
use postgres_protocol::password::scram_sha_256;

use super::{StoreError, migrate};
use crate::permission::short_url::generated_short_url;

pub use grants::table;

const RECORDED: &str = "-- roles::recorded
SELECT process, role FROM process_roles ORDER BY process";

const RECORD: &str = "-- roles::record
INSERT INTO process_roles (process, role) VALUES ($1, $2) ON CONFLICT (process) DO UPDATE SET role = excluded.role";

/// What a role of this name is, if there is one: neither an administrator nor a member of who owns the tables.
const FOUND: &str = "-- roles::found
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR pg_has_role(oid, $2, 'MEMBER')
FROM pg_roles WHERE rolname = $1";

/// Who migrates, whether it may make roles, and in which schema of which database.
const MIGRATOR: &str = "-- roles::migrator
SELECT current_user::text, rolsuper OR rolcreaterole, quote_ident(current_schema()), quote_ident(current_database()),
    (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
        AND NOT pg_has_role(relowner, 'USAGE'))
FROM pg_roles WHERE rolname = current_user";

/// Whether a role may make anything in the database.
const MAKES: &str = "-- roles::makes
SELECT has_schema_privilege($1::name, current_schema(), 'CREATE'),
    has_database_privilege($1, current_database(), 'CREATE'), has_database_privilege($1, current_database(), 'TEMPORARY')";

/// The longest name that PostgreSQL keeps whole is 63 bytes.
const MAX_PREFIX_BYTES: usize = 48;

/// The shortest password from a file: below that someone chose a word.
const MIN_PASSWORD_CHARS: usize = 12;

/// What has a role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// The public door.
    Ingress,
    /// What executes workflows.
    Worker,
    /// The panel and the API.
    Control,
}

impl Process {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ingress, Self::Worker, Self::Control];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Worker => "worker",
            Self::Control => "control",
        }
    }
}

/// What the names of the roles begin with: `postern` makes `postern_ingress`. Two databases of one server have two.
#[derive(Debug, Clone)]
pub struct Prefix(String);

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

/// A password, which is sent to the server as its SCRAM verifier only: the server may log statements.
#[derive(Clone)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

impl Password {
    /// That of a file, without the ends of lines behind it.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.chars().count() < MIN_PASSWORD_CHARS {
            return Err(format!("it holds fewer than {MIN_PASSWORD_CHARS} characters"));
        }
        if text.contains(['\0', '\n']) {
            return Err("it holds more than a line".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The password itself, for whoever has to be told.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A role to be made.
#[derive(Debug)]
pub struct Wanted {
    /// Of which process.
    pub process: Process,
    /// Its password; none = a new role gets a random one, and one that is there keeps its own.
    pub password: Option<Password>,
}

/// A role that is there now, with its rights.
#[derive(Debug)]
pub struct Made {
    /// Of which process.
    pub process: Process,
    /// Its name.
    pub role: String,
    /// Whether it was made just now.
    pub is_new: bool,
    /// The random password that it got.
    pub password: Option<Password>,
    /// It may still make tables for a session, since everybody may: only the owner of the database can take that away.
    pub makes_temporary: bool,
}

/// Makes the roles that are missing, and gives each the rights of its process and no other. All or nothing.
///
/// # Errors
/// [`StoreError::Settings`] says what has to be done first.
pub async fn make(connection: &mut Object, prefix: &Prefix, wanted: Vec<Wanted>) -> Result<Vec<Made>, StoreError> {
    let transaction = connection.transaction().await?;
    migrate::lock(&transaction).await?;
    let migrator = Migrator::look(&transaction).await?;
    let mut all = Vec::new();
    for Wanted { process, password } in wanted {
        let role = format!("{}_{}", prefix.0, process.word());
        let found = transaction.query_opt(FOUND, &[&role, &migrator.name]).await?;
        if found.as_ref().is_some_and(|row| row.get(0)) {
            return Err(StoreError::Settings(format!(
                "the role {role} is there already, and it may do too much: it is an administrator, or a member of {}",
                migrator.name
            )));
        }
        let is_new = found.is_none();
        let random = (is_new && password.is_none()).then(|| Password(generated_short_url()));
        if let Some(password) = password.as_ref().or(random.as_ref()) {
            migrator.set_password(&transaction, &role, is_new, password).await?;
        }
        let makes_temporary = migrator.give_rights(&transaction, process, &role).await?;
        transaction.execute(RECORD, &[&process.word(), &role]).await?;
        all.push(Made { process, role, is_new, password: random, makes_temporary });
    }
    transaction.commit().await?;
    Ok(all)
}

/// Gives the roles that were made before the rights of this version.
pub async fn renew(connection: &mut Object) -> Result<(), StoreError> {
    let transaction = connection.transaction().await?;
    migrate::lock(&transaction).await?;
    let recorded = transaction.query(RECORDED, &[]).await?;
    if recorded.is_empty() {
        return Ok(());
    }
    let migrator = Migrator::look(&transaction).await?;
    for row in recorded {
        let (process, role): (&str, &str) = (row.get(0), row.get(1));
        // A copy of the database on another server has none of its roles.
        let is_there = transaction.query_opt(FOUND, &[&role, &migrator.name]).await?.is_some();
        if let Some(process) = Process::ALL.into_iter().find(|one| one.word() == process).filter(|_| is_there) {
            migrator.give_rights(&transaction, process, role).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}

/// Who makes roles, and where.
struct Migrator {
    name: String,
    makes_roles: bool,
    schema: String,
    database: String,
}

impl Migrator {
    async fn look(transaction: &Transaction<'_>) -> Result<Self, StoreError> {
        let row = transaction.query_one(MIGRATOR, &[]).await?;
        let (name, foreign): (String, i64) = (row.get(0), row.get(4));
        if foreign > 0 {
            return Err(StoreError::Settings(format!(
                "{foreign} tables of the database do not belong to {name}: only their owner can give rights on them"
            )));
        }
        Ok(Self { name, makes_roles: row.get(1), schema: row.get(2), database: row.get(3) })
    }

    async fn set_password(
        &self,
        transaction: &Transaction<'_>,
        role: &str,
        is_new: bool,
        password: &Password,
    ) -> Result<(), StoreError> {
        if !self.makes_roles {
            let name = &self.name;
            return Err(StoreError::Settings(format!(
                "{name} may not make roles: let an administrator run `ALTER ROLE {name} CREATEROLE`, or make {role} with \
                 LOGIN and a password, and then run this again without a password for it"
            )));
        }
        let verifier = scram_sha_256(password.0.as_bytes());
        let statement = match is_new {
            true => format!("-- roles::set_password\nCREATE ROLE {role} LOGIN PASSWORD '{verifier}'"),
            false => format!("-- roles::set_password\nALTER ROLE {role} LOGIN PASSWORD '{verifier}'"),
        };
        Ok(transaction.batch_execute(&statement).await?)
    }

    /// Takes all rights away first: what an earlier version needed goes. Others see both at once.
    async fn give_rights(
        &self,
        transaction: &Transaction<'_>,
        process: Process,
        role: &str,
    ) -> Result<bool, StoreError> {
        let Self { schema, database, .. } = self;
        let mut statements = vec![
            format!("-- roles::revoke\nREVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}"),
            format!("-- roles::revoke\nREVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}"),
            format!("-- roles::revoke\nREVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {role}"),
            format!("-- roles::revoke\nREVOKE ALL ON SCHEMA {schema} FROM {role}"),
            format!("-- roles::revoke\nREVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
            format!("-- roles::revoke\nREVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"),
            format!("-- roles::grant\nGRANT CONNECT ON DATABASE {database} TO {role}"),
            format!("-- roles::grant\nGRANT USAGE ON SCHEMA {schema} TO {role}"),
        ];
        statements.extend(grants::statements(process, role));
        transaction.batch_execute(&statements.join(";\n")).await?;
        let row = transaction.query_one(MAKES, &[&role]).await?;
        if row.get(0) || row.get(1) {
            return Err(StoreError::Settings(format!(
                "everybody may make tables in the schema {schema}: let its owner run `REVOKE CREATE ON SCHEMA {schema} \
                 FROM PUBLIC`, and run this again"
            )));
        }
        Ok(row.get(2))
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

    #[test]
    fn a_password_is_one_line_of_a_file_and_is_not_printed() {
        for (text, password) in [
            ("correct horse\n", Some("correct horse")),
            ("correct horse\r\n", Some("correct horse")),
            (" correct horse", Some(" correct horse")),
            ("eleven char", None),
            ("correct\nhorse\n", None),
            ("", None),
        ] {
            assert_eq!(Password::read(text).ok().as_ref().map(Password::text), password, "{text:?}");
        }
        assert_eq!(format!("{:?}", Password("correct horse".to_owned())), "Password");
    }
}
