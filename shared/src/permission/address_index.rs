//! Finds the permissions that have a rule for an address without looking at every rule: each rule is some networks, and
//! of each length an address lies in one.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::permission::Permission;
use ipnet::IpNet;

/// Which permissions, by their places in a list, have rules for which networks.
#[derive(Debug, Default)]
pub struct AddressIndex {
    places: HashMap<IpNet, BTreeSet<usize>>,
    lengths: [BTreeSet<u8>; 2],
}

impl AddressIndex {
    /// That of a list of permissions.
    pub fn new<'p>(permissions: impl IntoIterator<Item = &'p Permission>) -> Self {
        let mut index = Self::default();
        for (place, permission) in permissions.into_iter().enumerate() {
            for network in permission.addresses.iter().flat_map(|rule| rule.networks()) {
                index.lengths[family(network.addr())].insert(network.prefix_len());
                index.places.entry(network).or_default().insert(place);
            }
        }
        index
    }

    /// The places of the permissions that have a rule for an address, in order. IPv4-mapped IPv6 addresses count as
    /// IPv4.
    pub fn places(&self, address: IpAddr) -> BTreeSet<usize> {
        let address = address.to_canonical();
        let networks = self.lengths[family(address)].iter().filter_map(|length| IpNet::new(address, *length).ok());
        networks.filter_map(|network| self.places.get(&network.trunc())).flatten().copied().collect()
    }
}

fn family(address: IpAddr) -> usize {
    usize::from(address.is_ipv6())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// Few bits vary, so that rules overlap, meet and nest.
    fn address() -> impl Strategy<Value = IpAddr> {
        let v4 = (0..4u8, 0..8u8).prop_map(|(third, last)| Ipv4Addr::new(192, 168, third, last).into());
        let v6 = (0..8u16).prop_map(|last| Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into());
        let mapped = (0..8u8).prop_map(|last| Ipv4Addr::new(192, 168, 0, last).to_ipv6_mapped().into());
        prop_oneof![4 => v4, 2 => v6, 1 => mapped]
    }

    fn rule() -> impl Strategy<Value = String> {
        let single = address().prop_map(|one| one.to_string());
        let range = (0..8u8, 0..8u8).prop_map(|(a, b)| format!("192.168.1.{}-192.168.2.{}", a, b));
        let range_v6 = (0..4u16, 4..8u16).prop_map(|(a, b)| format!("2001:db8::{a}-2001:db8::{b}"));
        let network = (1..=32u8)
            .prop_map(|length| IpNet::new(Ipv4Addr::new(192, 168, 1, 5).into(), length).unwrap().trunc().to_string());
        let wildcard = (0..4u8).prop_map(|third| format!("192.168.{third}.*"));
        prop_oneof![single, range, range_v6, network, wildcard, Just("any".to_owned())]
    }

    fn permission(rules: &[String]) -> Permission {
        let document = json!({
            "permission": "office", "title": "Office", "workflows": [77], "addresses": rules,
            "short_url": "/0123456789abcdef0123456789abcdef",
        });
        Permission::from_document(&document).unwrap()
    }

    proptest! {
        #[test]
        fn it_finds_those_whose_rules_match_one_by_one(
            rules in prop::collection::vec(prop::collection::vec(rule(), 1..4), 0..6),
            asked in prop::collection::vec(address(), 20),
        ) {
            let permissions: Vec<Permission> = rules.iter().map(|rules| permission(rules)).collect();
            let index = AddressIndex::new(&permissions);
            for ip in asked {
                let matching = |one: &Permission| one.addresses.iter().any(|rule| rule.matches(ip));
                let one_by_one = (0..permissions.len()).filter(|place| matching(&permissions[*place])).collect();
                prop_assert_eq!(index.places(ip), one_by_one, "{}", ip);
            }
        }
    }
}
