//! The data folder: one Postern at a time has it, for as long as its process lives.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Failure;

/// Bytes of the path of a socket that operating systems accept: macOS 103, Linux 107.
const MAX_SOCKET_PATH: usize = 103;

/// What PostgreSQL calls its socket: the port is part of the name only.
const SOCKET: &str = ".s.PGSQL.5432";

/// The data folder, locked. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and takes it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let named = |error: std::io::Error| format!("the data folder {}: {error}", path.display());
        // Others may pass, since PostgreSQL may be another user; what lies in it is closed to them.
        DirBuilder::new().recursive(true).mode(0o711).create(path).map_err(named)?;
        let path = fs::canonicalize(path).map_err(named)?;
        let folder = Self { _lock: lock(&path)?, path };
        let length = folder.socket().as_os_str().len();
        if length > MAX_SOCKET_PATH {
            let path = folder.path.display();
            let too_long = length - MAX_SOCKET_PATH;
            return Err(format!(
                "the path of the data folder is {too_long} bytes too long for a socket in it: {path}; set POSTERN_DATA_DIR"
            )
            .into());
        }
        Ok(folder)
    }

    /// Where it is, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of PostgreSQL's data.
    pub fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// The folder of the socket, which only PostgreSQL's user may enter: whoever reaches the socket is let in.
    pub fn socket_folder(&self) -> PathBuf {
        self.path.join("run")
    }

    /// The socket.
    pub fn socket(&self) -> PathBuf {
        self.socket_folder().join(SOCKET)
    }

    /// What PostgreSQL says.
    pub fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// What PostgreSQL said last.
    pub fn end_of_log(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("lock");
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(named)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(named)?;
            let (folder, holder) = (folder.display(), holder.trim());
            return Err(format!("the data folder {folder} is in use by another postern, process {holder}").into());
        }
        Err(TryLockError::Error(error)) => return Err(named(error).into()),
    }
    file.set_len(0).map_err(named)?;
    file.rewind().map_err(named)?;
    writeln!(file, "{}", std::process::id()).map_err(named)?;
    Ok(file)
}
