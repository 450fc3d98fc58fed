//! What strangers post stays a value: in a URL it chooses no host, path or parameter, in a mail no markup and nobody who
//! gets it.

use std::collections::BTreeSet;

use crate::harness::Postern;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;

const URLS: [&str; 44] = [
    "../../admin?x=1#",
    "..",
    ".",
    "../",
    "/..",
    "..%2f..%2fadmin",
    "%2e%2e",
    "%2e%2e/",
    "%2E%2E%2Fadmin",
    ".%2e",
    "..;/admin",
    "..\\..\\admin",
    "\\\\evil.example\\x",
    "//evil.example/x",
    "///evil.example",
    "http://evil.example/",
    "https:evil.example",
    "@evil.example",
    "user:password@evil.example/",
    ":1",
    ":1@evil.example/",
    ".evil.example",
    "?admin=1",
    "?k=2&fixed=3",
    "&fixed=3",
    "&k=2",
    ";fixed=3",
    "%26fixed=3",
    "=",
    "#admin",
    "#?fixed=3",
    "%23",
    "%3Ffixed=3",
    "+",
    "a b",
    "\r\nHost: evil.example\r\n\r\n",
    "\nGET /admin HTTP/1.1",
    "a\tb",
    "%0d%0aHost:%20evil.example",
    "\u{2025}/\u{ff0f}admin",
    "\u{a0}",
    "{{ $env[\"x\"]|safe }}",
    "$env[\"x\"]",
    "<script>",
];

fn form(pairs: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://x/", pairs).unwrap().query().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_posted_chooses_host_path_or_parameter_of_a_request() {
    let outside = Outside::start().await;
    let url = outside.url("/c/$env[\"x\"]/notes?k=$env[\"x\"]&fixed=1#$env[\"x\"]");
    let settings = format!(
        "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {{without_record: true, next: call}}
steps:
  call: {{http_request: '{url}', query: {{q: '$env[\"x\"]', list: '$env[\"x\"]'}}, form: {{f: '$env[\"x\"]', g: 1}}, retries: 0}}
"
    );
    let mut postern = Postern::without_worker(&settings).await;
    postern.start_worker_with(&[("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8")]).await;
    for (at, posted) in URLS.into_iter().enumerate() {
        let receipt = postern.outcome("/trigger?workflow_id=1", &form(&[("x", posted)])).await;
        let got = outside.got();
        assert_eq!(got.len(), at + 1, "{posted:?}: {receipt}");
        let target = got[at].line.strip_prefix("POST ").and_then(|line| line.strip_suffix(" HTTP/1.1")).unwrap();
        assert_eq!(got[at].headers["host"], outside.address.to_string(), "{posted:?}");
        let url = reqwest::Url::parse(&format!("http://a.example{target}")).unwrap();
        let segments: Vec<&str> = url.path_segments().unwrap().collect();
        assert_eq!((segments.len(), segments[0], segments[2]), (3, "c", "notes"), "{posted:?}: {target}");
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let expected = [("k", posted), ("fixed", "1"), ("q", posted), ("list", posted)];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{target}");
        let sent = reqwest::Url::parse(&format!("http://a.example/?{}", got[at].body)).unwrap();
        let sent: Vec<(String, String)> = sent.query_pairs().into_owned().collect();
        assert_eq!(sent, [("f", posted), ("g", "1")].map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// Each field of a mail with what is posted in it.
const MAILS: [(&str, &str); 22] = [
    ("to", "evil@example.org, a@example.org"),
    ("to", "a@example.org; evil@example.org"),
    ("to", "a@example.org evil@example.org"),
    ("to", "a@example.org\r\nBcc: evil@example.org"),
    ("to", "a@example.org\nTo: evil@example.org"),
    ("to", "Ada <a@example.org>, Evil <evil@example.org>"),
    ("to", "a@example.org> <evil@example.org"),
    ("to", "\"a@example.org\" <evil@example.org>, b@example.org"),
    ("to", "group: evil@example.org, a@example.org;"),
    ("name", "Ada\" <evil@example.org>, \"B"),
    ("name", "Ada, evil@example.org"),
    ("name", "Ada\r\nBcc: evil@example.org"),
    ("name", "Ada <evil@example.org>, B"),
    ("subject", "Hi\r\nBcc: evil@example.org"),
    ("subject", "Hi\r\n\r\n<script>alert(1)</script>"),
    ("subject", "=?utf-8?q?Hi=0D=0ABcc:_evil@example.org?="),
    ("body", "<script>alert(1)</script>"),
    ("body", "<img src=x onerror=alert(1)>"),
    ("body", "\" onmouseover=\"alert(1)"),
    ("body", "' onmouseover='alert(1)"),
    ("body", "&lt;script&gt; & </p><script>"),
    ("body", "{{ 1 + 1 }}{% if true %}<b>{% endif %}"),
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_posted_adds_markup_headers_or_people_to_a_mail() {
    let server = MailServer::start().await;
    let settings = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {without_record: true, next: tell}
steps:
  tell:
    send_mail: $env[\"to\"]
    cc: $env[\"name\"] <copy@example.org>
    subject: $env[\"subject\"]
    html: <p title=\"$env[\"body\"]\" class='$env[\"body\"]'>$env[\"body\"]</p>
    retries: 0
";
    let mut postern = Postern::without_worker(settings).await;
    let url = server.url();
    postern.start_worker_with(&[("POSTERN_SMTP_URL", &*url), ("POSTERN_MAIL_FROM", "leads@example.com")]).await;
    for (field, posted) in MAILS {
        let mut fields = [("to", "a@example.org"), ("name", "Ada"), ("subject", "Hi"), ("body", "text")];
        fields.iter_mut().filter(|(name, _)| *name == field).for_each(|(_, value)| *value = posted);
        let before = server.got().len();
        let receipt = postern.outcome("/trigger?workflow_id=1", &form(&fields)).await;
        let Some(mail) = server.got().get(before).cloned() else {
            let message = receipt["runs"][0]["message"].as_str().unwrap().to_owned();
            assert!(field == "to" && message.contains("mail address"), "{posted:?}: {receipt}");
            continue;
        };
        let people: BTreeSet<&str> = mail.to.iter().map(String::as_str).collect();
        assert_eq!(people, BTreeSet::from(["a@example.org", "copy@example.org"]), "{posted:?}");
        let (headers, body) = mail.text.split_once("\n\n").unwrap();
        let names: BTreeSet<&str> = headers
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(": "))
            .map(|(name, _)| name)
            .collect();
        let known = ["From", "To", "Cc", "Subject", "Message-ID", "Date", "MIME-Version", "Auto-Submitted"];
        let known: BTreeSet<&str> = known.into_iter().chain(["Content-Type", "Content-Transfer-Encoding"]).collect();
        assert!(names.is_subset(&known), "{posted:?}: {headers}");
        let plain = body.replace("=\n", "").replace("=3D", "=");
        assert_eq!(plain.matches('<').count(), 2, "{posted:?}: {plain}");
        assert_eq!((plain.matches('"').count(), plain.matches('\'').count()), (2, 2), "{posted:?}: {plain}");
    }
}
