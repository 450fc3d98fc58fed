//! What a permission says that can be read but never does what is meant. Found when a document is checked, not when a stored
//! one is read: that one lets its callers in as it did.

use serde_json::Value;

use super::Permission;
use super::field_path::FieldPath;
use crate::finding::Finding;
use crate::message::PermissionFault;

/// The one name that is posted to a permission with `raw`.
const RAW: &str = "body";

/// What is wrong with a permission and its document.
pub fn findings(permission: &Permission, document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    // With `query_values: env` the names of the query can be compared.
    if permission.raw && !permission.query_is_env {
        let never = permission.dedupe_by.iter().filter(|path| path.to_string() != RAW);
        findings.extend(never.map(|path| {
            Finding::new("dedupe_by", PermissionFault::RawField { field: format!("{:?}", path.to_string()) })
        }));
    }
    if permission.raw && permission.ping.is_some() {
        findings.push(Finding::new("ping", PermissionFault::RawPing));
    }
    if document["signature"]["preset"] == "meta" {
        let of_page = permission.dedupe_by.iter().find(|path| is_of_page(path));
        findings.extend(of_page.map(|_| Finding::new("dedupe_by", PermissionFault::FieldOfPage)));
    }
    findings
}

/// Whether a path leads to what Meta posts with every lead of a page: the number of the page.
fn is_of_page(path: &FieldPath) -> bool {
    ["entry.0.id", "entry[0][id]", "entry[0].id", "object"].contains(&path.to_string().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(settings: Value) -> Vec<String> {
        let mut document = json!({"permission": "p", "addresses": "10.0.0.1", "triggers": ["t"]});
        document.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let permission = Permission::from_document(&document).unwrap();
        findings(&permission, &document).iter().map(|finding| finding.path.clone()).collect()
    }

    #[test]
    fn what_never_matches_a_raw_body_is_found() {
        for (settings, expected) in [
            (json!({"raw": true, "dedupe_by": ["lead_id"]}), vec!["dedupe_by"]),
            (json!({"raw": true, "dedupe_by": ["body.id", "body"]}), vec!["dedupe_by"]),
            (json!({"raw": true, "dedupe_by": "body"}), vec![]),
            (json!({"raw": true, "dedupe_by": "id", "query_values": "env"}), vec![]),
            (json!({"raw": true, "ping": "test=test"}), vec!["ping"]),
            (json!({"raw": false, "ping": "test=test", "dedupe_by": "lead_id"}), vec![]),
        ] {
            assert_eq!(found(settings.clone()), expected, "{settings}");
        }
    }

    #[test]
    fn the_number_of_a_page_tells_no_leads_apart() {
        let meta = |path: &str| json!({"signature": {"preset": "meta", "secret": "$secret[\"m\"]"}, "dedupe_by": path});
        for (path, expected) in [
            ("entry.0.id", vec!["dedupe_by"]),
            ("entry[0].id", vec!["dedupe_by"]),
            ("entry.0.changes.0.value.leadgen_id", vec![]),
            ("entry[0].changes[0].value.leadgen_id", vec![]),
        ] {
            assert_eq!(found(meta(path)), expected, "{path}");
        }
        assert!(found(json!({"dedupe_by": "entry.0.id"})).is_empty());
    }
}
