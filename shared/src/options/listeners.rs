//! Listeners of one process: two of them need two addresses.

use std::net::{IpAddr, SocketAddr};

/// Whether the listeners, each with the name of its setting, can be open side by side. The error names the two that
/// cannot.
pub fn apart(listeners: &[(&str, SocketAddr)]) -> Result<(), String> {
    for (at, (name, address)) in listeners.iter().enumerate() {
        for (other_name, other) in &listeners[at + 1..] {
            if meet(*address, *other) {
                return Err(format!("{name} ({address}) and {other_name} ({other}) are the same address"));
            }
        }
    }
    Ok(())
}

/// Port 0 is another one each time. An unspecified address is all of them; that of IPv6 takes IPv4 in on Linux.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let takes_in =
        |one: IpAddr, other: IpAddr| one == other || one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
    let (one_ip, other_ip) = (one.ip().to_canonical(), other.ip().to_canonical());
    one.port() != 0 && one.port() == other.port() && (takes_in(one_ip, other_ip) || takes_in(other_ip, one_ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_listeners_need_two_addresses() {
        for (one, other, is_apart) in [
            ("127.0.0.1:8080", "127.0.0.1:8080", false),
            ("0.0.0.0:8080", "127.0.0.1:8080", false),
            ("127.0.0.1:8080", "[::]:8080", false),
            ("[::1]:8080", "[::]:8080", false),
            ("[::ffff:127.0.0.1]:8080", "127.0.0.1:8080", false),
            ("0.0.0.0:8080", "[::1]:8080", true),
            ("127.0.0.1:8080", "127.0.0.2:8080", true),
            ("127.0.0.1:8080", "127.0.0.1:8081", true),
            ("127.0.0.1:0", "127.0.0.1:0", true),
        ] {
            let checked = apart(&[("A", one.parse().unwrap()), ("B", other.parse().unwrap())]);
            assert_eq!(checked.is_ok(), is_apart, "{one} {other}");
            let told = |error: String| error.contains("A (") && error.contains("B (");
            assert!(checked.err().is_none_or(told), "{one} {other}");
        }
    }
}
