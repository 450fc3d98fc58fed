//! What the manifests promise to an operator of Kubernetes beside being valid.

use serde_json::Value;

use super::{FOLDERS, kustomize, objects, output};
use crate::harness::servers::setting;
use crate::tidy::sources::read;

const EXAMPLE: &str = "deploy/kubernetes/example";

/// Kinds whose schemas no package has that a test could install.
const UNCHECKED: [&str; 2] = ["Cluster", "RabbitmqCluster"];

/// Connections to PostgreSQL that a process has at most with the default settings: its pools, and those that listen.
const OF_WORKER: u64 = 26;
const OF_INGRESS: u64 = 12;
const OF_CONTROL: u64 = 13;

fn of_kind<'a>(all: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = all.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

#[test]
fn every_custom_resource_is_one() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), kustomize(EXAMPLE)).unwrap();
    let python = format!("{}/python", setting("POSTERN_OPERATIONS_TOOLS"));
    let checked = output(&python, &["tests/custom_resources.py", file.path().to_str().unwrap()], "run tests/run");
    for kind in ["ScaledObject postern-worker", "PodMonitor postern", "PrometheusRule postern"] {
        assert!(checked.contains(&format!("right: {kind}\n")), "{checked}");
    }
    let unchecked: Vec<&str> = checked.lines().filter_map(|line| line.strip_prefix("no model: ")).collect();
    assert_eq!(unchecked, UNCHECKED, "{checked}");
}

#[test]
fn a_field_that_a_custom_resource_does_not_have_is_found() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let wrong = kustomize(EXAMPLE).replace("minReplicaCount:", "minReplicasCount:");
    std::fs::write(file.path(), wrong).unwrap();
    let python = format!("{}/python", setting("POSTERN_OPERATIONS_TOOLS"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/custom_resources.py");
    let ran = std::process::Command::new(python).args([script, file.path().to_str().unwrap()]).output().unwrap();
    assert!(!ran.status.success());
    assert!(String::from_utf8_lossy(&ran.stdout).contains("['.spec.minReplicasCount']"));
}

#[test]
fn nobody_outside_reaches_the_base_and_no_pod_is_slowed_down() {
    let all = objects(FOLDERS[0]);
    for service in all.iter().filter(|object| object["kind"] == "Service") {
        assert_eq!(service["spec"]["type"], Value::Null, "{service}");
    }
    for pod in all.iter().map(|object| &object["spec"]["template"]["spec"]).filter(|pod| !pod.is_null()) {
        let limits = &pod["containers"][0]["resources"]["limits"];
        assert!(limits["cpu"].is_null() && !limits["memory"].is_null(), "{limits}");
    }
    let load_balancer = read("deploy/kubernetes/components/load-balancer/kustomization.yaml");
    assert!(load_balancer.contains("{op: add, path: /spec/externalTrafficPolicy, value: Local}"));
}

#[test]
fn every_deployment_spreads_over_zones_and_nodes_and_keeps_its_pods() {
    let all = objects(FOLDERS[0]);
    for name in ["postern-ingress", "postern-worker", "postern-control"] {
        let spec = &of_kind(&all, "Deployment", name)["spec"];
        let spread = spec["template"]["spec"]["topologySpreadConstraints"].as_array().unwrap();
        let keys: Vec<_> = spread.iter().filter_map(|one| one["topologyKey"].as_str()).collect();
        assert_eq!(keys, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"], "{name}");
        assert_eq!(spec["strategy"]["rollingUpdate"]["maxUnavailable"], 0, "{name}");
    }
}

#[test]
fn the_migration_of_each_version_is_a_job_of_its_own_that_stays() {
    let version = env!("CARGO_PKG_VERSION");
    for folder in FOLDERS {
        let all = objects(folder);
        let job = of_kind(&all, "Job", &format!("postern-migrate-v{}", version.replace('.', "-")));
        assert!(job["spec"]["ttlSecondsAfterFinished"].is_null());
        for object in all.iter().filter(|object| object["spec"]["template"].is_object()) {
            assert_eq!(object["metadata"]["labels"]["app.kubernetes.io/version"], version, "{object}");
        }
    }
    assert!(read("deploy/kubernetes/example/kustomization.yaml").contains(&format!("newTag: {version}}}")));
}

#[test]
fn the_autoscalers_leave_connections_of_postgresql() {
    let all = objects(EXAMPLE);
    let most = |kind: &str, name: &str, field: &str| of_kind(&all, kind, name)["spec"][field].as_u64().unwrap();
    for name in ["postern-worker", "postern-ingress"] {
        assert!(of_kind(&all, "Deployment", name)["spec"]["replicas"].is_null(), "{name}");
    }
    let wanted = most("ScaledObject", "postern-worker", "maxReplicaCount") * OF_WORKER
        + most("HorizontalPodAutoscaler", "postern-ingress", "maxReplicas") * OF_INGRESS
        + most("Deployment", "postern-control", "replicas") * OF_CONTROL;
    let parameters = &of_kind(&all, "Cluster", "postern-db")["spec"]["postgresql"]["parameters"];
    let there: u64 = parameters["max_connections"].as_str().unwrap().parse().unwrap();
    // Some are for the migration, for backups and for a person.
    assert!(wanted + 10 <= there, "{wanted} of {there}");
}

#[test]
fn the_autoscaler_asks_for_metrics_that_are_there() {
    let all = objects(EXAMPLE);
    let triggers = of_kind(&all, "ScaledObject", "postern-worker")["spec"]["triggers"].clone();
    for metric in ["postern_backlog_leads", "postern_oldest_waiting_seconds"] {
        assert!(triggers.to_string().contains(metric) && read("deploy/README.md").contains(&format!("`{metric}`")));
    }
    let outside = &of_kind(&all, "NetworkPolicy", "postern-egress-outside")["spec"];
    assert_eq!(outside["podSelector"]["matchLabels"]["app.kubernetes.io/name"], "postern-worker");
    assert!(outside.to_string().contains("169.254.0.0/16"), "the metadata of the cloud is closed");
}

#[test]
fn every_component_is_valid_by_itself() {
    let root = format!("{}/..", env!("CARGO_MANIFEST_DIR"));
    let program = format!("{}/kubernetes-validate", setting("POSTERN_OPERATIONS_TOOLS"));
    let mut count = 0;
    for entry in std::fs::read_dir(format!("{root}/deploy/kubernetes/components")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let about = read(&format!("deploy/kubernetes/components/{name}/kustomization.yaml"));
        assert!(about.starts_with("# "), "{name} does not say what it is for");
        let folder = tempfile::tempdir().unwrap();
        // Kustomize takes relative paths alone.
        let up = "../".repeat(folder.path().components().count() - 1);
        let here =
            format!("{up}{}/deploy/kubernetes", std::fs::canonicalize(&root).unwrap().display()).replace("//", "/");
        let text = format!("resources: [{here}/base]\ncomponents: [{here}/components/{name}]\n");
        std::fs::write(folder.path().join("kustomization.yaml"), text).unwrap();
        let all = folder.path().join("all.yaml");
        std::fs::write(&all, kustomize(folder.path().to_str().unwrap())).unwrap();
        output(&program, &["--strict", "-k", "1.30.0", all.to_str().unwrap()], "run tests/run, which installs it");
        count += 1;
    }
    assert!(count >= 9, "only {count} components");
}
