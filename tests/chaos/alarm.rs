//! The memory alarm of a RabbitMQ that `deploy/dev` has started.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// RabbitMQ blocks everybody who publishes, or no more. `folder` is that of both servers.
pub fn memory(folder: &Path, on: bool) {
    let ports = fs::read_to_string(folder.join("rabbitmq.ports")).unwrap();
    let epmd = ports.lines().find_map(|line| line.strip_prefix("epmd_port=")).unwrap();
    let mut control = Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl");
    let limit = if on { "0.00001" } else { "0.4" };
    control.args(["--node", "postern@localhost", "set_vm_memory_high_watermark", limit]);
    control.env("HOME", folder.join("rabbitmq")).env("ERL_EPMD_PORT", epmd).stdout(Stdio::null());
    assert!(control.status().unwrap().success(), "rabbitmqctl failed");
}
