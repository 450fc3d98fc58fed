//! A document that is typed as YAML: what the validator says of it, at its lines.

use std::collections::BTreeMap;

use postern_shared::document::Kind;
use postern_shared::document::batch::{Batch, Found};
use postern_shared::finding::{Finding, Located};
use postern_shared::message::{DocumentFault, Language, Message};
use postern_shared::store::documents;

use super::reply::Refusal;
use super::visit::Visit;

/// The fewest lines of the editor.
const MIN_LINES: usize = 20;

/// What stands beside the lines of a text.
#[derive(Debug)]
pub struct Marks {
    /// Line by line, what is wrong there.
    pub faults: Vec<(usize, Vec<String>)>,
    /// The lines, and whether something is wrong there.
    pub lines: Vec<(usize, bool)>,
}

/// The text of the form; browsers send line ends as CR LF.
pub fn typed(visit: &Visit<'_>) -> String {
    visit.form.get("text").replace("\r\n", "\n")
}

/// The one document of a kind that a text must be, held against what is stored.
pub async fn judged(visit: &Visit<'_>, text: &str, kind: Kind) -> Result<Batch, Refusal> {
    let mut batch = read(text, kind);
    batch.agree(Some(&documents::stored(&visit.connection().await?, &batch).await?));
    Ok(batch)
}

/// The same without what is stored.
pub fn read(text: &str, kind: Kind) -> Batch {
    let mut batch = Batch::default();
    batch.add_yaml("", text.as_bytes());
    let others = batch.documents.iter().enumerate().filter(|(at, one)| *at > 0 || one.document.kind() != kind);
    let others: Vec<Located> = others
        .map(|(_, one)| fault(one.line, DocumentFault::PageTakes { kind: Box::new(Message::kind(kind)) }))
        .collect();
    batch.findings.extend(others.into_iter().map(|located| Found { source: String::new(), located }));
    batch
}

/// Where which faults stand, each told once.
pub fn marks(text: &str, faults: impl IntoIterator<Item = Located>, language: Language) -> Marks {
    let mut lines: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for fault in faults {
        let sentence = fault.text(language);
        let said = lines.entry(fault.line).or_default();
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    let count = (text.lines().count() + 1).max(MIN_LINES);
    Marks {
        lines: (1..=count).map(|line| (line, lines.contains_key(&line))).collect(),
        faults: lines.into_iter().collect(),
    }
}

/// Something that is wrong in a line.
pub fn fault(line: usize, message: impl Into<Message>) -> Located {
    Located { line, finding: Finding::new("", message) }
}
