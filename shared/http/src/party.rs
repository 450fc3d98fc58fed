//! Whom a connection or a body is counted for. Of IPv4 that is an address. Of IPv6 it is a network of 64 bits, which is
//! the least that one customer gets: counted by addresses, one caller would be 2^64.

use std::net::{IpAddr, Ipv6Addr};

/// The address by which all that one caller holds is counted.
pub fn party(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (!0 << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_party_and_an_address_of_ipv4_is_one() {
        for (address, counted) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            assert_eq!(party(address.parse().unwrap()), counted.parse::<IpAddr>().unwrap());
        }
    }
}
