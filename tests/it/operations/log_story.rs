//! One search for a receipt finds its whole way through the logs, from ingress to the end.

use postern_shared::id::ReceiptId;
use postern_shared::submission;
use serde_json::Value;

use crate::harness::process::Process;
use crate::harness::servers::Servers;
use crate::harness::{Postern, eventually};
use crate::poison;

/// What is logged of each submission.
const DEBUG: [(&str, &str); 1] = [("POSTERN_LOG", "info,postern_ingress=debug,postern_worker=debug")];

const SETTINGS: &str = "workflow: 1\nstart: {without_record: true, next: wait}\nsteps:\n  wait: {delay: {for: 1s}, next: \
                        end}\n  end: {stop: failed, message: over}\n---\npermission: office\naddresses: 127.0.0.1\n\
                        workflows: [1]\n";

/// The lines of a log with a text, each as its message and its state or code.
fn lines(process: &Process, text: &str) -> Vec<(String, String)> {
    let log = process.log();
    let found = log.lines().filter(|line| line.contains(text)).map(|line| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let detail = ["state", "outcome", "code"].iter().find_map(|name| line[*name].as_str()).unwrap_or_default();
        (line["message"].as_str().unwrap().to_owned(), detail.to_owned())
    });
    found.collect()
}

async fn postern() -> Postern {
    let mut postern = Postern::on(Servers::new().await, SETTINGS, &DEBUG).await;
    postern.start_worker_with(&DEBUG).await;
    postern
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_a_lead_is_found_by_its_receipt() {
    let postern = postern().await;
    let accepted = postern.post("/trigger?workflow_id=1").form("lastname=Lovelace").send().await;
    assert_eq!(postern.ended(&accepted).await["status"], "failed");
    let receipt = accepted.json["receipt"].as_str().unwrap();
    let told = |message: &str, detail: &str| (message.to_owned(), detail.to_owned());
    assert_eq!(lines(&postern.ingress, receipt), [told("a submission was accepted", "")]);
    let way = [
        told("a submission was taken by a worker", "claimed"),
        told("a run was taken further", "waiting"),
        told("a run was taken further", "failed"),
    ];
    eventually("the whole way is logged", async || (lines(&postern.workers[0], receipt) == way).then_some(())).await;
    let log = postern.workers[0].log();
    let line = log.lines().find(|line| line.contains(receipt) && line.contains("claimed")).unwrap();
    assert!(line.contains(r#""permission":"office""#), "{line}");
    assert!(!log.contains("Lovelace") && !postern.ingress.log().contains("Lovelace"), "no posted value is logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_logged_with_its_permission_and_its_code() {
    let postern = postern().await;
    assert_eq!(postern.post("/trigger?workflow_id=1").json("[").send().await.status, 400);
    let refused = ("a call was refused".to_owned(), "invalid_body".to_owned());
    eventually("it is logged", async || {
        lines(&postern.ingress, r#""permission":"office""#).contains(&refused).then_some(())
    })
    .await;
}

/// Refuses each run, as a fault of the workflow might.
const REFUSE: &str = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION refuse()";

#[tokio::test(flavor = "multi_thread")]
async fn the_tries_of_a_lead_and_its_end_as_a_dead_letter_are_found_by_its_receipt() {
    let postern = postern().await;
    postern.connection().await.batch_execute(REFUSE).await.unwrap();
    for (attempt, message) in [(0, "a submission is tried again"), (5, "a dead letter was written")] {
        let receipt = ReceiptId::new();
        let body = submission::bundle([poison::submission(receipt).as_slice()]);
        let put = "INSERT INTO spool (kind, body, attempt, due_at) VALUES ('submissions.v1', $1, $2, now())";
        postern.connection().await.execute(put, &[&body, &attempt]).await.unwrap();
        eventually(message, async || {
            let log = postern.workers[0].log();
            let line = log.lines().find(|line| line.contains(&receipt.to_string()) && line.contains(message))?;
            assert!(line.contains(r#""permission":"test""#) && line.contains("poison"), "{line}");
            Some(())
        })
        .await;
    }
}
