//! The texts of the panel in its languages, by Fluent. Every text stands in `assets/*.ftl` and nowhere else.

use crate::texts::{FluentValue, Texts};

pub use postern_shared::message::Language;

/// All texts.
#[derive(Debug)]
pub struct Words {
    english: Texts,
    russian: Texts,
}

impl Words {
    pub fn new() -> Self {
        Self {
            english: Texts::new(Language::English, include_str!("../../assets/en.ftl")),
            russian: Texts::new(Language::Russian, include_str!("../../assets/ru.ftl")),
        }
    }

    /// The text of a key, with its `$n` if it counts something. A key that has none stands for itself.
    pub fn text(&self, language: Language, key: &str, n: Option<i64>) -> String {
        let texts = match language {
            Language::English => &self.english,
            Language::Russian => &self.russian,
        };
        texts.text(key, n.map(|n| ("n", FluentValue::from(n))).as_slice())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use fluent_bundle::FluentResource;
    use postern_shared::store::runs;
    use postern_shared::task;

    use super::*;

    /// Where pages ask for their texts.
    const FOLDERS: [&str; 5] = ["templates", "templates/parts", "src/panel", "src/panel/design", "src/panel/graph"];

    fn keys(text: &str) -> BTreeSet<&str> {
        text.lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
            .filter_map(|l| l.split(' ').next())
            .collect()
    }

    #[test]
    fn both_languages_have_all_texts_and_can_be_read() {
        let (english, russian) = (include_str!("../../assets/en.ftl"), include_str!("../../assets/ru.ftl"));
        assert_eq!(keys(english), keys(russian));
        assert!(keys(english).len() > 100);
        for text in [english, russian] {
            FluentResource::try_new(text.to_owned()).map_err(|(_, faults)| faults).unwrap();
        }
        let words = Words::new();
        for (language, n, expected) in [
            (Language::English, 1, "1 address"),
            (Language::English, 256, "256 addresses"),
            (Language::Russian, 1, "1 адрес"),
            (Language::Russian, 2, "2 адреса"),
            (Language::Russian, 256, "256 адресов"),
        ] {
            assert_eq!(words.text(language, "addresses-count", Some(n)), expected);
        }
    }

    #[test]
    fn every_text_that_a_page_asks_for_is_there() {
        let known = keys(include_str!("../../assets/en.ftl"));
        let mut asked = 0;
        for folder in FOLDERS {
            for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
                let path = file.unwrap().path();
                let Ok(text) = fs::read_to_string(&path) else { continue };
                for call in [".t(\"", ".n(\""] {
                    for key in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                        assert!(known.contains(key), "{} asks for {key}", path.display());
                        asked += 1;
                    }
                }
            }
        }
        assert!(asked > 100, "only {asked} texts were found");
    }

    /// Families of texts whose members the store, a form or the URL names.
    const FAMILIES: [&str; 27] = [
        "channel-",
        "cause-",
        "state-",
        "output-",
        "action-",
        "kind-",
        "refused-",
        "done-",
        "first-",
        "last-",
        "ago-",
        "theme-",
        "role-",
        "refusal-",
        "effect-",
        "obstacle-",
        "job-",
        "search-",
        "platform-",
        "place-",
        "tasks-",
        "draft-refused-",
        "references-",
        "operator-",
        "comparison-",
        "template-",
        "choice-",
    ];

    /// Of entries of the audit log that older versions wrote.
    const OLD: [&str; 1] = ["action-reader"];

    /// What stands between quotes in the files of a folder and of the folders in it.
    fn quoted(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                quoted(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(text.split(['"', '\'']).filter(|part| part.len() < 60).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_text_is_asked_for() {
        let mut asked = BTreeSet::new();
        for folder in ["templates", "src", "../../shared/src", "../../worker/src"] {
            quoted(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut asked);
        }
        let is_named = |word: &str| asked.contains(word) || asked.contains(&word.replace('-', "_"));
        for key in keys(include_str!("../../assets/en.ftl")) {
            let member = FAMILIES.iter().find_map(|family| key.strip_prefix(family)).unwrap_or_default();
            let member = member.strip_prefix("help-").unwrap_or(member);
            // A platform and one of its fields.
            let parts = member.match_indices('-').any(|(at, _)| is_named(&member[..at]) && is_named(&member[at + 1..]));
            let is_asked = |key: &str| asked.contains(key) || !member.is_empty() && is_named(key);
            let is_help = |key: &str| key.strip_suffix("-help").is_some_and(is_asked);
            let is_used = is_asked(key) || is_asked(member) || is_help(key) || is_help(member) || parts;
            assert!(is_used || OLD.contains(&key), "nothing asks for {key}");
        }
    }

    #[test]
    fn no_text_is_the_same_in_both_languages() {
        let of = |text: &'static str| text.lines().filter_map(|line| line.split_once(" = "));
        let russian: BTreeMap<&str, &str> = of(include_str!("../../assets/ru.ftl")).collect();
        for (key, text) in of(include_str!("../../assets/en.ftl")) {
            // Platforms call their fields in English everywhere, and themselves.
            let may_be = key.starts_with("platform-")
                || key == "system-vtiger"
                || !text.contains(char::is_alphabetic)
                || text == "{ $n ->";
            assert!(may_be || russian[key] != text, "{key} has no text of its own in Russian: {text}");
        }
    }

    #[test]
    fn every_state_and_every_output_has_a_word() {
        let known = keys(include_str!("../../assets/en.ftl"));
        let states = runs::State::ALL.iter().map(|(_, word)| format!("state-{word}"));
        let outputs = task::KINDS.iter().flat_map(|kind| kind.spec.outputs).filter(|output| **output != "next");
        for key in states.chain(outputs.map(|output| format!("output-{output}"))) {
            assert!(known.contains(key.replace('_', "-").as_str()), "{key}");
        }
    }
}
