//! What real callers send: each row of the list of callers by its name, with more inputs of the same kind. Rules that need
//! no process are tabled beside the code.

mod batches;
mod bodies;
mod in_force;
mod installed;
mod origins;
mod pairs;
mod permissions;
mod platforms;
mod proof;
pub mod ready_made;
mod refusals;
mod requests;
mod signing;

/// The permission of the list, and its workflow, which keeps `$env` in a record.
const SETTINGS: &str = "
permission: p
title: P
addresses: 127.0.0.1
workflows: [900]
---
workflow: 900
start: {without_record: true, next: keep}
steps:
  keep: {create_record: Leads, fields: {lead: '$env[\"lastname\"]', tag: '$query[\"utm_term\"]'}}
";
