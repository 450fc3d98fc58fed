//! A database role for each process, which owns nothing and may do what the statements of that process need. The role that
//! migrates stays the owner of all tables. Roles are of the whole server, rights are of one database.

mod grants;
mod password;
mod prefix;

use deadpool_postgres::{Object, Transaction};

use super::{StoreError, migrate};

pub use grants::table;
pub use password::Password;
pub use prefix::Prefix;

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
    (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1)
        AND NOT pg_has_role(relowner, 'USAGE'))
FROM pg_roles WHERE rolname = current_user";

/// Whether a role may make anything in the database.
const MAKES: &str = "-- roles::makes
SELECT has_schema_privilege($1::name, current_schema(), 'CREATE'),
    has_database_privilege($1, current_database(), 'CREATE'), has_database_privilege($1, current_database(), 'TEMPORARY')";

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
        let role = prefix.role(process);
        let found = transaction.query_opt(FOUND, &[&role, &migrator.name]).await?;
        if found.as_ref().is_some_and(|row| row.get(0)) {
            return Err(StoreError::Settings(format!(
                "the role {role} is there already, and it may do too much: it is an administrator, or a member of {}",
                migrator.name
            )));
        }
        let is_new = found.is_none();
        let random = (is_new && password.is_none()).then(|| Password::random());
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
        let row = transaction.query_one(MIGRATOR, &[&grants::tables()]).await?;
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
        let verifier = password.verifier();
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
