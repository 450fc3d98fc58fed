//! What `deploy/` says to Kubernetes, Compose and Prometheus is what they understand and what the code means.

mod alerts;
mod compose;
mod dashboards;
mod kubernetes;
mod log_story;
mod prometheus;

use std::collections::BTreeSet;
use std::process::Command;

use clap::CommandFactory;
use postern_shared::store::roles::Process;
use postern_shared::yaml;
use serde_json::{Value, json};

use crate::harness::Postern;
use crate::harness::servers::setting;
use crate::tidy::sources::{production, read};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What a program prints; it must be there and succeed.
fn output(program: &str, arguments: &[&str], where_from: &str) -> String {
    let ran = Command::new(program).args(arguments).current_dir(ROOT).output();
    let ran = ran.unwrap_or_else(|error| panic!("{program} ({error}): {where_from}"));
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{program} {arguments:?}:\n{out}{err}");
    out.into_owned()
}

fn kustomize(folder: &str) -> String {
    let needed = "kubectl 1.22 or later is needed: https://kubernetes.io/docs/tasks/tools/";
    output("kubectl", &["kustomize", folder], needed)
}

fn objects(folder: &str) -> Vec<Value> {
    yaml::read(&kustomize(folder)).unwrap().into_iter().map(|document| document.value).collect()
}

const FOLDERS: [&str; 2] = ["deploy/kubernetes/base", "deploy/kubernetes/example"];

#[test]
fn every_object_for_kubernetes_is_one() {
    let program = format!("{}/kubernetes-validate", setting("POSTERN_OPERATIONS_TOOLS"));
    for folder in FOLDERS {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), kustomize(folder)).unwrap();
        let arguments = ["--strict", "-k", "1.30.0", file.path().to_str().unwrap()];
        output(&program, &arguments, "run tests/run, which installs it");
    }
}

#[test]
fn every_deployment_is_probed_limited_locked_down_and_given_time_to_drain() {
    for folder in FOLDERS {
        let all = objects(folder);
        let deployments: Vec<&Value> = all.iter().filter(|object| object["kind"] == "Deployment").collect();
        assert_eq!(deployments.len(), 3, "{folder}");
        for pod in deployments.iter().map(|object| &object["spec"]["template"]["spec"]) {
            let container = &pod["containers"][0];
            for (probe, path) in [("startupProbe", "live"), ("livenessProbe", "live"), ("readinessProbe", "ready")] {
                assert_eq!(container[probe]["httpGet"]["path"], format!("/health/{path}"), "{probe}");
                assert_eq!(container[probe]["httpGet"]["port"], "private", "{probe}");
            }
            for need in ["/resources/requests/cpu", "/resources/requests/memory", "/resources/limits/memory"] {
                assert!(container.pointer(need).is_some(), "{folder}: {need}");
            }
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
            // preStop 10, answers 20, confirms 12; the worker's drain 25 and its good-byes 4.
            assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > 42, "{folder}");
        }
        let count = |kind: &str| all.iter().filter(|object| object["kind"] == kind).count();
        let policies = if folder == FOLDERS[0] { 4 } else { 7 };
        let counted = (count("Job"), count("PodDisruptionBudget"), count("NetworkPolicy"), count("Secret"));
        assert_eq!(counted, (1, 3, policies, 0));
    }
}

#[test]
fn every_process_in_kubernetes_has_a_database_url_of_its_own() {
    for folder in FOLDERS {
        let all = objects(folder);
        let pods = all.iter().filter(|object| object["kind"] == "Deployment" || object["kind"] == "Job");
        for (name, pod) in pods.map(|object| {
            (&object["metadata"]["labels"]["app.kubernetes.io/name"], &object["spec"]["template"]["spec"])
        }) {
            let variables = pod["containers"][0]["env"].as_array().unwrap().iter();
            let secrets: Vec<&Value> =
                variables.filter_map(|one| one.pointer("/valueFrom/secretKeyRef/name")).collect();
            assert!(!secrets.is_empty() && secrets.iter().all(|secret| *secret == name), "{name}: {secrets:?}");
        }
        let job = &all.iter().find(|object| object["kind"] == "Job").unwrap()["spec"]["template"]["spec"];
        for process in Process::ALL.map(Process::word) {
            let (argument, secret) =
                (format!("--{process}-password-file=/passwords/{process}"), format!("postern-{process}"));
            let password = json!({"secret": {"name": secret, "items": [{"key": "password", "path": process}]}});
            assert!(job["containers"][0]["args"].as_array().unwrap().contains(&argument.into()), "{folder}: {process}");
            let sources = job["volumes"][0]["projected"]["sources"].as_array().unwrap();
            assert!(sources.contains(&password), "{folder}: {sources:?}");
        }
    }
}

#[test]
fn every_process_of_compose_has_a_database_role_of_its_own() {
    let compose = read("deploy/compose.yaml");
    assert!(compose.contains("exec postern migrate --roles"));
    let owners = compose.matches("DATABASE_URL: postgresql://postern:").count();
    assert_eq!(owners, 1, "only the migration works as the owner");
    for process in Process::ALL.map(Process::word) {
        let password = format!("{}_PASSWORD", process.to_uppercase());
        for part in [
            format!(
                "DATABASE_URL: postgresql://postern_{process}:${{{password}:?set it in the environment}}@postgres/postern"
            ),
            format!("--{process}-password-file <(echo \"$${password}\")"),
        ] {
            assert_eq!(compose.matches(&part).count(), 1, "{part}");
        }
    }
}

#[test]
fn every_variable_of_the_manifests_is_a_setting() {
    let mut known = BTreeSet::new();
    for command in
        [postern_ingress::Options::command(), postern_worker::Options::command(), postern_control::Options::command()]
    {
        known.extend(command.get_arguments().filter_map(|one| Some(one.get_env()?.to_str()?.to_owned())));
    }
    let mut found = 0;
    for object in FOLDERS.iter().flat_map(|folder| objects(folder)) {
        for variable in object["spec"]["template"]["spec"]["containers"][0]["env"].as_array().into_iter().flatten() {
            assert!(known.contains(variable["name"].as_str().unwrap()), "{variable}");
            found += 1;
        }
    }
    assert!(found > 15, "only {found} variables were found");
}

#[test]
fn the_alerts_are_read_by_prometheus_and_do_what_their_tests_say() {
    let needed = "run tests/run, which installs Debian's package prometheus";
    output("promtool", &["check", "rules", "deploy/prometheus/rules.yaml"], needed);
    output("promtool", &["test", "rules", "deploy/prometheus/rules_test.yaml"], needed);
}

#[test]
fn every_metric_of_alerts_and_dashboard_is_exported() {
    let exported: BTreeSet<String> = production().into_iter().flat_map(|source| source.literals).collect();
    for file in ["deploy/prometheus/rules.yaml", "deploy/prometheus/rules_test.yaml"] {
        let text = read(file);
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        let names: BTreeSet<&str> = words.filter(|word| word.starts_with("postern_")).collect();
        assert!(names.len() > 8, "{file}: {names:?}");
        for name in names {
            assert!(exported.contains(name.trim_end_matches("_bucket")), "{file} names {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_says_that_it_is_ready_and_how_long_a_lead_took() {
    let mut postern = Postern::start(crate::harness::DEMO).await;
    postern.outcome("/trigger?workflow_trigger=web_lead", "lastname=Lovelace&email=ada@example.org").await;
    let private = postern.workers[0].address("the private listener is open").await;
    let text = reqwest::get(format!("http://{private}/metrics")).await.unwrap().text().await.unwrap();
    for line in [
        "postern_ready{component=\"worker\"} 1",
        "postern_lead_seconds_count 1",
        "postern_bundles_in_flight 0",
        "postern_spool_messages{component=\"worker\"} 0",
        "postern_bundles_redone_total{reason=\"away\"} 0",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}
