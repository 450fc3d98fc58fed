//! A `DATABASE_URL`, as a URL or as a list of keywords, in the terms of libpq: its servers, each by itself, and how the
//! connections are secured. What tokio-postgres does not know of it is read here.

mod words;

use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use self::words::Words;
use crate::tls::client::{Check, ClientTls, Files};

/// A parsed `DATABASE_URL`.
#[derive(Debug, Clone)]
pub struct DatabaseUrl {
    /// One for each server, in the order in which they are tried.
    pub servers: Vec<Config>,
    /// How connections are secured.
    pub tls: ClientTls,
    /// Whether a server that only reads, such as a standby, is passed over.
    pub must_write: bool,
}

impl FromStr for DatabaseUrl {
    type Err = String;

    /// The error never repeats the text, which may hold a password.
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = "it does not read as postgresql://user:password@host:5432/database or host=… user=… dbname=…";
        let (rest, words) = words::take(text).ok_or(malformed)?;
        let config: Config = rest.parse().map_err(|_| malformed)?;
        if (config.get_ssl_mode(), config.get_target_session_attrs()) != (SslMode::Prefer, TargetSessionAttrs::Any) {
            return Err("the name of one of its parameters is written with %".to_owned());
        }
        let (mode, check) = mode(&words)?;
        let tls = ClientTls::new(check, files(&words)?)?;
        let servers = each(&config, mode)?;
        let wants_writable = match words.get("target_session_attrs") {
            None | Some("any") => false,
            Some("read-write" | "primary") => true,
            Some(_) => return Err("target_session_attrs must be read-write: Postern writes".to_owned()),
        };
        Ok(Self { must_write: wants_writable || servers.len() > 1, servers, tls })
    }
}

/// What is demanded, and what is checked of the certificate.
fn mode(words: &Words) -> Result<(SslMode, Check), String> {
    let roots = words.get("sslrootcert");
    let has_roots = roots.is_some();
    // Everybody has a certificate of a public CA: without the name it proves nothing.
    let is_public = roots.is_none_or(|roots| roots == "system");
    let of_roots = if has_roots { Check::Issuer } else { Check::Nothing };
    Ok(match words.get("sslmode") {
        None if has_roots => (SslMode::Require, Check::IssuerAndName),
        Some("verify-ca") if is_public => return Err("sslmode=verify-ca needs a file in sslrootcert".to_owned()),
        Some(_) if has_roots && is_public && words.get("sslmode") != Some("verify-full") => {
            return Err("sslrootcert=system goes together with sslmode=verify-full".to_owned());
        }
        Some("disable") => (SslMode::Disable, Check::Nothing),
        None | Some("prefer") => (SslMode::Prefer, of_roots),
        Some("require") => (SslMode::Require, of_roots),
        Some("verify-ca") => (SslMode::Require, Check::Issuer),
        Some("verify-full") => (SslMode::Require, Check::IssuerAndName),
        Some(_) => return Err("its sslmode is none of disable, prefer, require, verify-ca, verify-full".to_owned()),
    })
}

fn files(words: &Words) -> Result<Files, String> {
    let file = |name| words.get(name).map(PathBuf::from);
    let identity = match (file("sslcert"), file("sslkey")) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        _ => return Err("sslcert and sslkey go together".to_owned()),
    };
    let ca = words.get("sslrootcert").filter(|file| *file != "system").map(PathBuf::from);
    Ok(Files { ca, identity })
}

/// A configuration for each server, since a server that hangs must not keep this process from the next one.
fn each(all: &Config, mode: SslMode) -> Result<Vec<Config>, String> {
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let count = hosts.len().max(addresses.len());
    if count == 0 {
        return Err("it names no host".to_owned());
    }
    if [hosts.len(), addresses.len()].iter().any(|found| ![0, count].contains(found))
        || ![0, 1, count].contains(&ports.len())
    {
        return Err("it names as many ports or addresses as there are hosts, or one port for all".to_owned());
    }
    Ok((0..count)
        .map(|at| {
            let mut one = Config::new();
            one.ssl_mode(mode).ssl_negotiation(all.get_ssl_negotiation()).channel_binding(all.get_channel_binding());
            one.target_session_attrs(TargetSessionAttrs::Any);
            match (hosts.get(at), addresses.get(at)) {
                (Some(Host::Tcp(name)), _) => one.host(name),
                // A socket in the file system is of this machine.
                (Some(Host::Unix(folder)), _) => one.host_path(folder).ssl_mode(SslMode::Disable),
                (None, Some(address)) => one.host(address.to_string()),
                (None, None) => &mut one,
            };
            addresses.get(at).map(|address| one.hostaddr(*address));
            ports.get(at).or(ports.first()).map(|port| one.port(*port));
            all.get_user().map(|user| one.user(user));
            all.get_password().map(|password| one.password(password));
            all.get_dbname().map(|name| one.dbname(name));
            all.get_options().map(|options| one.options(options));
            one
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connecting;

    #[test]
    fn each_server_stands_by_itself() {
        for (text, servers, must_write) in [
            ("postgres://u:s3cret@db/x", vec!["db:5432"], false),
            ("postgres://u:s3cret@db:6000,other/x?connect_timeout=3", vec!["db:6000", "other:5432"], true),
            ("host=a,b port=7 user=u password='s3 cret'", vec!["a:7", "b:7"], true),
            ("hostaddr=10.0.0.1 port=5433 password=s3cret", vec!["10.0.0.1:5433"], false),
            ("host=/run/postgresql user=u", vec!["/run/postgresql/.s.PGSQL.5432"], false),
            ("postgres://u@db/x?target_session_attrs=primary", vec!["db:5432"], true),
        ] {
            let url: DatabaseUrl = text.parse().unwrap();
            let named: Vec<_> = url.servers.iter().map(connecting::server).collect();
            assert_eq!(
                (named, url.must_write),
                (servers.into_iter().map(str::to_owned).collect(), must_write),
                "{text}"
            );
        }
        let url: DatabaseUrl = "postgres://u:s3%20cret@a,b/x".parse().unwrap();
        let last = url.servers.last().unwrap();
        assert_eq!(
            (last.get_user(), last.get_password(), last.get_dbname()),
            (Some("u"), Some(&b"s3 cret"[..]), Some("x"))
        );
    }

    #[test]
    fn the_modes_of_libpq_are_spoken() {
        let roots = std::env::temp_dir().join("none.pem");
        for (words, mode, check) in [
            ("", SslMode::Prefer, Check::Nothing),
            ("sslmode=disable", SslMode::Disable, Check::Nothing),
            ("sslmode=require", SslMode::Require, Check::Nothing),
            ("sslmode=require&sslrootcert=F", SslMode::Require, Check::Issuer),
            ("sslmode=verify-ca&sslrootcert=F", SslMode::Require, Check::Issuer),
            ("sslmode=verify-full&sslrootcert=system", SslMode::Require, Check::IssuerAndName),
            ("sslrootcert=F", SslMode::Require, Check::IssuerAndName),
        ] {
            let text = format!("postgres://u@db/x?{}", words.replace('F', &roots.display().to_string()));
            let (rest, found) = words::take(&text).unwrap();
            assert_eq!(mode_of(&found), (mode, check), "{words}");
            assert!(!rest.contains("ssl"), "{rest}");
        }
    }

    fn mode_of(words: &Words) -> (SslMode, Check) {
        mode(words).unwrap()
    }

    #[test]
    fn what_cannot_work_is_refused_without_repeating_it() {
        for (text, words) in [
            ("nonsense s3cret", "does not read"),
            ("postgres:///s3cret", "names no host"),
            ("postgres://u:s3cret@h:port/db", "does not read"),
            ("host=a,b port=1,2,3 password=s3cret", "as many ports"),
            ("host=h password=s3cret sslmode=allow", "none of disable"),
            ("host=h password=s3cret sslmode=verify-ca", "needs a file"),
            ("host=h password=s3cret sslmode=require sslrootcert=system", "goes together with sslmode=verify-full"),
            ("postgres://u:s3cret@h/x?ssl%6Dode=require", "is written with %"),
            ("host=h password=s3cret sslcert=/c.pem", "go together"),
            ("host=h password=s3cret sslrootcert=/no/such.pem", "/no/such.pem cannot be read"),
            ("host=h password=s3cret target_session_attrs=read-only", "Postern writes"),
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            assert!(error.contains(words) && !error.contains("s3cret"), "{text}: {error}");
        }
    }
}
