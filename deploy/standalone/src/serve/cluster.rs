//! The data of the private PostgreSQL: made once, aside and then renamed, so that a folder of this name is always whole;
//! and what a killed server has left in it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::Failure;
use super::folder::Folder;
use super::options::PrivateDatabaseOptions;
use super::programs;
use super::user::User;

/// The role that Postern works as: the owner of everything in its own server.
pub const ROLE: &str = "postern";

/// Settings of a new cluster. What a commit means is not among them: `server` says that each time.
const SETTINGS: &str = "
# Of Postern, written when it made this cluster; yours to change.
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
autovacuum_naptime = 10s
log_line_prefix = '%m [%p] %a '
log_checkpoints = off
# Without details, in which values stand.
log_error_verbosity = terse
";

/// Seconds that the server of a killed Postern may take to stop.
const ORPHAN_LIMIT_S: u64 = 60;

/// A process that cannot be there: above the highest number that Linux gives (`PID_MAX_LIMIT`, 4,194,304).
const NOBODY: &str = "4194305";

/// The data, and who works on it with which programs.
#[derive(Debug)]
pub struct Cluster {
    /// The data folder of Postern.
    pub folder: Folder,
    user: User,
    programs: PathBuf,
}

impl Cluster {
    /// Takes the folder, makes the data if there is none, and ends a server that outlived its Postern.
    pub async fn open(options: &PrivateDatabaseOptions) -> Result<Self, Failure> {
        let folder = Folder::open(&options.data_dir)?;
        let user = User::find(&options.postgres_user).await?;
        let version = fs::read_to_string(folder.cluster().join("PG_VERSION")).ok();
        let version = version.and_then(|text| text.trim().parse().ok());
        let programs = programs::find(options.postgres_bin.as_deref(), version)?;
        let cluster = Self { folder, user, programs };
        cluster.check_way().await?;
        if version.is_none() {
            cluster.make().await?;
        }
        cluster.make_socket_folder()?;
        cluster.end_orphan().await?;
        Ok(cluster)
    }

    /// A program of PostgreSQL, as its user, which writes into its log.
    pub fn command(&self, program: &str) -> Result<Command, Failure> {
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(self.folder.log())?;
        let mut command = self.user.command(&self.programs.join(program));
        // Its user may have no way into the folder in which Postern was started.
        command.current_dir(self.folder.path()).stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
        Ok(command)
    }

    /// Stops the server: what is open ends at once, what is committed is on disk. `limit_s`: seconds that it may take.
    pub async fn stop(&self, limit_s: u64) -> Result<(), Failure> {
        let mut command = self.command("pg_ctl")?;
        command.args(["stop", "-s", "-D"]).arg(self.folder.cluster());
        command.args(["-m", "fast", "-w", "-t"]).arg(limit_s.to_string());
        let status = command.status().await?;
        if status.success() { Ok(()) } else { Err(self.failure("postgresql did not stop")) }
    }

    /// An error with what PostgreSQL said last.
    pub fn failure(&self, what: &str) -> Failure {
        format!("{what}; {} ends with:\n{}", self.folder.log().display(), self.folder.end_of_log()).into()
    }

    /// Whether the user of PostgreSQL can reach the folder.
    async fn check_way(&self) -> Result<(), Failure> {
        let User::Other { name, .. } = &self.user else { return Ok(()) };
        let folder = self.folder.path();
        let reached = self.user.command(Path::new("test")).arg("-x").arg(folder).status().await?;
        if reached.success() {
            return Ok(());
        }
        let folder = folder.display();
        Err(format!("the user {name}, as which postgresql runs, cannot reach {folder}: set POSTERN_DATA_DIR").into())
    }

    async fn make(&self) -> Result<(), Failure> {
        let new = self.folder.path().join("postgres.new");
        tracing::info!(folder = %self.folder.cluster().display(), "making a database cluster");
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        DirBuilder::new().mode(0o700).create(&new)?;
        self.user.own(&new)?;
        let mut command = self.command("initdb")?;
        command.arg("-D").arg(&new).args(["-U", ROLE, "--encoding=UTF8", "--locale=C", "--data-checksums"]);
        // By the socket only, whose folder is closed to others; by TCP nobody.
        let status = command.args(["--auth-local=trust", "--auth-host=reject"]).status().await?;
        if !status.success() {
            return Err(self.failure("the database cluster could not be made"));
        }
        OpenOptions::new().append(true).open(new.join("postgresql.conf"))?.write_all(SETTINGS.as_bytes())?;
        fs::rename(&new, self.folder.cluster())?;
        Ok(())
    }

    fn make_socket_folder(&self) -> Result<(), Failure> {
        let folder = self.folder.socket_folder();
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        self.user.own(&folder)
    }

    /// Ends a server whose Postern was killed. If the number that it has left belongs to some other process by now, as
    /// in a container that was started again, PostgreSQL would take that for itself and refuse to start.
    async fn end_orphan(&self) -> Result<(), Failure> {
        let path = self.folder.cluster().join("postmaster.pid");
        let Ok(left) = fs::read_to_string(&path) else { return Ok(()) };
        if UnixStream::connect(self.folder.socket()).is_ok() {
            tracing::warn!("the postgresql of a postern that was killed still runs; it is stopped first");
            return self.stop(ORPHAN_LIMIT_S).await;
        }
        let (pid, rest) = left.split_once('\n').unwrap_or((&left, ""));
        let command_line = fs::read(Path::new("/proc").join(pid.trim()).join("cmdline"));
        let cluster = self.folder.cluster();
        let is_ours = |line: Vec<u8>| String::from_utf8_lossy(&line).contains(&*cluster.to_string_lossy());
        if command_line.is_ok_and(|line| !is_ours(line)) {
            // The rest stays: by it PostgreSQL sees whether children of the dead one still live.
            fs::write(&path, format!("{NOBODY}\n{rest}"))?;
        }
        for left in [self.folder.socket(), self.folder.socket().with_extension("5432.lock")] {
            let _ = fs::remove_file(left);
        }
        Ok(())
    }
}
