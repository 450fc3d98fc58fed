//! Servers by name, in `~/.config/postern/config.yaml`:
//!
//! ```yaml
//! default: production
//! profiles:
//!   production: {url: https://postern.example.org, token: postern-…}
//!   here: {url: http://127.0.0.1:8081, token: postern-…}
//! ```

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use postern_shared::suggestion::did_you_mean;
use postern_shared::yaml;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::options::http_url;
use crate::output::Failure;

/// A server and a token of its API.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The listener of control.
    pub url: Url,
    /// The token.
    pub token: Option<String>,
}

/// What the file may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    default: Option<String>,
    #[serde(default)]
    profiles: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    url: String,
    token: Option<String>,
}

impl Profile {
    /// The profile of this name.
    pub fn named(name: &str, file: Option<PathBuf>) -> Result<Self, Failure> {
        let file = file.ok_or_else(|| {
            Failure::usage("there is no home folder in which profiles could be", "--url and --token name a server")
        })?;
        let config = read(&file)?.unwrap_or_default();
        find(&config, name, &file)
    }

    /// The profile that the file names as its default, if there is one.
    pub fn default_of(file: Option<PathBuf>) -> Result<Option<Self>, Failure> {
        let Some(file) = file else { return Ok(None) };
        let Some(config) = read(&file)? else { return Ok(None) };
        config.default.as_ref().map(|name| find(&config, name, &file)).transpose()
    }
}

fn find(config: &Config, name: &str, file: &Path) -> Result<Profile, Failure> {
    let Some(entry) = config.profiles.get(name) else {
        let meant = did_you_mean(name, config.profiles.keys().map(String::as_str));
        let example = format!("write into {}: profiles: {{{name}: {{url: https://…, token: …}}}}", file.display());
        return Err(Failure::usage(format!("there is no profile {name}{meant}"), example));
    };
    let entry: Entry = serde_json::from_value(entry.clone()).map_err(|error| refused(file, &error))?;
    let url = http_url(&entry.url).map_err(|error| refused(file, &error))?;
    Ok(Profile { url, token: entry.token.filter(|token| !token.is_empty()) })
}

/// The file; none if there is none.
fn read(file: &Path) -> Result<Option<Config>, Failure> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(file, &error)),
    };
    let documents =
        yaml::read(&text).map_err(|found| refused(file, &format!("line {}: {}", found.line, found.finding.message)))?;
    let Some(first) = documents.into_iter().next() else { return Ok(None) };
    serde_json::from_value(first.value).map(Some).map_err(|error| refused(file, &error))
}

fn refused(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    let hint = "it holds: default: NAME, and profiles: {NAME: {url: …, token: …}}";
    Failure::usage(format!("{}: {error}", file.display()), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_by_its_name_or_as_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yaml");
        let named = |name: &str| Profile::named(name, Some(file.clone()));
        assert!(matches!(named("a"), Err(Failure::Usage(_))));
        assert!(Profile::default_of(Some(file.clone())).unwrap().is_none());
        let text = "default: b\nprofiles:\n  alpha: {url: 'http://127.0.0.1:1', token: x}\n  b: {url: 'https://b'}\n";
        fs::write(&file, text).unwrap();
        let alpha = Profile { url: "http://127.0.0.1:1".parse().unwrap(), token: Some("x".to_owned()) };
        assert_eq!(named("alpha").unwrap(), alpha);
        let default = Profile::default_of(Some(file.clone())).unwrap().unwrap();
        assert_eq!((default.url.as_str(), default.token), ("https://b/", None));
        let Err(Failure::Usage(trouble)) = named("alhpa") else { panic!("it is not there") };
        assert!(trouble.message.ends_with("did you mean `alpha`?"), "{trouble:?}");
        for wrong in ["profiles: {b: {url: 'ftp://b'}}\n", "profiles: {b: {}}\n", "profile: {}\n", "a: [\n"] {
            fs::write(&file, wrong).unwrap();
            assert!(matches!(named("b"), Err(Failure::Usage(_))), "{wrong}");
        }
    }
}
