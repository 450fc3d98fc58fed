//! The designer: edits of a workflow's text as a person makes them on the graph. All of it is pure; the document stays
//! the only truth, and an edit changes only the lines that it must.

mod change;
pub mod condition;
pub mod edit;
pub mod fields;
pub mod from_call;
pub mod name;
pub mod outputs;
pub mod settings;
pub mod sketch;
pub mod templates;
#[cfg(test)]
mod tests;

pub use sketch::Sketch;

/// The text of a new workflow, before a person has drawn anything. `title` is in the language of the person.
pub fn new_text(id: i64, title: &str) -> String {
    let document = serde_json::json!({
        "workflow": id, "title": title, "active": true,
        "start": {"triggers": [], "without_record": true}, "steps": {},
    });
    postern_shared::yaml::write(&document)
}
