//! How a connection to vtiger is opened.

use std::fmt;

use md5::{Digest, Md5};
use postern_shared::connection::vtiger::Vtiger;
use postern_shared::permission::limit::Limit;
use postern_shared::secret::{Secrets, Unusable};
use reqwest::Url;

/// Address and key of a connection.
#[derive(Clone, PartialEq)]
pub struct Access {
    /// The folder of vtiger, with a slash at its end.
    pub url: Url,
    pub user: String,
    pub access_key: String,
    /// Calls at the same time, each in a session of its own.
    pub sessions: usize,
    pub rate: Option<Limit>,
}

impl Access {
    /// Reads the access key of a connection.
    ///
    /// # Errors
    /// The secret does not exist, or this worker cannot decrypt it.
    pub fn new(vtiger: &Vtiger, secrets: &Secrets) -> Result<Self, Unusable> {
        Ok(Self {
            url: vtiger.url.clone(),
            user: vtiger.user.clone(),
            access_key: secrets.get(&vtiger.access_key)?.text().to_owned(),
            sessions: vtiger.sessions.into(),
            rate: vtiger.rate,
        })
    }
}

/// What proves the access key: the MD5 of a token and the key.
pub fn hashed(token: &str, access_key: &str) -> String {
    Md5::digest(format!("{token}{access_key}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without the key.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("url", &self.url.as_str())
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}
