//! Every operation, called with real data: its answer is its `Output` and nothing else, and fits the OpenAPI document.

use std::collections::BTreeSet;

use postern_control::operation::{ROWS, Row};
use serde_json::{Value, json};

use super::world::World;
use crate::harness::TOKEN;
use crate::harness::call::{Answer, Call};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

const DRAFT: &str = "workflow: 41\nstart: {without_record: true, next: a}\nsteps: {a: {set_env: {x: 1}}}\n";

/// A call of an operation.
pub struct Wanted {
    pub name: &'static str,
    path: String,
    body: Option<(&'static str, String)>,
}

fn get(name: &'static str, path: impl Into<String>) -> Wanted {
    Wanted { name, path: path.into(), body: None }
}

fn post(name: &'static str, path: impl Into<String>, body: Value) -> Wanted {
    Wanted { name, path: path.into(), body: Some((JSON, body.to_string())) }
}

fn documents(name: &'static str, path: &str, text: &str) -> Wanted {
    Wanted { name, path: path.to_owned(), body: Some((YAML, text.to_owned())) }
}

/// Every operation that a viewer may use.
pub fn looking(world: &World) -> Vec<Wanted> {
    let World { receipt, record, letter, unreadable, .. } = world;
    vec![
        get("getOpenApi", "/openapi.json"),
        get("listConnections", "/connections"),
        get("getConnection", "/connections/api"),
        get("listModules", "/modules"),
        get("getModule", "/modules/Leads"),
        get("listPermissions", "/permissions"),
        get("getPermission", "/permissions/hidden"),
        get("listTriggers", "/triggers"),
        get("getTrigger", "/triggers/web_lead"),
        get("listWorkflows", "/workflows"),
        get("getWorkflow", "/workflows/4"),
        get("getWorkflow", "/workflows/4?version=1"),
        get("listVersions", "/workflows/4/versions"),
        get("getStatistics", "/workflows/1/statistics"),
        documents("validateDocuments", "/validate", "trigger: a\ntitel: b\n"),
        get("exportDocuments", "/export"),
        get("find", "/find?text=ada"),
        get("getReceipt", format!("/receipts/{receipt}")),
        get("getReceipt", format!("/receipts/{}", world.unmatched)),
        get("listRuns", "/runs?last=1"),
        get("getEffects", format!("/runs/{}/effects", world.failed)),
        get("listFailureGroups", "/failure_groups"),
        get("listJobs", "/jobs"),
        get("listRecords", "/records/Leads"),
        get("getRecord", format!("/record/{record}")),
        get("listRefusedBodies", "/refused_bodies"),
        get("getRefusedBody", "/refused_bodies/1"),
        get("listRejectedCallers", "/rejected_callers"),
        get("listUnmatched", "/unmatched"),
        get("listDeadLetters", "/dead_letters"),
        get("getDeadLetter", format!("/dead_letters/{letter}")),
        get("getDeadLetter", format!("/dead_letters/{unreadable}")),
        get("listDeadLetterGroups", "/dead_letter_groups"),
        get("auditHours", "/audit?hours=2"),
        get("getUsage", "/usage"),
        get("listProcesses", "/processes"),
        get("listDrift", "/drift"),
        get("listSecrets", "/secrets"),
        get("listChanges", "/audit_log?last=100"),
        post("explainAddress", "/explain", json!({"address": "192.0.2.1"})),
    ]
}

fn changing(world: &World) -> Vec<Wanted> {
    let World { failed, undecided, letter, unreadable, .. } = world;
    vec![
        post("tryWorkflow", "/workflows/1/try", json!({"env": {"n": "x"}, "answers": {"call": {"status": 200}}})),
        get("listTokens", "/tokens"),
        post("lookForPerson", "/person_parts", json!({"texts": ["nobody@example.org"]})),
        post("forgetPerson", "/forgettings", json!({"texts": ["nobody@example.org"]})),
        get("listForgettings", "/forgettings"),
        get("getRefusedBody", "/refused_bodies/1?values=true"),
        get("getRefusedBodyBytes", "/refused_bodies/1/raw"),
        documents("setConnection", "/connections/other", "connection: other\nsmtp: {host: mail.example.org}\n"),
        post("checkConnection", "/connections/api/check", json!({})),
        documents("setModule", "/modules/Leads", "module: Leads\nfields: {n: text, m: text}\n"),
        documents("setPermission", "/permissions/other", "permission: other\naddresses: any\nworkflows: [1]\n"),
        documents("setTrigger", "/triggers/other", "trigger: other\n"),
        documents(
            "setWorkflow",
            "/workflows/9",
            "workflow: 9\nstart: {without_record: true, next: a}\nsteps: {a: {stop: finished}}\n",
        ),
        documents("applyDocuments", "/apply", "trigger: another\n---\ntrigger: other\ntitle: Other\n"),
        post("dismissRun", format!("/runs/{failed}/dismissal"), json!({})),
        post("replayRun", format!("/runs/{failed}/replays"), json!({})),
        post("runAgain", format!("/runs/{}.1/runs_again", world.finished), json!({"env": {"n": "x"}})),
        post("cancelRun", format!("/runs/{}.1/cancellation", world.waiting[0]), json!({})),
        post("wakeRun", format!("/runs/{}.1/wake", world.waiting[1]), json!({})),
        post("createJob", "/jobs", json!({"kind": "run_again", "filter": {"workflow": 8}, "per_second": 5})),
        post("stopJob", "/jobs/1/stop", json!({})),
        get("getJob", "/jobs/1"),
        post("decideRun", format!("/runs/{undecided}/decision"), json!({"decision": "fail"})),
        post("replayRefusedBodies", "/refused_body_replays", json!({"id": 1})),
        post("replayRefusedBodies", "/refused_body_replays", json!({"permission": "test", "charset": "windows-1251"})),
        post("replayUnmatched", "/unmatched_replays", json!({"receipt": world.unmatched})),
        post("replayDeadLetters", "/dead_letter_replays", json!({"id": letter, "env": {"n": "x"}})),
        post("discardDeadLetters", "/dead_letter_discards", json!({"id": unreadable, "reason": "a test"})),
        post("setSecret", "/secrets/other", json!({"value": "long-enough"})),
        post("rotateSecrets", "/secret-rotations", json!({})),
        Wanted { name: "deleteSecret", path: "/secrets/other".to_owned(), body: None },
        post("setVariable", "/variables/crm_url", json!({"value": "https://crm.example"})),
        get("listVariables", "/variables"),
        Wanted { name: "deleteVariable", path: "/variables/crm_url".to_owned(), body: None },
        post("setDraft", "/workflows/41/draft", json!({"text": DRAFT})),
        get("getDraft", "/workflows/41/draft"),
        post("publishDraft", "/workflows/41/draft/publication", json!({})),
        post("setDraft", "/workflows/41/draft", json!({"text": "- no workflow", "base_version": 1})),
        Wanted { name: "discardDraft", path: "/workflows/41/draft".to_owned(), body: None },
        post("createToken", "/tokens", json!({"name": "ci"})),
        Wanted { name: "deleteToken", path: "/tokens/1".to_owned(), body: None },
        Wanted { name: "deleteConnection", path: "/connections/other".to_owned(), body: None },
        Wanted { name: "deleteTrigger", path: "/triggers/other".to_owned(), body: None },
        Wanted { name: "deletePermission", path: "/permissions/other".to_owned(), body: None },
        Wanted { name: "deleteWorkflow", path: "/workflows/9".to_owned(), body: None },
        Wanted { name: "deleteModule", path: "/modules/Leads".to_owned(), body: None },
    ]
}

impl Wanted {
    fn row(&self) -> &'static Row {
        ROWS.iter().find(|row| row.about.name == self.name).unwrap_or_else(|| panic!("no operation {}", self.name))
    }

    fn call(&self, world: &World) -> Call {
        self.call_as(world, &format!("Bearer {TOKEN}"))
    }

    /// The call with an `Authorization`.
    pub fn call_as(&self, world: &World, authorization: &str) -> Call {
        let method = self.row().about.verb.method().as_str().parse().unwrap();
        let call = Call::new(method, world.postern.control(), &format!("/api/v1{}", self.path));
        let call = call.header("authorization", authorization);
        match &self.body {
            None => call,
            Some((content_type, body)) => call.header("content-type", content_type).body(body.clone()),
        }
    }
}

/// Whether an answer fits what the document says of its operation and status.
fn fits(document: &Value, row: &Row, answer: &Answer) {
    let path = format!("/api/v1{}", row.about.path).replace('/', "~1");
    let method = row.about.verb.method().as_str().to_lowercase();
    let content = format!("/paths/{path}/{method}/responses/{}/content/application~1json", answer.status);
    let name = row.about.name;
    let Some(described) = document.pointer(&content) else {
        assert!(!answer.header("content-type").starts_with("application/json"), "{name}: {}", answer.status);
        return;
    };
    assert!(described["schema"].is_object() || described["schema"] == true, "{name}");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.add_resource("openapi.json", document.clone()).unwrap();
    // In a URL `{` is written as `%7B`.
    let place = format!("openapi.json#{content}/schema").replace('{', "%7B").replace('}', "%7D");
    let index = compiler.compile(&place, &mut schemas).unwrap_or_else(|error| panic!("{name}: {error}"));
    if let Err(error) = schemas.validate(&answer.json, index) {
        panic!("{name}: {error}\n{}", answer.json);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_its_output_and_fits_the_openapi_document() {
    let world = World::new().await;
    let document = world.postern.api("GET", "/openapi.json").send().await.json;
    let mut seen = BTreeSet::new();
    for wanted in looking(&world).into_iter().chain(changing(&world)) {
        let (row, answer) = (wanted.row(), wanted.call(&world).send().await);
        assert_eq!(answer.status, row.about.status, "{}: {}", wanted.name, answer.text);
        assert_eq!(row.strict(answer.text.as_bytes()), Ok(()), "{}", wanted.name);
        fits(&document, row, &answer);
        seen.insert(wanted.name);
    }
    let all: BTreeSet<&str> = ROWS.iter().map(|row| row.about.name).collect();
    assert_eq!(seen, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_fits_the_openapi_document() {
    let postern = crate::harness::Postern::without_worker(crate::harness::DEMO).await;
    let document = postern.api("GET", "/openapi.json").send().await.json;
    for row in &ROWS {
        let argument = row.about.argument().unwrap_or_default();
        for key in ["77", "none", "019a8f00-0000-7000-8000-000000000001.77"] {
            let path = row.about.path.replace(&format!("{{{argument}}}"), key);
            let answer = postern.api(row.about.verb.method().as_str(), &format!("{path}?odd=1")).send().await;
            assert!((400..500).contains(&answer.status), "{path}: {}", answer.text);
            fits(&document, row, &answer);
        }
    }
}
