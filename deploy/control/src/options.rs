//! The settings of control.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use postern_shared::options::{
    self, BodyOptions, DatabaseOptions, PrivateOptions, PublicOptions, SecretsOptions, Settings, TelemetryOptions,
};

use crate::api::MIN_TOKEN_CHARS;
use crate::panel::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};

/// Serves the control panel and its API. Leads are carried without it.
#[derive(Debug, Clone, Parser)]
#[command(name = "postern-control", version)]
pub struct Options {
    /// The listener for the control panel and the API.
    #[arg(long, env = "POSTERN_CONTROL_LISTEN", default_value = "127.0.0.1:8083")]
    pub control_listen: SocketAddr,

    /// The listener for health and metrics.
    #[arg(long, env = "POSTERN_PRIVATE_LISTEN", default_value = "127.0.0.1:8084")]
    pub private_listen: SocketAddr,

    /// To which names both answer.
    #[command(flatten)]
    pub private: PrivateOptions,

    /// Who gets in first.
    #[command(flatten)]
    pub access: AccessOptions,

    /// How callers come to ingress: permissions and ready-made calls are shown with it.
    #[command(flatten)]
    pub public: PublicOptions,

    /// How much a refused body may hold that is read again.
    #[command(flatten)]
    pub body: BodyOptions,

    /// How secrets are encrypted.
    #[command(flatten)]
    pub secrets: SecretsOptions,

    /// Where PostgreSQL is.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// What it says of itself.
    #[command(flatten)]
    pub telemetry: TelemetryOptions,
}

impl Settings for Options {
    fn check(&self) -> Result<(), String> {
        options::apart(&[
            ("POSTERN_CONTROL_LISTEN", self.control_listen),
            ("POSTERN_PRIVATE_LISTEN", self.private_listen),
        ])
    }
}

/// Who gets in before there is a token or an account in the database.
#[derive(Debug, Clone, clap::Args)]
pub struct AccessOptions {
    /// A token of the API, beside those in the database, of at least 20 characters. Without any token the first start
    /// makes one and prints it.
    #[arg(long, env = "POSTERN_API_TOKEN", hide_env_values = true, value_parser = api_token)]
    pub(crate) api_token: Option<String>,

    /// A file with the token of the API, instead of `POSTERN_API_TOKEN`.
    #[arg(long, env = "POSTERN_API_TOKEN_FILE")]
    pub(crate) api_token_file: Option<PathBuf>,

    /// The password of the account `admin`, of at least 12 characters, which the first start makes. Without it the
    /// first start prints a link to make an account.
    #[arg(long, env = "POSTERN_ADMIN_PASSWORD", hide_env_values = true, value_parser = admin_password)]
    pub(crate) admin_password: Option<String>,

    /// A file with the password of the account `admin`, instead of `POSTERN_ADMIN_PASSWORD`.
    #[arg(long, env = "POSTERN_ADMIN_PASSWORD_FILE")]
    pub(crate) admin_password_file: Option<PathBuf>,
}

/// An empty token is none, as compose files hand over what is not set.
fn api_token(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0 | MIN_TOKEN_CHARS.. => Ok(text.to_owned()),
        _ => Err(format!("it is shorter than {MIN_TOKEN_CHARS} characters")),
    }
}

/// An empty password is none, as compose files hand over what is not set.
fn admin_password(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..MIN_PASSWORD_CHARS => Err(format!("it is shorter than {MIN_PASSWORD_CHARS} characters")),
        _ if text.len() > MAX_PASSWORD_BYTES => Err(format!("it is longer than {MAX_PASSWORD_BYTES} bytes")),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(argument: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["", "--database-url=host=h", argument])
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for argument in ["--api-token=0123456789012345678", "--admin-password=eleven char"] {
            assert!(parse(argument).is_err(), "{argument}");
        }
        for argument in
            ["--api-token=01234567890123456789", "--api-token=", "--admin-password=twelve chars", "--admin-password="]
        {
            assert!(parse(argument).is_ok(), "{argument}");
        }
        assert!(parse("--private-listen=0.0.0.0:8083").unwrap().check().is_err());
        assert!(parse("--private-listen=0.0.0.0:8085").unwrap().check().is_ok());
    }
}
