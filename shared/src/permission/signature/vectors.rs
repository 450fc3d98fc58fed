//! Signatures that platforms and the specification of Standard Webhooks document, and what is no signature. Shopify, Meta,
//! Typeform and Stripe document none with its key: theirs were computed with the HMAC of Python.

use super::*;
use crate::secret::key::Keys;

const SLACK: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V\
    &channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
    &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
    &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

/// A signed request.
struct Vector {
    preset: &'static str,
    secret: &'static str,
    headers: &'static [(&'static str, &'static str)],
    query: &'static str,
    body: &'static str,
    time: u64,
}

const VECTORS: [Vector; 10] = [
    Vector {
        preset: "standard_webhooks",
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers: &[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            (
                "webhook-signature",
                "v1a,zzz v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ],
        query: "",
        body: "{\"test\": 2432232314}",
        time: 1_614_265_330,
    },
    Vector {
        preset: "github",
        secret: "It's a Secret to Everybody",
        headers: &[("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")],
        query: "",
        body: "Hello, World!",
        time: 0,
    },
    Vector {
        preset: "slack",
        secret: "8f742231b10e8888abcd99yyyzzz85a5",
        headers: &[
            ("x-slack-request-timestamp", "1531420618"),
            ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
        ],
        query: "",
        body: SLACK,
        time: 1_531_420_618,
    },
    Vector {
        preset: "stripe",
        secret: "whsec_test_secret",
        headers: &[(
            "stripe-signature",
            "t=1492774577,v1=9cd9b9866f890d44beea3cacd2e70f88c4a822eebc7b13495732174589be6cfc,v0=6ffbb59b",
        )],
        query: "",
        body: "{\"id\": \"evt_test\"}",
        time: 1_492_774_577,
    },
    Vector {
        preset: "meta",
        secret: "meta-app-secret",
        headers: &[("x-hub-signature-256", "sha256=608590215a97c2b1eb88627b4845b66db760cda09f7172266c40e57ec1aa9cf6")],
        query: "",
        body: "{\"object\":\"page\"}",
        time: 0,
    },
    Vector {
        preset: "shopify",
        secret: "shop-secret",
        headers: &[("x-shopify-hmac-sha256", "plW8VGqq0nDMIEhDqaNNW99asdUCy7EIqLZVcQwtAZ0=")],
        query: "",
        body: "{\"id\":1}",
        time: 0,
    },
    Vector {
        preset: "typeform",
        secret: "typeform-secret",
        headers: &[("typeform-signature", "sha256=XQtqHJY13QG+vxFC90YTKq9vxH6cohjRG3hfAQENvlw=")],
        query: "",
        body: "{\"event_id\":\"a\"}",
        time: 0,
    },
    Vector {
        preset: "twilio",
        secret: "12345",
        headers: &[("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")],
        query: "foo=1&bar=2",
        body: "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE",
        time: 0,
    },
    Vector {
        preset: "twilio",
        secret: "12345",
        headers: &[
            ("x-twilio-signature", "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ],
        query: "foo=1&bar=2",
        body: "SidAccount=AC123&Sid=CA123&Digits=5678&Digits=1234&Digits=1234",
        time: 0,
    },
    Vector {
        preset: "twilio",
        secret: "12345",
        headers: &[("x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4="), ("content-type", "application/json")],
        query: "foo=1&bar=2&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
        body: "{\"property\": \"value\", \"boolean\": true}",
        time: 0,
    },
];

fn scheme(preset: &str) -> Scheme {
    match super::preset(preset) {
        Some(hmac) => Scheme::Hmac(hmac),
        None => Scheme::Twilio("https://mycompany.com/myapp.php".to_owned()),
    }
}

fn is_signed(scheme: &Scheme, vector: &Vector, headers: &[(&str, &str)], body: &str, time: u64) -> bool {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let sent = Sent { header: &header, query: vector.query, body: body.as_bytes() };
    scheme.is_signed(&sent, vector.secret, SystemTime::UNIX_EPOCH + Duration::from_secs(time))
}

#[test]
fn the_documented_example_of_each_platform_is_signed() {
    for vector in &VECTORS {
        let scheme = scheme(vector.preset);
        let check = |headers: &[(&str, &str)], body: &str, time| is_signed(&scheme, vector, headers, body, time);
        assert!(check(vector.headers, vector.body, vector.time + 299), "{}", vector.preset);
        assert!(!check(vector.headers, &format!("{}x", vector.body), vector.time), "{}", vector.preset);
        for left_out in 0..vector.headers.len() {
            let mut headers = vector.headers.to_vec();
            let (name, _) = headers.remove(left_out);
            let is_needed = name != "content-type" || vector.body.starts_with('{');
            assert_eq!(check(&headers, vector.body, vector.time), !is_needed, "{} {name}", vector.preset);
        }
        let has_time = matches!(vector.preset, "standard_webhooks" | "slack" | "stripe");
        for late in [vector.time + 301, vector.time.saturating_sub(301)] {
            assert_eq!(check(vector.headers, vector.body, late), !has_time || late == 0, "{} {late}", vector.preset);
        }
    }
}

#[test]
fn what_is_no_signature_is_none() {
    let vector = &VECTORS[1];
    let scheme = scheme("github");
    let right = vector.headers[0].1;
    let cut = &right[..right.len() - 2];
    for wrong in ["", "sha256=", "sha256=zz", cut, &right["sha256=".len()..], &format!("{right}00"), "sha1=757107ea"] {
        assert!(!is_signed(&scheme, vector, &[("x-hub-signature-256", wrong)], vector.body, 0), "{wrong}");
    }
    assert!(is_signed(
        &scheme,
        vector,
        &[("x-hub-signature-256", &right.to_uppercase().replace("SHA256", "sha256"))],
        vector.body,
        0
    ));
}

#[test]
fn a_header_of_ones_own_is_signed_by_its_template() {
    let scheme = Scheme::Hmac(Hmac {
        header: "x-sign".to_owned(),
        list: List::One,
        prefix: "mac ".to_owned(),
        algorithm: Algorithm::Sha512,
        encoding: Encoding::Base64,
        signed: "{timestamp}:{header.x-id}:{body}".parse().unwrap(),
        timestamp: Some("x-time".to_owned()),
        tolerance: Duration::from_secs(10),
        key: Key::Text,
        delivery: None,
    });
    let vector = Vector { preset: "", secret: "long-secret", headers: &[], query: "", body: "{\"a\":1}", time: 17 };
    let mac = "mac VMsqYJQvLDKSCy01NWwbGyPZrMu9n3Cp6oUpAju2qv22to0+qxRZ39WCaiHbw/6LveaCTy6NTkURwDlMpG0/Bw==";
    for (headers, time, expected) in [
        (&[("x-sign", mac), ("x-time", "17"), ("x-id", "x")][..], 27, true),
        (&[("x-sign", mac), ("x-time", "17"), ("x-id", "x")], 28, false),
        (&[("x-sign", mac), ("x-time", "18"), ("x-id", "x")], 18, false),
        (&[("x-sign", mac), ("x-time", "-17"), ("x-id", "x")], 17, false),
        (&[("x-sign", mac), ("x-time", "99999999999999999999"), ("x-id", "x")], 17, false),
        (&[("x-sign", mac), ("x-time", "17")], 17, false),
    ] {
        assert_eq!(is_signed(&scheme, &vector, headers, vector.body, time), expected, "{headers:?} {time}");
    }
}

#[test]
fn each_of_two_secrets_signs_during_a_rotation() {
    let keys: Keys = "01".repeat(32).parse().unwrap();
    let name = |name: &str| name.parse::<SecretName>().unwrap();
    let stored = |one: &str, value: &str| (name(one), keys.seal(&name(one), value).unwrap());
    let secrets = Secrets::open(&keys, vec![stored("new", "another one"), stored("old", VECTORS[1].secret)]);
    let header = |name: &str| (name == "x-hub-signature-256").then_some(VECTORS[1].headers[0].1);
    let sent = Sent { header: &header, query: "", body: VECTORS[1].body.as_bytes() };
    for (names, expected) in [
        (&["new", "old"][..], Ok(())),
        (&["new", "missing", "old"], Ok(())),
        (&["new", "missing"], Err(Denied::Wrong)),
        (&["missing"], Err(Denied::Unusable(Unusable::Missing(name("missing"))))),
    ] {
        let signature = Signature { scheme: scheme("github"), secrets: names.iter().map(|one| name(one)).collect() };
        assert_eq!(signature.check(&sent, &secrets, SystemTime::UNIX_EPOCH), expected, "{names:?}");
    }
}
