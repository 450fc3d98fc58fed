//! Workflows to begin with: what people build most often, complete and without mistakes.

use postern_shared::yaml;

use super::edit;

/// A workflow to begin with.
#[derive(Debug)]
pub struct WorkflowTemplate {
    /// Its name in forms and in the keys of its texts.
    pub key: &'static str,
    text: &'static str,
}

/// All of them, in the order in which they are offered.
pub const TEMPLATES: [WorkflowTemplate; 5] = [
    WorkflowTemplate { key: "web-form", text: include_str!("../../assets/templates/web_form.yaml") },
    WorkflowTemplate { key: "find-or-create", text: include_str!("../../assets/templates/find_or_create.yaml") },
    WorkflowTemplate { key: "ask-and-branch", text: include_str!("../../assets/templates/ask_and_branch.yaml") },
    WorkflowTemplate { key: "remind", text: include_str!("../../assets/templates/remind.yaml") },
    WorkflowTemplate { key: "round-robin", text: include_str!("../../assets/templates/round_robin.yaml") },
];

impl WorkflowTemplate {
    /// The template of a key.
    pub fn find(key: &str) -> Option<&'static Self> {
        TEMPLATES.iter().find(|template| template.key == key)
    }

    /// The text of a workflow with this number and title.
    pub fn text(&self, id: i64, title: &str) -> Option<String> {
        numbered(self.text, id, Some(title))
    }
}

/// The text of a workflow under another number, and with another title if one is given; none = the text is not one
/// workflow. Everything else stays as it is written.
pub fn numbered(text: &str, id: i64, title: Option<&str>) -> Option<String> {
    let mut document = edit::read(text).ok()?;
    document["workflow"] = id.into();
    if let Some(title) = title {
        document["title"] = title.into();
    }
    Some(yaml::edit_lines(text, &document).unwrap_or_else(|| yaml::write(&document)))
}

#[cfg(test)]
mod tests {
    use postern_shared::document::Kind;
    use postern_shared::document::batch::Batch;

    use super::*;

    #[test]
    fn every_template_is_a_workflow_without_mistakes() {
        for template in &TEMPLATES {
            let text = template.text(12, "Заявка: 1").unwrap();
            assert!(text.starts_with("workflow: 12\n") && text.contains("Заявка: 1"), "{text}");
            let mut batch = Batch::default();
            batch.add_yaml("", text.as_bytes());
            assert!(batch.findings.is_empty(), "{}: {:?}", template.key, batch.findings);
            assert_eq!(batch.documents[0].document.kind(), Kind::Workflow);
        }
    }

    #[test]
    fn a_workflow_gets_another_number_and_keeps_its_comments() {
        let text = "# about\nworkflow: 5 # number\nsteps: {}\n";
        assert_eq!(numbered(text, 6, None).as_deref(), Some("# about\nworkflow: 6 # number\nsteps: {}\n"));
        assert_eq!(numbered("- a\n", 6, None), None);
    }
}
