//! What the commands read from the environment beside the options of the services.

pub mod locale;

use std::path::PathBuf;

use clap::Args;
use reqwest::Url;

use crate::output::Failure;
use crate::profile::Profile;

pub use locale::language;

/// The listener of control of a `postern serve` on this machine.
const DEFAULT_URL: &str = "http://127.0.0.1:8081";

/// Which server is asked, and as whom.
#[derive(Debug, Args)]
pub struct Server {
    /// The listener of control; without it http://127.0.0.1:8081
    #[arg(long, env = "POSTERN_URL", value_name = "URL", value_parser = http_url)]
    pub url: Option<Url>,
    /// A token of its API
    #[arg(long, env = "POSTERN_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file with the token, instead of POSTERN_API_TOKEN
    #[arg(long, env = "POSTERN_API_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// URL and token of this name in ~/.config/postern/config.yaml, instead of the two above
    #[arg(long, env = "POSTERN_PROFILE", value_name = "NAME")]
    pub profile: Option<String>,
}

impl Server {
    /// The URL and the token that are meant. They always come from the same place: a token must not reach a server that
    /// it is not for. A profile that is named comes first, then what is set, then the default of the file.
    pub fn resolve(&self) -> Result<(Url, Option<String>), Failure> {
        let is_set = |text: &&String| !text.is_empty();
        let profile = match self.profile.as_ref().filter(is_set) {
            Some(name) => Some(Profile::named(name, config_file())?),
            None if self.url.is_none() && self.token.as_ref().filter(is_set).is_none() => {
                Profile::default_of(config_file())?
            }
            None => None,
        };
        if let Some(profile) = profile {
            return Ok((profile.url, profile.token));
        }
        let url = match &self.url {
            Some(url) => url.clone(),
            None => http_url(DEFAULT_URL).map_err(|error| Failure::usage(error, "--url names a server"))?,
        };
        Ok((url, self.token.clone().filter(|token| !token.is_empty())))
    }
}

/// A URL that this program can call.
pub fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err("it begins with neither http:// nor https://".to_owned())
    }
}

/// The file of profiles (XDG Base Directory Specification); none where there is no home folder.
#[expect(clippy::disallowed_methods, reason = "options read the environment")]
fn config_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(folder.join("postern/config.yaml"))
}
