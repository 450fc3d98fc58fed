//! A vtiger CRM as its web service shows it: a real HTTP server with records, users and sessions, for tests. It does what
//! was observed of two real instances, with their mistakes, and further faults can be switched on. The recorded exchanges
//! beside it are replayed against it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod crm;
mod fault;
mod http;
mod login;
mod modules;
mod multipart;
mod records;
mod values;
mod vtql;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crm::Crm;
use fault::Faults;
use http::{Answer, Request};

pub use crm::Variant;
pub use fault::Fault;

/// The access key of each user.
pub const ACCESS_KEY: &str = "PqllmJsVZ0Kv5ICx";

/// What stands in front of the web service, and answers in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// A redirect to this address.
    Redirect(String),
    /// A page with this status.
    Page(u16),
}

/// The parameters of a call.
type Parameters = Vec<(String, String)>;

/// A running vtiger.
pub struct Vtiger {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    crm: Mutex<Crm>,
    faults: Mutex<Faults>,
    front: Mutex<Option<Front>>,
    /// The operation of each call that came, with its parameters.
    calls: Mutex<Vec<(String, Parameters)>>,
    /// The calls under way.
    open: Mutex<JoinSet<()>>,
    is_frozen: watch::Sender<bool>,
    /// The operation at whose next call it freezes.
    freezes_at: Mutex<Option<String>>,
}

impl Vtiger {
    /// An empty one with the users `admin` and `clerk`.
    pub async fn start(variant: Variant) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            crm: Mutex::new(Crm::new(variant)),
            faults: Mutex::default(),
            front: Mutex::default(),
            calls: Mutex::default(),
            open: Mutex::default(),
            is_frozen: watch::Sender::new(false),
            freezes_at: Mutex::default(),
        });
        let listening = Mutex::new(Some(tokio::spawn(serve(listener, Arc::clone(&shared)))));
        Self { address, shared, listening }
    }

    /// Where its start page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The state, for what no call can set or see.
    pub fn crm(&self) -> MutexGuard<'_, Crm> {
        self.shared.crm.lock().unwrap()
    }

    /// Switches a fault on for an operation (`*` = each): every time of so many, at most so often.
    pub fn fault(&self, operation: &str, fault: Fault, every: usize, at_most: usize) {
        self.shared.faults.lock().unwrap().add(operation, fault, every, at_most);
    }

    /// Puts something in front of the web service, or takes it away.
    pub fn put_in_front(&self, front: Option<Front>) {
        *self.shared.front.lock().unwrap() = front;
    }

    /// Switches all faults off.
    pub fn heal(&self) {
        self.shared.faults.lock().unwrap().heal();
    }

    /// The records of a module, by the number of the record.
    pub fn records(&self, module: &str) -> Vec<Value> {
        self.crm().all(module)
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.shared.calls.lock().unwrap().iter().filter(|(one, _)| one == operation).count()
    }

    /// The parameters of the calls of an operation.
    pub fn parameters(&self, operation: &str) -> Vec<Parameters> {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|(one, _)| one == operation).map(|(_, parameters)| parameters.clone()).collect()
    }

    /// How many calls a fault has met.
    pub fn harmed(&self) -> usize {
        self.shared.faults.lock().unwrap().met()
    }

    /// Takes connections and does nothing, or goes on with all that came meanwhile, whether anybody waits for it or not.
    pub fn freeze(&self, is_frozen: bool) {
        self.shared.is_frozen.send_replace(is_frozen);
    }

    /// Freezes when this operation is called next, before that is done.
    pub fn freeze_at(&self, operation: &str) {
        *self.shared.freezes_at.lock().unwrap() = Some(operation.to_owned());
    }

    /// Breaks off every call under way, done or not, and refuses connections. The sessions are gone, the records stay.
    pub fn kill(&self) {
        self.go_away();
        self.shared.open.lock().unwrap().abort_all();
        self.crm().lose_sessions();
    }

    /// Refuses connections.
    pub fn go_away(&self) {
        if let Some(listening) = self.listening.lock().unwrap().take() {
            listening.abort();
        }
    }

    /// Listens again, at the same port.
    pub async fn come_back(&self) {
        let listener = loop {
            // The listener that was aborted may not be gone yet.
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        *self.listening.lock().unwrap() = Some(tokio::spawn(serve(listener, Arc::clone(&self.shared))));
    }
}

impl Drop for Vtiger {
    fn drop(&mut self) {
        self.go_away();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let (called, mut open) = (Arc::clone(&shared), shared.open.lock().unwrap());
        while open.try_join_next().is_some() {}
        open.spawn(async move {
            if http::is_encrypted(&stream).await {
                return http::refuse(&mut stream).await;
            }
            let Some(request) = http::read(&mut stream).await else { return };
            if called.freezes_at.lock().unwrap().take_if(|operation| *operation == request.operation()).is_some() {
                called.is_frozen.send_replace(true);
            }
            called.thawed().await;
            let Some(answer) = called.answer(request).await else { return };
            called.thawed().await;
            http::write(&mut stream, answer).await;
        });
    }
}

impl Shared {
    /// Returns as soon as it is not frozen.
    async fn thawed(&self) {
        // Cannot fail: this holds the sender.
        let _ = self.is_frozen.subscribe().wait_for(|is_frozen| !is_frozen).await;
    }

    /// None = the connection closes without an answer.
    async fn answer(&self, request: Request) -> Option<Answer> {
        if !request.path.ends_with("/webservice.php") {
            return Some(Answer::not_found());
        }
        match &*self.front.lock().unwrap() {
            Some(Front::Redirect(to)) => return Some(Answer::redirect(to)),
            Some(Front::Page(status)) => return Some(Answer::page(*status, "<html>something else</html>")),
            None => {}
        }
        let (operation, session) = (request.operation(), request.session());
        self.calls.lock().unwrap().push((operation.clone(), request.all()));
        let damage = self.faults.lock().unwrap().next(&operation);
        // PHP holds the file of a session until its call has ended.
        let lock = self.crm.lock().unwrap().session_lock(&session);
        let _held = match &lock {
            Some(lock) => Some(lock.lock().await),
            None => None,
        };
        if let Some(Fault::Slow(time)) = damage {
            tokio::time::sleep(time).await;
        }
        let mut answer = {
            let mut crm = self.crm.lock().unwrap();
            match damage {
                Some(Fault::LoseSession) => crm.lose_session(&session),
                Some(Fault::BrokenBefore) => return Some(crm.broken()),
                Some(Fault::HangUpBefore) => return None,
                Some(Fault::ErrorBefore) => return Some(Answer::error("INTERNAL_SERVER_ERROR", UNKNOWN_ERROR)),
                Some(Fault::NullBefore) => return Some(Answer::result(&Value::Null)),
                Some(Fault::NothingFound) => return Some(Answer::result(&json!([]))),
                _ => {}
            }
            crm.zero_id = damage == Some(Fault::ZeroId);
            crm.answer(&request)
        };
        match damage {
            Some(Fault::BrokenAfter) => answer = self.crm.lock().unwrap().broken(),
            Some(Fault::HangUpAfter) => return None,
            Some(Fault::ErrorAfter) => answer = Answer::error("INTERNAL_SERVER_ERROR", UNKNOWN_ERROR),
            Some(Fault::SilentAfter(time)) => tokio::time::sleep(time).await,
            _ => {}
        }
        Some(answer)
    }
}

const UNKNOWN_ERROR: &str = "Unknown Error while processing request";
