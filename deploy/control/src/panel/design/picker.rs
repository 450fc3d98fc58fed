//! The tasks that a step can be, in groups, each with a line of help.

use postern_shared::spec::Spec;
use postern_shared::spec::texts::Text;
use postern_shared::task;

use super::form::{StepForm, texts_of, words};
use super::synonyms;
use crate::panel::graph::glyph;
use crate::panel::visit::Visit;

/// The groups and their tasks, in the order in which a person looks for them. A task that stands in none is in the last.
const GROUPS: [(&str, &[&str]); 4] = [
    ("records", &["create_record", "find_record", "set_value", "comment", "delete_record"]),
    ("flow", &["condition", "switch", "for_each", "set_env", "delay", "run_workflow", "stop"]),
    ("outside", &["send_mail", "http_request", "respond"]),
    ("other", &[]),
];

/// The choice of a task.
#[derive(Debug)]
pub struct Picker {
    /// The output that the step is added to.
    pub output: String,
    /// Whether it leads somewhere already.
    pub is_taken: bool,
    /// The words that tasks are searched by.
    pub query: String,
    /// The key of the name of each group, and its tasks.
    pub groups: Vec<(String, Vec<Offer>)>,
}

/// A task that is offered.
#[derive(Debug)]
pub struct Offer {
    pub task: &'static str,
    pub glyph: &'static str,
    pub title: &'static str,
    pub help: &'static str,
    /// Other words that it is found by.
    pub words: &'static str,
}

impl Picker {
    /// The tasks that have what the query looks for.
    pub fn of(visit: &Visit<'_>, form: &StepForm, output: &str) -> Self {
        let (query, texts) = (visit.query.get("q").to_lowercase(), texts_of(visit.language));
        let offer = |spec: &'static Spec| {
            let Text { title, help } = words(texts, &spec.text_key());
            Offer {
                task: spec.name,
                glyph: glyph(spec.name),
                title,
                help: first_sentence(help),
                words: synonyms::of(spec.name),
            }
        };
        let fits = |offer: &Offer| {
            let (name, spoken) = (offer.task, offer.task.replace('_', " "));
            let text = format!("{name} {spoken} {} {} {}", offer.words, offer.title, offer.help).to_lowercase();
            let begins = |word: &str| text.split(is_between).any(|one| one.starts_with(word));
            query.split_whitespace().all(begins)
        };
        let groups = GROUPS.iter().map(|(group, _)| {
            let mut tasks: Vec<&'static Spec> =
                task::KINDS.iter().map(|kind| kind.spec).filter(|spec| group_of(spec.name) == *group).collect();
            let order =
                |spec: &&Spec| GROUPS.iter().find_map(|(_, all)| all.iter().position(|name| *name == spec.name));
            tasks.sort_by_key(order);
            (format!("tasks-{group}"), tasks.into_iter().map(&offer).filter(&fits).collect::<Vec<_>>())
        });
        let is_taken = form.outputs.iter().any(|one| one.name == output && !one.targets.is_empty());
        let groups = groups.filter(|(_, tasks)| !tasks.is_empty()).collect();
        Self { output: output.to_owned(), is_taken, query: visit.query.get("q").to_owned(), groups }
    }
}

/// What stands between two words.
fn is_between(c: char) -> bool {
    !(c.is_alphanumeric() || c == '_' || c == '-')
}

fn group_of(task: &str) -> &'static str {
    GROUPS.iter().find(|(_, tasks)| tasks.contains(&task)).map_or("other", |(group, _)| group)
}

fn first_sentence(text: &'static str) -> &'static str {
    text.split_inclusive(". ").next().map_or(text, str::trim_end)
}
