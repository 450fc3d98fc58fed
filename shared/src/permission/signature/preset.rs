//! The presets: what platforms document of their signatures.

use super::{Algorithm, Encoding, Hmac, Key, List, TOLERANCE, Template};

/// A platform, and how it signs.
#[derive(Debug, Clone, Copy)]
struct Preset {
    name: &'static str,
    header: &'static str,
    list: List,
    prefix: &'static str,
    encoding: Encoding,
    signed: &'static str,
    timestamp: Option<&'static str>,
    key: Key,
    /// The header that names a delivery.
    delivery: Option<&'static str>,
}

/// A platform that signs the body, with one signature in a header.
const fn of_body(name: &'static str, header: &'static str, prefix: &'static str, encoding: Encoding) -> Preset {
    let (list, signed, key) = (List::One, "{body}", Key::Text);
    Preset { name, header, list, prefix, encoding, signed, timestamp: None, key, delivery: None }
}

/// The name of the scheme that no platform owns.
pub const STANDARD_WEBHOOKS: &str = "standard_webhooks";

/// The platforms.
static PRESETS: [Preset; 7] = [
    // standardwebhooks.com, the specification.
    Preset {
        list: List::Several,
        signed: "{header.webhook-id}.{timestamp}.{body}",
        timestamp: Some("webhook-timestamp"),
        key: Key::Base64,
        delivery: Some("webhook-id"),
        ..of_body(STANDARD_WEBHOOKS, "webhook-signature", "v1,", Encoding::Base64)
    },
    // docs.github.com, Validating webhook deliveries; a redelivery has the X-GitHub-Delivery of the first one.
    Preset {
        delivery: Some("x-github-delivery"),
        ..of_body("github", "x-hub-signature-256", "sha256=", Encoding::Hex)
    },
    // developers.facebook.com, Webhooks, Validating payloads.
    of_body("meta", "x-hub-signature-256", "sha256=", Encoding::Hex),
    // shopify.dev, Verify webhook deliveries. X-Shopify-Event-Id is the same for all topics that one event touches.
    Preset {
        delivery: Some("x-shopify-webhook-id"),
        ..of_body("shopify", "x-shopify-hmac-sha256", "", Encoding::Base64)
    },
    // docs.slack.dev, Verifying requests from Slack.
    Preset {
        signed: "v0:{timestamp}:{body}",
        timestamp: Some("x-slack-request-timestamp"),
        ..of_body("slack", "x-slack-signature", "v0=", Encoding::Hex)
    },
    // docs.stripe.com, Verify webhook signatures manually.
    Preset {
        list: List::Pairs { time: "t", signature: "v1" },
        signed: "{timestamp}.{body}",
        ..of_body("stripe", "stripe-signature", "", Encoding::Hex)
    },
    // typeform.com/developers, Secure your webhooks.
    of_body("typeform", "typeform-signature", "sha256=", Encoding::Base64),
];

/// The scheme of a platform.
pub fn find(name: &str) -> Option<Hmac> {
    let preset = PRESETS.iter().find(|preset| preset.name == name)?;
    Some(Hmac {
        header: preset.header.to_owned(),
        list: preset.list,
        prefix: preset.prefix.to_owned(),
        algorithm: Algorithm::Sha256,
        encoding: preset.encoding,
        signed: preset.signed.parse::<Template>().ok()?,
        timestamp: preset.timestamp.map(str::to_owned),
        tolerance: TOLERANCE,
        key: preset.key,
        delivery: preset.delivery,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_scheme() {
        for preset in &PRESETS {
            let scheme = find(preset.name).unwrap();
            assert_eq!(
                scheme.signed.has_time(),
                scheme.timestamp.is_some() || scheme.list != List::One && preset.name == "stripe"
            );
        }
        assert!(find("twilio").is_none());
    }
}
