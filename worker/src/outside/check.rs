//! Checks a connection: makes the call that shows whether it works, and says in words what is wrong.

mod api;
mod mail_server;
mod said;
mod vtiger;

use postern_shared::connection::To;
use postern_shared::id::{ConnectionName, ModuleName};
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::HttpCall;
use postern_shared::store::connection_checks::{Checked, LIMIT};

use said::{CALL, Said};

use super::Outside;
use super::call::{Failure, Reply};

impl Outside {
    /// Whether a connection works. `modules` are those whose records it reaches.
    pub async fn check(&self, name: &ConnectionName, modules: &[ModuleName]) -> Checked {
        let said = match tokio::time::timeout(LIMIT, self.asked(name, modules)).await {
            Ok(said) => said,
            Err(_) => Err(Message::NoAnswer { ms: u64::try_from(LIMIT.as_millis()).unwrap_or(u64::MAX) }),
        };
        Checked { is_fine: said.is_ok(), message: said.unwrap_or_else(|fault| fault) }
    }

    async fn asked(&self, name: &ConnectionName, modules: &[ModuleName]) -> Said {
        let (connections, secrets) = (self.known.connections.load_full(), self.known.secrets.load_full());
        let connection =
            connections.get(name).ok_or_else(|| ConnectionFault::NoConnection { connection: name.clone() })?;
        for (_, secret) in connection.secrets() {
            secrets.get(secret)?;
        }
        match &connection.to {
            To::Vtiger(to) => vtiger::check(self, to, &secrets, modules).await,
            To::Http(to) => api::check(self, name, to).await,
            To::Smtp(_) => mail_server::check(self, name).await,
        }
    }
}

impl Outside {
    /// Makes one call and follows no redirect: a redirect is what a check finds.
    async fn once(&self, request: HttpCall, max_bytes: usize) -> Result<Reply, Failure> {
        let outside = Self { http: self.http.without_redirects(), ..self.clone() };
        outside.http(&request, (max_bytes, CALL, None)).await
    }
}
