//! What is entered at platforms that post leads, and what they need in the permission, as they document it.

/// A platform.
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    /// As it calls itself.
    pub name: &'static str,
    /// Of its texts.
    pub key: &'static str,
    /// What it asks for.
    pub fields: &'static [Field],
    /// What the permission needs, as YAML.
    pub settings: &'static str,
}

/// A field of the platform.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Of its text.
    pub key: &'static str,
    /// What is entered.
    pub value: Entered,
}

/// What is entered in a field.
#[derive(Debug, Clone, Copy)]
pub enum Entered {
    /// The URL of the permission.
    Url,
    /// This text.
    Text(&'static str),
    /// The value of the secret of this name.
    Secret(&'static str),
    /// A text that is made up there, such as the name of a field.
    Names,
}

impl Entered {
    /// What is entered, for people. Markdown, which the page shows as it stands.
    pub fn in_words(self, text: impl Fn(&str) -> String) -> String {
        match self {
            Self::Url => text("platform-the-url"),
            Self::Text(entered) => format!("`{entered}`"),
            Self::Secret(name) => format!("{} `{name}`", text("platform-the-secret")),
            Self::Names => text("platform-the-names"),
        }
    }
}

const URL: Field = Field { key: "url", value: Entered::Url };

/// All of them.
pub static PLATFORMS: [Platform; 7] = [
    // help.tilda.cc, Webhook: POST of a form, a first request with test=test, 200 within 5 s, two more tries.
    Platform {
        name: "Tilda",
        key: "tilda",
        fields: &[URL],
        settings: "ping: test=test\nanswer: {status: 200, body: ok}\ndedupe_by: tranid",
    },
    // apidocs.bitrix24.com, Incoming and outgoing webhooks; events of the CRM.
    Platform {
        name: "Bitrix24",
        key: "bitrix24",
        fields: &[URL, Field { key: "event", value: Entered::Text("ONCRMLEADADD") }],
        settings: "dedupe_by: data[FIELDS][ID]",
    },
    // wordpress.org/plugins/cf7-to-zapier.
    Platform { name: "Contact Form 7 (WordPress)", key: "cf7", fields: &[URL], settings: "" },
    // wpforms.com/docs, Webhooks addon.
    Platform {
        name: "WPForms (WordPress)",
        key: "wpforms",
        fields: &[
            URL,
            Field { key: "method", value: Entered::Text("POST") },
            Field { key: "format", value: Entered::Text("JSON") },
            Field { key: "headers", value: Entered::Secret("wpforms") },
            Field { key: "body", value: Entered::Names },
        ],
        settings: "token: $secret[\"wpforms\"]",
    },
    // developers.facebook.com, Webhooks for lead ads.
    Platform {
        name: "Meta (Facebook, Instagram)",
        key: "meta",
        fields: &[URL, Field { key: "token", value: Entered::Secret("meta_verify") }],
        settings: "verify: {token: '$secret[\"meta_verify\"]'}\nsignature: {preset: meta, secret: \
                   '$secret[\"meta_app\"]'}\ndedupe_by: entry.0.changes.0.value.leadgen_id",
    },
    // developers.google.com/google-ads/webhook.
    Platform {
        name: "Google Ads",
        key: "google-ads",
        fields: &[URL, Field { key: "key", value: Entered::Names }],
        settings: "answer: {status: 200, type: application/json, body: '{}'}\ndedupe_by: lead_id",
    },
    // docs.github.com, Creating webhooks.
    Platform {
        name: "GitHub",
        key: "github",
        fields: &[
            URL,
            Field { key: "type", value: Entered::Text("application/json") },
            Field { key: "secret", value: Entered::Secret("github") },
        ],
        settings: "headers: [x-github-event]\nsignature: {preset: github, secret: '$secret[\"github\"]'}",
    },
];
