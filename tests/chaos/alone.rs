//! `postern serve` with a PostgreSQL of its own and no broker, and what is done to them.

use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::time::sleep;

use crate::actor::{Actor, freeze, freeze_all, kill_and_start, restart_in_turn};
use crate::clock::Clock;
use crate::database::Database;
use crate::disk::Disk;
use crate::link::{Link, Mode};
use crate::logs::Logs;
use crate::plan::{Fault, Strike};
use crate::processes::{free_address, kill, tree};

/// The program, the link to its clients, and the disk of its data.
pub struct Alone {
    pub program: Actor,
    pub database: Database,
    door: Link,
    disk: Option<Arc<Disk>>,
    folder: PathBuf,
}

/// Ends the program and the PostgreSQL that outlives it. The folder with the logs stays.
impl Drop for Alone {
    fn drop(&mut self) {
        self.program.kill();
        kill(&self.postgres());
        if self.folder.exists() {
            println!("logs: {}", self.folder.display());
        }
    }
}

impl Alone {
    /// Starts it, and returns when it is ready.
    pub async fn start(logs: &Logs, clock: Option<&Clock>) -> Self {
        let folder = std::env::temp_dir().join(format!("postern-chaos-{}", std::process::id()));
        let data = folder.join("disk");
        fs::create_dir_all(&data).unwrap();
        let disk = Disk::of_postgres(&data).map(Arc::new);
        for passed in [&folder, &data] {
            fs::set_permissions(passed, Permissions::from_mode(0o755)).unwrap();
        }
        let public = free_address();
        let environment =
            vec![("POSTERN_DATA_DIR", data.join("data").display().to_string()), ("POSTERN_LISTEN", public.to_string())];
        let private = ["POSTERN_PRIVATE_LISTEN", "POSTERN_WORKER_LISTEN"];
        let mut program = Actor::new("postern".to_owned(), "postern", environment, &private, logs, clock);
        program.start();
        program.ready().await;
        let url = format!("host='{}' user=postern dbname=postgres", data.join("data/run").display());
        Self { program, database: Database { url }, door: Link::to(public).await, disk, folder }
    }

    pub fn door(&self) -> SocketAddr {
        self.door.address
    }

    /// The logs are not wanted any more.
    pub fn forget_logs(&mut self) {
        self.program.kill();
        kill(&self.postgres());
        self.disk = None;
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// Does it, heals it, and returns what happened although it should not.
    pub async fn harm_and_heal(&mut self, strike: &Strike) -> Vec<String> {
        match strike.fault {
            Fault::KillProgram => kill_and_start(std::slice::from_mut(&mut self.program), strike.lasts).await,
            // The program starts another one.
            Fault::KillPostgres => kill(&self.postgres()),
            Fault::KillProgramAndPostgres => {
                let postgres = self.postgres();
                self.program.kill();
                kill(&postgres);
                sleep(strike.lasts).await;
                self.program.start();
            }
            Fault::FreezeProgram => freeze(&self.program, strike.lasts).await,
            Fault::FreezePostgres => freeze_all(&self.postgres(), strike.lasts).await,
            Fault::Cut(_) => self.harm_link(Mode::Cut, strike).await,
            Fault::Stall(_) => self.harm_link(Mode::Stall, strike).await,
            Fault::Swallow(_) => self.harm_link(Mode::Swallow, strike).await,
            Fault::Reset(_) => self.harm_link(Mode::Reset, strike).await,
            Fault::RestartProgram => return restart_in_turn(std::slice::from_mut(&mut self.program)).await,
            Fault::OutOfConnections => {
                let taken = self.database.take_all_connections().await;
                sleep(strike.lasts).await;
                drop(taken);
            }
            Fault::DiskFull => self.fill_the_disk(strike).await,
            other => panic!("{other:?} is not for this form"),
        }
        Vec::new()
    }

    fn postgres(&self) -> Vec<u32> {
        tree(&self.folder.join("disk/data/postgres/postmaster.pid"))
    }

    async fn harm_link(&self, mode: Mode, strike: &Strike) {
        self.door.set(mode);
        sleep(strike.lasts).await;
        self.door.set(Mode::Pass);
    }

    async fn fill_the_disk(&self, strike: &Strike) {
        if let Some(disk) = self.disk.clone() {
            let filled = Arc::clone(&disk);
            tokio::task::spawn_blocking(move || filled.fill()).await.unwrap();
            sleep(strike.lasts).await;
            disk.free();
        }
    }
}
