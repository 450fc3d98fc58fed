//! Networks in settings.

use std::net::IpAddr;

use ipnet::IpNet;

/// A network such as `10.0.0.0/8`, or one address.
///
/// # Errors
/// What it must look like.
pub fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| "must be an address such as 10.0.0.1, or a network such as 10.0.0.0/8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_be_one_address() {
        for (text, expected) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            (" 10.0.0.1", Some("10.0.0.1/32")),
            ("2001:db8::1", Some("2001:db8::1/128")),
            ("fd00::/8", Some("fd00::/8")),
            ("10.0.0.1/33", None),
            ("10.0.0", None),
            ("proxy.example", None),
            ("", None),
        ] {
            assert_eq!(network(text).ok().map(|network| network.to_string()).as_deref(), expected, "{text}");
        }
    }
}
