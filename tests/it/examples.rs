//! The examples of `shared/README.md`, applied and run as they stand there.

use postern_shared::task::KINDS;
use serde_json::Value;

use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::{Postern, eventually};
use crate::workflows::settings;

/// What is posted to every example.
const FORM: &str = "firstname=Ada&lastname=Lovelace&email=ada@example.org&tags[]=web&tags[]=news&country=Atlantis";

/// The number of the workflow whose steps are the example of a task; `run_workflow` names 78.
fn number(task: &str) -> usize {
    100 + KINDS.iter().position(|kind| kind.spec.name == task).unwrap()
}

fn workflow(task: &str, example: &str) -> String {
    let first = example.split(':').next().unwrap().trim();
    let steps = example.replace('\n', "\n  ");
    let number = number(task);
    format!(
        "---\nworkflow: {number}\nstart: {{module: Leads, without_record: true, next: {first}}}\nsteps:\n  {steps}\n"
    )
}

/// Every example as a workflow, with another system in the place of the one that is made up.
fn all(outside: &Outside) -> String {
    let other = "---\nworkflow: 78\nstart: {without_record: true, next: a}\nsteps: {a: {stop: finished}}\n";
    let examples: String = KINDS.iter().map(|kind| workflow(kind.spec.name, kind.spec.example)).collect();
    let numbers: Vec<String> = KINDS.iter().map(|kind| number(kind.spec.name).to_string()).collect();
    let permission = format!("---\npermission: examples\naddresses: 127.0.0.1\nworkflows: [{}]\n", numbers.join(", "));
    settings(&(permission + other + &examples.replace("https://crm.example.org", &outside.url(""))))
}

async fn seen(postern: &Postern, task: &str) -> Value {
    let path = format!("/trigger?workflow_id={}", number(task));
    let answer = postern.post(&path).form(FORM).send().await;
    assert_eq!(answer.status, 202, "{task}: {}", answer.json);
    eventually(&format!("the example of {task} has ended or waits for its time"), async || {
        let receipt = postern.api("GET", &answer.header("location")).send().await.json;
        let is_under_way = match receipt["status"].as_str()? {
            "waiting" => task != "delay",
            status => matches!(status, "queued" | "running"),
        };
        (!is_under_way).then_some(receipt)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_every_task_is_applied_and_runs() {
    let (outside, mails) = (Outside::start().await, MailServer::start().await);
    let mut postern = Postern::without_worker(&all(&outside)).await;
    let url = mails.url();
    let environment = [
        ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
        ("POSTERN_SMTP_URL", &url),
        ("POSTERN_MAIL_FROM", "a@example.org"),
    ];
    postern.start_worker_with(&environment).await;
    for kind in &KINDS {
        let task = kind.spec.name;
        let receipt = seen(&postern, task).await;
        let expected = match task {
            "delay" => "waiting",
            "stop" => "failed",
            _ => "finished",
        };
        assert_eq!(receipt["status"], expected, "{task}: {receipt}");
        let path = receipt["runs"][0]["path"].as_array().unwrap();
        let ran =
            path.iter().find(|step| step["task"] == task).unwrap_or_else(|| panic!("{task} did not run: {receipt}"));
        assert!(ran["output"] != "failed" && ran["output"] != "not_found", "{task}: {receipt}");
    }
    assert_eq!((outside.got().len(), mails.got().len()), (1, 1));
}
