//! Opens connections to PostgreSQL. A URL that stands in a file is read again for each of them, so that a new password is
//! used without a restart.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Connect;
use tokio::task::JoinHandle;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, Error, NoTls, Socket};

use super::{CONNECT_TIMEOUT, StoreError, connecting, session};
use crate::log_limit::LogLimit;
use crate::options::files;

/// Opens connections with one configuration.
#[derive(Debug, Clone)]
pub struct Connector {
    config: Config,
    application: Arc<str>,
    file: Option<PathBuf>,
    unreadable: Arc<LogLimit>,
}

/// What drives a connection: it must be polled for as long as its client is used.
pub struct Driver(pub Connection<Socket, NoTlsStream>);

impl Driver {
    /// Drives it until the connection ends.
    pub fn spawn(self) -> JoinHandle<()> {
        tokio::spawn(async move {
            if let Err(error) = self.0.await {
                tracing::debug!(%error, "a connection to postgresql ended");
            }
        })
    }
}

impl Connector {
    /// `file` contains the URL, if one does. `setting` is the name of the URL's setting.
    pub fn new(url: &str, file: Option<&Path>, setting: &str, application: &str) -> Result<Self, StoreError> {
        let config = config(url, application);
        let config = config.ok_or_else(|| StoreError::Settings(format!("{setting} cannot be read")))?;
        let (file, unreadable) = (file.map(Path::to_owned), Arc::default());
        Ok(Self { config, application: application.into(), file, unreadable })
    }

    /// Where it connects to, for messages.
    pub fn servers(&self) -> String {
        connecting::servers(&self.config)
    }

    /// A new connection.
    pub async fn open(&self) -> Result<(Client, Driver), Error> {
        let (client, connection) = self.newest().connect(NoTls).await?;
        Ok((client, Driver(connection)))
    }

    /// What the file contains now. While the file cannot be read, the URL of the start is used.
    fn newest(&self) -> Config {
        let Some(file) = &self.file else { return self.config.clone() };
        let text = files::read(file);
        let read = text.and_then(|url| config(&url, &self.application).ok_or_else(|| "it holds no URL".to_owned()));
        read.unwrap_or_else(|error| {
            if let Some(times) = self.unreadable.failed(1) {
                let file = file.display();
                tracing::warn!(%file, error, times, "the file of the database's URL cannot be read again");
            }
            self.config.clone()
        })
    }
}

impl Connect for Connector {
    fn connect(
        &self,
        _: &Config,
    ) -> Pin<Box<dyn Future<Output = Result<(Client, JoinHandle<()>), Error>> + Send + '_>> {
        Box::pin(async {
            let (client, driver) = self.open().await?;
            let driver = driver.spawn();
            session::limit(&client).await.inspect_err(|_| driver.abort())?;
            Ok((client, driver))
        })
    }
}

/// A connection is given up some seconds after its peer has gone.
fn config(url: &str, application: &str) -> Option<Config> {
    let mut config: Config = url.parse().ok()?;
    config
        .application_name(application)
        .connect_timeout(CONNECT_TIMEOUT)
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(10));
    Some(config)
}
