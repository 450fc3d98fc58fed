use super::*;
use proptest::prelude::*;

fn rule(text: &str) -> AddressRule {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_rule_covers_what_it_says_and_nothing_beside_it() {
    for (text, inside, outside) in [
        ("10.1.2.3", vec!["10.1.2.3", "::ffff:10.1.2.3"], vec!["10.1.2.4", "110.1.2.3", "::10.1.2.3"]),
        ("192.168.0.*", vec!["192.168.0.0", "192.168.0.255"], vec!["192.168.1.0", "191.168.0.0"]),
        ("10.0.*.*", vec!["10.0.0.0", "10.0.255.255"], vec!["10.1.0.0"]),
        ("10.*.*.*", vec!["10.255.255.255"], vec!["11.0.0.0"]),
        ("192.168.0.100-192.168.0.160", vec!["192.168.0.100", "192.168.0.160"], vec!["192.168.0.99", "192.168.0.161"]),
        ("192.168.0.0/24", vec!["192.168.0.0", "192.168.0.255"], vec!["192.168.1.0"]),
        ("2001:db8::/32", vec!["2001:db8:ffff::1"], vec!["2001:db9::", "32.1.13.184"]),
        ("2001:db8::1-2001:db8::ff", vec!["2001:db8::1", "2001:db8::ff"], vec!["2001:db8::100", "2001:db8::"]),
        ("::1", vec!["::1"], vec!["127.0.0.1", "0.0.0.1"]),
        ("::ffff:1.2.3.4", vec!["1.2.3.4", "::ffff:1.2.3.4"], vec!["1.2.3.5"]),
        ("::ffff:1.2.3.0/120", vec!["1.2.3.9"], vec!["1.2.4.0"]),
        ("::-::1:ffff:ffff:ffff", vec!["::2"], vec!["1.2.3.4", "::ffff:1.2.3.4"]),
        ("any", vec!["1.2.3.4", "::1"], vec![]),
        (" ANY ", vec!["1.2.3.4"], vec![]),
    ] {
        for ip in inside {
            assert!(rule(text).matches(ip.parse().unwrap()), "{text} covers {ip}");
        }
        for ip in outside {
            assert!(!rule(text).matches(ip.parse().unwrap()), "{text} does not cover {ip}");
        }
    }
}

#[test]
fn what_is_not_a_rule_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "empty"),
        ("*", "all four parts"),
        ("10.*", "all four parts"),
        ("10.*.0.*", "all four parts"),
        ("*.0.0.1", "all four parts"),
        ("10.0.0.1*", "not an IP address"),
        ("2001:db8::*", "all four parts"),
        ("*.*.*.*", "`any`"),
        ("0.0.0.0/0", "`any`"),
        ("::/0", "`any`"),
        ("::ffff:0.0.0.0/96", "`any`"),
        ("0.0.0.0-255.255.255.255", "`any`"),
        ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "`any`"),
        ("010.1.1.1", "leading zero"),
        ("010.1.1.*", "leading zero"),
        ("10.1.1", "not an IP address"),
        ("10.1.1.", "not an IP address"),
        ("10..1.1", "not an IP address"),
        ("10.1.1.256", "not an IP address"),
        ("0x0a.1.1.1", "not an IP address"),
        ("167837953", "not an IP address"),
        ("localhost", "not an IP address"),
        ("everyone", "not an IP address"),
        ("١٠.1.1.1", "not an IP address"),
        ("10.1.1.1:80", "port"),
        ("[::1]:80", "port"),
        ("[::1]", "brackets"),
        ("fe80::1%eth0", "interface"),
        ("192.168.0.5/24", "did you mean 192.168.0.0/24"),
        ("2001:db8::1/32", "did you mean 2001:db8::/32"),
        ("192.168.0.0/33", "0 to 32"),
        ("192.168.0.0/", "0 to 32"),
        ("192.168.0.0/024", "0 to 32"),
        ("192.168.0.0/+24", "0 to 32"),
        ("192.168.0.0/255.255.255.0", "0 to 32"),
        ("2001:db8::/129", "0 to 128"),
        ("::ffff:1.2.3.0/24", "96 to 128"),
        ("10.0.0.9-10.0.0.1", "did you mean 10.0.0.1-10.0.0.9"),
        ("10.0.0.1-::1", "mixes"),
        ("10.0.0.1-5", "not an IP address"),
        ("10.0.0.1-", "empty"),
        ("-10.0.0.1", "empty"),
        ("10.0.0.1-10.0.0.2-10.0.0.3", "not an IP address"),
        ("10.0.0.1-10.0.0.*", "all four parts"),
        ("10.0.0.0/24-10.0.1.0/24", "not an IP address"),
        ("10.0.0.1 10.0.0.2", "not an IP address"),
    ] {
        let error = text.parse::<AddressRule>().unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_text_holds_rules_between_lines_commas_and_blanks() {
    let text = "10.0.0.1, 10.0.0.2\n\n10.0.1.1 - 10.0.1.9 10.0.2.1 -10.0.2.9\r\n\t192.168.0.*,any,";
    let rules: Vec<String> = parse_rules(text).unwrap().iter().map(ToString::to_string).collect();
    let expected = ["10.0.0.1", "10.0.0.2", "10.0.1.1-10.0.1.9", "10.0.2.1-10.0.2.9", "192.168.0.*", "any"];
    assert_eq!(rules, expected);
    assert_eq!(parse_rules(" \n, ").unwrap(), []);
}

#[test]
fn every_bad_rule_of_a_text_is_named() {
    let faults = parse_rules("10.0.0.1, 10.0.0.999 foo\n10.0.0.2").unwrap_err();
    let named: Vec<&str> = faults.iter().map(|fault| fault.rule.as_str()).collect();
    assert_eq!(named, ["10.0.0.999", "foo"]);
    let many = "10.0.0.1 ".repeat(MAX_RULES + 5);
    assert_eq!(parse_rules(&many).unwrap_err().len(), 1);
    assert_eq!("x".repeat(900).parse::<AddressRule>().unwrap_err().rule.len(), 60);
}

fn bits(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => 0xffff_0000_0000 | u128::from(ip.to_bits()),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// Addresses near each other, so that rules match about as often as not.
fn any_ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        (0u32..2048).prop_map(|low| IpAddr::V4((0x0a00_0000 | low).into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
        (0u128..2048).prop_map(|low| IpAddr::V6(((0x2001_0db8_u128 << 96) | low).into())),
    ]
}

proptest! {
    #[test]
    fn a_range_is_the_numbers_between_its_ends(a in any_ip(), b in any_ip(), ip in any_ip()) {
        let (a, b) = (a.to_canonical(), b.to_canonical());
        prop_assume!(a.is_ipv4() == b.is_ipv4());
        let rule = rule(&format!("{}-{}", a.min(b), a.max(b)));
        let between = bits(a.min(b)) <= bits(ip) && bits(ip) <= bits(a.max(b));
        prop_assert_eq!(rule.matches(ip), between && ip.to_canonical().is_ipv4() == a.is_ipv4());
    }

    #[test]
    fn a_network_is_the_numbers_with_its_prefix(base in any_ip(), prefix in 1u8..=128, ip in any_ip()) {
        let base = base.to_canonical();
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix = 1 + (prefix - 1) % width;
        let rule = rule(&IpNet::new(base, prefix).unwrap().trunc().to_string());
        let shift = u32::from(width - prefix);
        let same = ip.to_canonical().is_ipv4() == base.is_ipv4() && bits(ip) >> shift == bits(base) >> shift;
        prop_assert_eq!(rule.matches(ip), same);
    }

    #[test]
    fn a_rule_is_written_as_it_is_read(text in r"(any|[0-9a-f:.*/ -]{1,40}|([0-9]{1,3}\.){3}([0-9]{1,3}|\*)(/[0-9]{1,2})?)") {
        if let Ok(rule) = text.parse::<AddressRule>() {
            prop_assert_eq!(rule.to_string().parse::<AddressRule>().unwrap(), rule);
        }
    }
}

#[test]
fn networks_cover_what_the_ipaddress_module_of_python_says() {
    let (mut inside, mut outside, mut refused) = (0, 0, 0);
    for line in include_str!("networks.csv").lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let parsed = cells[0].parse::<AddressRule>();
        let covers = parsed.ok().map(|rule| rule.matches(cells[1].parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))));
        let (expected, count) = match cells[2] {
            "refused" => (None, &mut refused),
            "1" => (Some(true), &mut inside),
            _ => (Some(false), &mut outside),
        };
        assert_eq!(covers, expected, "{line}");
        *count += 1;
    }
    assert!(inside > 500 && outside > 500 && refused > 200, "{inside} {outside} {refused}");
}
