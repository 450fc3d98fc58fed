//! Opens connections to PostgreSQL. A URL that stands in a file is read again for each of them, so that a new password is
//! used without a restart.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error};

use super::servers::{Driver, Servers};
use super::{CONNECT_TIMEOUT, StoreError, session};
use crate::log_limit::LogLimit;
use crate::options::files;

/// Opens connections to the servers of one URL. Clones share what they know of them.
#[derive(Clone)]
pub struct Connector {
    /// The URL of now, and its servers.
    current: Arc<Mutex<(String, Arc<Servers>)>>,
    application: Arc<str>,
    file: Option<PathBuf>,
    unreadable: Arc<LogLimit>,
}

impl Connector {
    /// `file` contains the URL, if one does. `setting` is the name of the URL's setting.
    pub fn new(url: &str, file: Option<&Path>, setting: &str, application: &str) -> Result<Self, StoreError> {
        let servers = servers(url, application).map_err(|error| StoreError::Settings(format!("{setting}: {error}")))?;
        let current = Arc::new(Mutex::new((url.to_owned(), servers.watched())));
        Ok(Self {
            current,
            application: application.into(),
            file: file.map(Path::to_owned),
            unreadable: Arc::default(),
        })
    }

    /// A new connection.
    pub async fn open(&self) -> Result<(Client, Driver), StoreError> {
        self.servers().connect().await
    }

    /// The servers by what the file contains now. While the file cannot be read, those of before are used.
    pub fn servers(&self) -> Arc<Servers> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.file else { return Arc::clone(&current.1) };
        let read = files::read(file).and_then(|url| {
            if url != current.0 {
                let servers = servers(&url, &self.application)?.after(&current.1);
                *current = (url, servers.watched());
            }
            Ok(())
        });
        if let Err(error) = read
            && let Some(times) = self.unreadable.failed(1)
        {
            let file = file.display();
            tracing::warn!(%file, error, times, "the file of the database's URL cannot be read again");
        }
        Arc::clone(&current.1)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("application", &self.application).finish_non_exhaustive()
    }
}

impl Connect for Connector {
    /// Its error is not told: [`Servers::failure`] is.
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async {
            let (client, driver) = self.open().await.map_err(|_| Error::__private_api_timeout())?;
            let driver = driver.spawn();
            session::limit(&client).await.inspect_err(|error| {
                self.servers().failed(format!("the limits of a session cannot be set: {error}"));
                driver.abort();
            })?;
            Ok((client, driver))
        })
    }
}

/// A connection is given up some seconds after its peer has gone.
fn servers(url: &str, application: &str) -> Result<Servers, String> {
    Ok(Servers::new(url.parse()?, |config| {
        config
            .application_name(application)
            .connect_timeout(CONNECT_TIMEOUT)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(10));
    }))
}
