//! What the commands read from the environment beside the options of the services.

use clap::Args;
use reqwest::Url;

/// Who is to be asked, and as whom.
#[derive(Debug, Args)]
pub struct Server {
    /// The listener of control
    #[arg(long, env = "POSTERN_URL", value_name = "URL", default_value = "http://127.0.0.1:8081", value_parser = http_url)]
    pub url: Url,
    /// A token of its API
    #[arg(long, env = "POSTERN_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// A URL that this program can call.
pub fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "http" { Ok(url) } else { Err("only http is spoken here".to_owned()) }
}
