//! Clients of HTTP.

use reqwest::{Client, ClientBuilder};

use crate::output::Failure;

/// A client that calls the named server itself: a proxy of the environment would change the address that is seen there.
/// Where the system has no certificates, `http` is spoken all the same; an `https` server is then not trusted.
pub fn client(builder: impl Fn() -> ClientBuilder) -> Result<Client, Failure> {
    let builder = || builder().no_proxy();
    let client = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    client.map_err(|error| Failure::failed(format!("no HTTP client: {error}"), "try again"))
}
