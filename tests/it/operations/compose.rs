//! What `deploy/compose.yaml` gives to Prometheus and Grafana is what they understand, and names what is there.

use serde_json::Value;

use super::output;
use crate::harness::servers::setting;
use crate::tidy::sources::{exists, read};

/// Read by a program that knows anchors.
fn compose() -> Value {
    let python = format!("{}/python", setting("POSTERN_OPERATIONS_TOOLS"));
    let script = "import json, yaml; print(json.dumps(yaml.safe_load(open('deploy/compose.yaml'))))";
    serde_json::from_str(&output(&python, &["-c", script], "run tests/run, which installs it")).unwrap()
}

fn content(name: &str) -> String {
    compose()["configs"][name]["content"].as_str().unwrap_or_else(|| panic!("there is no config {name}")).to_owned()
}

#[test]
fn prometheus_reads_its_configuration_and_asks_the_private_listeners() {
    let config = content("prometheus");
    let file = tempfile::Builder::new().suffix(".yml").tempfile().unwrap();
    std::fs::write(file.path(), &config).unwrap();
    let arguments = ["check", "config", "--syntax-only", file.path().to_str().unwrap()];
    output("promtool", &arguments, "run tests/run, which installs Debian's package prometheus");
    for service in ["ingress", "worker", "control"] {
        let compose = compose();
        let environment = &compose["services"][service]["environment"];
        let (_, port) = environment["POSTERN_PRIVATE_LISTEN"].as_str().unwrap().split_once(':').unwrap();
        assert!(config.contains(&format!("\"{service}:{port}\"")), "{service}");
        assert_eq!(environment["POSTERN_PRIVATE_HOSTS"], service, "Prometheus asks for it by this name");
    }
}

#[test]
fn grafana_finds_its_source_and_its_dashboards() {
    let compose = compose();
    let volumes = compose["services"]["grafana"]["volumes"].to_string();
    let provider = content("grafana_dashboards");
    assert!(volumes.contains("./grafana:/var/lib/grafana/dashboards:ro"), "{volumes}");
    assert!(provider.contains("{path: /var/lib/grafana/dashboards}"), "{provider}");
    assert!(content("grafana_source").contains("http://prometheus:9090"));
    for dashboard in ["leads", "workers", "ingress", "connections"] {
        assert!(exists(&format!("deploy/grafana/{dashboard}.json")), "{dashboard}");
    }
}

#[test]
fn every_image_has_a_version_and_the_programs_no_debug_information() {
    for (name, service) in compose()["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        let is_own = image.starts_with("postern-");
        assert!(
            is_own || image.rsplit_once(':').is_some_and(|(_, tag)| tag.contains(|c: char| c.is_ascii_digit())),
            "{name}"
        );
    }
    let dockerfile = read("deploy/Dockerfile");
    for part in ["strip /programs/*", "org.opencontainers.image.version=", "FROM ${DEBIAN_IMAGE} AS base"] {
        assert!(dockerfile.contains(part), "{part}");
    }
    assert!(dockerfile.contains(&format!("ARG VERSION={}\n", env!("CARGO_PKG_VERSION"))));
}
