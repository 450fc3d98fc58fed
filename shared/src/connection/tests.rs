use serde_json::json;

use super::smtp::Security;
use super::*;

fn findings(document: &Value) -> Vec<String> {
    Connection::from_document(document).unwrap_err().iter().map(ToString::to_string).collect()
}

fn read(document: &Value) -> Connection {
    Connection::from_document(document).unwrap_or_else(|findings| panic!("{document}: {findings:?}"))
}

#[test]
fn a_connection_names_one_system_and_the_secrets_that_open_it() {
    let secret = "$secret[\"k\"]";
    let login = json!({"user": "u", "password": secret});
    let client = json!({"token_url": "https://a.example/t", "client_id": "c", "client_secret": secret});
    for (to, system, paths) in [
        (
            json!({"vtiger": {"url": "https://a.example", "user": "u", "access_key": secret}}),
            System::Vtiger,
            &["vtiger.access_key"][..],
        ),
        (json!({"http": {"base": "https://a.example"}}), System::Http, &[]),
        (
            json!({"http": {"base": "https://a.example", "headers": {"X-Key": format!("k {secret}"), "X-B": "b"}}}),
            System::Http,
            &["http.headers"],
        ),
        (
            json!({"http": {"base": "https://a.example", "auth": {"basic": login}}}),
            System::Http,
            &["http.auth.basic.password"],
        ),
        (
            json!({"http": {"base": "https://a.example", "auth": {"bearer": secret}}}),
            System::Http,
            &["http.auth.bearer"],
        ),
        (
            json!({"http": {"base": "https://a.example", "auth": {"oauth2_client_credentials": client}}}),
            System::Http,
            &["http.auth.oauth2_client_credentials.client_secret"],
        ),
        (json!({"smtp": {"host": "mail.example.org"}}), System::Smtp, &[]),
        (
            json!({"smtp": {"host": "10.0.0.5", "user": "u", "password": secret, "from": "A <a@example.org>"}}),
            System::Smtp,
            &["smtp.password"],
        ),
    ] {
        let mut document = to.clone();
        document["connection"] = json!("c");
        let connection = read(&document);
        let found: Vec<&str> = connection.secrets().into_iter().map(|(path, _)| path).collect();
        assert_eq!((connection.system(), found.as_slice()), (system, paths), "{to}");
    }
}

#[test]
fn what_is_left_out_has_a_default() {
    for (url, folder) in [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/crm", "https://a.example/crm/"),
        ("https://a.example/crm/webservice.php", "https://a.example/crm/"),
        ("https://a.example/crm/index.php", "https://a.example/crm/"),
    ] {
        let connection =
            read(&json!({"connection": "c", "vtiger": {"url": url, "user": "u", "access_key": "$secret[\"k\"]"}}));
        let To::Vtiger(vtiger) = connection.to else { panic!("{connection:?}") };
        assert_eq!((vtiger.url.as_str(), vtiger.sessions, vtiger.rate), (folder, 4, None));
    }
    for (security, port) in [(None, 587), (Some("starttls"), 587), (Some("tls"), 465), (Some("none"), 25)] {
        let To::Smtp(smtp) = read(&json!({"connection": "c", "smtp": {"host": "a", "security": security}})).to else {
            panic!("{security:?}")
        };
        assert_eq!((smtp.port, smtp.security == Security::StartTls), (port, port == 587));
    }
}

#[test]
fn what_is_wrong_with_a_connection_is_said_where_it_stands() {
    let http = |map: Value| json!({"connection": "c", "http": map});
    let one = "a connection has exactly one of the keys vtiger, http, smtp";
    for (document, finding) in [
        (json!({"connection": "c"}), one.to_owned()),
        (json!({"connection": "c", "http": {"base": "https://a.example"}, "smtp": {"host": "a"}}), one.to_owned()),
        (json!({"connection": "c", "htp": {}}), "htp: unknown key `htp`: did you mean `http`?".to_owned()),
        (http(json!({"base": "a.example"})), "http.base: must be an address".to_owned()),
        (http(json!({"base": "https://a.example", "auth": {}})), "http.auth: has exactly one of the keys".to_owned()),
        (
            http(json!({"base": "https://a.example", "auth": {"bearer": "k"}})),
            "http.auth.bearer: must be $secret[\"name\"]: what stands".to_owned(),
        ),
        (
            http(json!({"base": "https://a.example", "headers": {"X-A": "$env[\"a\"]"}})),
            "http.headers.X-A: can read secrets".to_owned(),
        ),
        (
            http(
                json!({"base": "https://a.example", "headers": {"Authorization": "a"}, "auth": {"bearer": "$secret[\"k\"]"}}),
            ),
            "http.headers: `authorization` is set by Postern".to_owned(),
        ),
        (
            http(
                json!({"base": "https://a.example", "auth": {"basic": {"user": "a:b", "password": "$secret[\"k\"]"}}}),
            ),
            "http.auth.basic.user: must hold no colon".to_owned(),
        ),
        (
            json!({"connection": "c", "vtiger": {"url": "https://a.example", "user": "u", "access_key": "$secret[\"k\"]", "rate": "9"}}),
            "vtiger.rate: must be calls in a time".to_owned(),
        ),
        (json!({"connection": "c", "smtp": {"host": "a:25"}}), "smtp.host: must be the name".to_owned()),
        (json!({"connection": "c", "smtp": {"host": "a", "user": "u"}}), "smtp.password: is missing".to_owned()),
        (
            json!({"connection": "c", "smtp": {"host": "a", "from": "a"}}),
            "smtp.from: must be a mail address".to_owned(),
        ),
    ] {
        let found = findings(&document);
        assert!(found.len() == 1 && found[0].starts_with(&finding), "{document}: {found:?}");
    }
}
