//! A Postern that is attacked: with the settings of the honest caller and of the attacks, with open files as most
//! systems let a program have, and, where that is told, in a control group.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, Store};

use crate::attacks::{Against, settings, silence};
use crate::control_group::{ControlGroup, confined};
use crate::it::harness::outside::Outside;
use crate::it::harness::process::Process;
use crate::it::harness::servers::Servers;
use crate::it::harness::{self, DEMO, eventually};
use crate::load;

/// The soft limit that systemd gives to a service, and a login shell has.
const OPEN_FILES: u32 = 1_024;

/// What the worker's listener of `postern serve` is called in the log; the ingress's has more in it.
const WORKER_LISTENS: &str = "the private listener is open: health and metrics";

/// The place of control among the processes of a pair.
const CONTROL: usize = 2;

/// Which programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Ingress and worker with RabbitMQ between them.
    Pair,
    /// `postern serve` without a broker, on the PostgreSQL of the tests.
    Serve,
}

/// The running programs.
pub struct Besieged {
    pub processes: Vec<Process>,
    pub against: Against,
    store: Store,
    // What honest workflows ask.
    _outside: Outside,
    // Dropped after the programs that use them.
    _servers: Servers,
}

impl Besieged {
    /// Returns when leads are accepted and executed.
    pub async fn start(form: Form, group: Option<&ControlGroup>) -> Self {
        let (servers, outside) = (Servers::new().await, Outside::start().await);
        let options = DatabaseOptions::new(&servers.database_url, 2);
        let store = Store::new(&options, "postern-bench").unwrap();
        harness::apply(&store, &documents(&outside, silence::start().await)).await;
        store.connection().await.unwrap().batch_execute(settings::FILL).await.unwrap();
        let environment = [
            ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8".to_owned()),
            ("POSTERN_SMTP_URL", format!("smtp://{}?tls=never", silence::start().await)),
            ("POSTERN_MAIL_FROM", "Postern <postern@example.org>".to_owned()),
            ("POSTERN_ADMIN_PASSWORD", settings::PASSWORD.to_owned()),
            ("DATABASE_URL", servers.database_url.clone()),
            ("AMQP_URL", if form == Form::Pair { servers.amqp_url.clone() } else { String::new() }),
        ];
        let start = |command: &mut Command| {
            Process::spawn(confined(command.envs(environment.clone()), group, Some(OPEN_FILES)).stderr(Stdio::piped()))
        };
        let mut processes = match form {
            Form::Pair => ["postern-ingress", "postern-worker", "postern-control"]
                .map(|name| start(&mut Process::command(name)))
                .into(),
            Form::Serve => vec![start(Process::command("postern").arg("serve"))],
        };
        let public = processes[0].address("the public listener is open").await;
        let private = match form {
            Form::Pair => processes[CONTROL].address("the control listener is open").await,
            Form::Serve => processes[0].address("the private listener is open").await,
        };
        match form {
            Form::Pair => harness::ready("the worker is ready", &mut processes[1]).await,
            Form::Serve => drop(processes[0].address(WORKER_LISTENS).await),
        }
        harness::ready("the ingress is ready", &mut processes[0]).await;
        let besieged =
            Self { processes, against: Against { public, private }, store, _outside: outside, _servers: servers };
        besieged.execute_one().await;
        besieged
    }

    pub fn public(&self) -> SocketAddr {
        self.against.public
    }

    /// The process of control, of a [`Form::Pair`].
    pub fn control(&mut self) -> &mut Process {
        &mut self.processes[CONTROL]
    }

    /// A connection to its database.
    pub async fn connection(&self) -> Connection {
        self.store.connection().await.unwrap()
    }

    /// Whether all its programs still run.
    pub fn is_alive(&self) -> bool {
        self.processes.iter().all(|process| {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.id()));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        })
    }

    async fn execute_one(&self) {
        let connection = self.connection().await;
        load::Connection::open(self.public()).await.post(load::numbers(1).start).await;
        eventually("the first lead is executed", async || {
            let rows = connection.query("SELECT FROM receipts", &[]).await.unwrap();
            (!rows.is_empty()).then_some(())
        })
        .await;
    }
}

/// Workflow 77 of the demo for the honest caller, one that asks another system, one that waits, and what the attacks need.
fn documents(outside: &Outside, hanging: SocketAddr) -> String {
    let honest = include_str!("honest.yaml").replace("OUTSIDE", &outside.address.to_string());
    format!("{DEMO}\n---\n{honest}\n---\n{}", settings::documents(hanging))
}
