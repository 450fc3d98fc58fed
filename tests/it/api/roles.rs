//! Every operation with every role: who may what stands in the table of operations.

use postern_control::operation::ROWS;
use postern_shared::store::accounts::Role;

use crate::harness::call::Call;
use crate::harness::{DEMO, Postern, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_its_role_and_those_above_only() {
    let postern = Postern::without_worker(DEMO).await;
    let mut tokens = vec![(None, String::new()), (Some(Role::Admin), TOKEN.to_owned())];
    for role in [Role::Viewer, Role::Editor] {
        let body = format!(r#"{{"name": "{0}", "role": "{0}"}}"#, role.word());
        let made = postern.api("POST", "/tokens").json(&body).send().await;
        tokens.push((Some(role), made.json["token"].as_str().unwrap().to_owned()));
    }
    for row in &ROWS {
        let argument = row.about.argument().unwrap_or_default();
        let path = format!("/api/v1{}", row.about.path.replace(&format!("{{{argument}}}"), "999"));
        for (role, token) in &tokens {
            let method = row.about.verb.method().as_str().parse().unwrap();
            let mut call = Call::new(method, postern.control(), &path);
            if role.is_some() {
                call = call.header("authorization", &format!("Bearer {token}"));
            }
            let answer = call.send().await;
            let expected = match (row.about.allows(*role), role) {
                (true, _) => "",
                (false, None) => "unauthorized",
                (false, Some(_)) => "forbidden",
            };
            let refused = ["unauthorized", "forbidden"].contains(&answer.code());
            let code = if refused { answer.code() } else { "" };
            assert_eq!(code, expected, "{} as {role:?}: {}", row.about.name, answer.text);
        }
    }
}

#[test]
fn only_the_openapi_document_is_open_and_tokens_and_persons_need_an_admin() {
    for row in &ROWS {
        let expected = match row.about.name {
            "getOpenApi" => None,
            "listTokens" | "createToken" | "deleteToken" => Some(Role::Admin),
            "lookForPerson" | "forgetPerson" | "listForgettings" => Some(Role::Admin),
            "validateDocuments" | "explainAddress" => Some(Role::Viewer),
            "getRefusedBodyBytes" | "getDraft" => Some(Role::Editor),
            _ if row.about.verb.method() == "GET" => Some(Role::Viewer),
            _ => Some(Role::Editor),
        };
        assert_eq!(row.about.role, expected, "{}", row.about.name);
    }
}
