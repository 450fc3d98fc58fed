//! A running `postern serve`, and what is asked of it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use postern_shared::options::DatabaseOptions;
use postern_shared::store::{Connection, Store};
use reqwest::Method;

use crate::harness::call::{Answer, Call, client};
use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{DEMO, apply, eventually};

/// Where a lead is posted.
pub const PATH: &str = "/trigger?workflow_trigger=web_lead";

/// What the worker's listener is called in the log; the ingress's has more in it.
const WORKER_LISTENS: &str = "the private listener is open: health and metrics";

/// A running `postern serve`.
pub struct Standalone {
    pub process: Process,
    pub public: SocketAddr,
    pub store: Store,
}

impl Standalone {
    /// With the settings of the demo, in a folder or on a database.
    pub async fn start(command: &mut Command, database_url: String) -> Self {
        let mut process = Process::spawn(command);
        let public = process.address("the public listener is open").await;
        let store = Store::new(&DatabaseOptions::new(database_url, 4), "postern-tests").unwrap();
        Self { process, public, store }
    }

    /// With the settings of the demo, and a PostgreSQL of its own in a folder.
    pub async fn in_folder(folder: &Path) -> Self {
        let mut standalone =
            Self::start(Process::command("postern").arg("serve").current_dir(folder), url_in(folder)).await;
        apply(&standalone.store, DEMO).await;
        standalone.admits().await;
        standalone
    }

    /// With the settings of the demo, on a database.
    pub async fn on(servers: &Servers) -> Self {
        Self::on_with(servers, &[]).await
    }

    /// With the settings of the demo, and these variables in its environment.
    pub async fn on_with(servers: &Servers, environment: &[(&str, &str)]) -> Self {
        let url = servers.database_url.clone();
        let mut command = Process::command("postern");
        command.args(["serve", "--demo"]).env("DATABASE_URL", &url).envs(environment.iter().copied());
        let mut standalone = Self::start(&mut command, url).await;
        standalone.admits().await;
        standalone
    }

    /// Waits until both services are ready and the permission of the demo is in force.
    pub async fn admits(&mut self) {
        eventually("the permission is in force", async || {
            (self.call("GET", "/receipts/x").await.status != 403).then_some(())
        })
        .await;
        self.worker_is_ready(true).await;
    }

    /// Waits until the worker is ready, or is not.
    pub async fn worker_is_ready(&mut self, ready: bool) {
        let address = self.process.address(WORKER_LISTENS).await;
        eventually("the worker says whether it is ready", async || {
            let answer = client().get(format!("http://{address}/health/ready")).send().await.unwrap();
            ((answer.status() == 200) == ready).then_some(())
        })
        .await;
    }

    async fn call(&self, method: &str, path: &str) -> Answer {
        Call::new(method.parse().unwrap(), self.public, path).send().await
    }

    /// Posts the lead with this number.
    pub async fn post(&self, n: usize) -> Answer {
        let form = format!("lastname=Lovelace&email=ada{n}@example.org");
        Call::new(Method::POST, self.public, PATH).form(form).send().await
    }

    /// Posts a form to a path.
    pub async fn post_to(&self, path: &str, form: &str) -> Answer {
        Call::new(Method::POST, self.public, path).form(form).send().await
    }

    /// Posts what must be accepted, and waits until it has finished.
    pub async fn post_finishes(&self, n: usize) {
        let accepted = self.post(n).await;
        assert_eq!(accepted.status, 202, "{}", accepted.json);
        eventually("the submission has finished", async || {
            let receipt = self.call("GET", &accepted.header("location")).await;
            (receipt.json["status"] == "finished").then_some(())
        })
        .await;
    }

    pub async fn connection(&self) -> Connection {
        eventually("the database answers", async || self.store.connection().await.ok()).await
    }

    pub async fn count(&self, statement: &str) -> i64 {
        self.connection().await.query_one(statement, &[]).await.unwrap().get(0)
    }
}

fn url_in(folder: &Path) -> String {
    format!("host='{}/postern-data/run' user=postern dbname=postgres", folder.display())
}
