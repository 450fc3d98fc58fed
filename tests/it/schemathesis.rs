//! The API against the document that it gives of itself, with requests that schemathesis makes up from it.

use std::process::Command;

use crate::harness::servers::setting;
use crate::harness::{DEMO, Postern};

const TOKEN: &str = "a-token-of-the-tests-0123456789";

/// Checks that take the schema for all that is said of a request. What stands in a document beside its key is said by
/// the validator, and YAML may leave out the quotes of a key.
const DOCUMENTS: &str = "positive_data_acceptance,negative_data_rejection";

/// Its answer holds several YAML documents, which schemathesis 4.32 does not survive.
const MANY_DOCUMENTS: &str = "/api/v1/export";

#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_to_the_api_are_answered_as_its_document_says_and_never_with_a_fault_of_the_server() {
    let mut postern = Postern::with_ingress(DEMO, &[("POSTERN_API_TOKEN", TOKEN)]).await;
    let private = postern.control.address("the control listener is open").await;
    let left_behind = tempfile::tempdir().unwrap();
    let ran = Command::new(format!("{}/schemathesis", setting("POSTERN_OPERATIONS_TOOLS")))
        .args(["run", &format!("http://{private}/api/v1/openapi.json"), "--no-color"])
        .args(["--header", &format!("Authorization:Bearer {TOKEN}")])
        .args(["--checks", "all", "--exclude-checks", DOCUMENTS])
        .args(["--exclude-path", MANY_DOCUMENTS])
        // The others are those of the public listener.
        .args(["--include-path-regex", "^/api/"])
        .args(["--max-examples", "25", "--no-shrink", "--seed", "1"])
        .current_dir(left_behind.path())
        .output()
        .expect("run tests/run, which installs schemathesis");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}
