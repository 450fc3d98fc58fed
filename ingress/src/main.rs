//! Parses the settings, runs the service, reports why it stopped.

fn main() {}
