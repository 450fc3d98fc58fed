//! Titles and helps of what is described, in English and Russian. They are Fluent messages of one line each with the
//! attribute `help`, so that the panel can add the files to its own texts.

/// The texts in English.
pub const EN: &str = include_str!("../../texts/spec.en.ftl");
/// The texts in Russian.
pub const RU: &str = include_str!("../../texts/spec.ru.ftl");

/// A title with its help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// A few words.
    pub title: &'static str,
    /// A sentence or a few.
    pub help: &'static str,
}

/// The text of a key, from [`EN`] or [`RU`].
pub fn find(texts: &'static str, key: &str) -> Option<Text> {
    let mut lines = texts.lines();
    let title = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
    let help = lines.next()?.trim_start().strip_prefix(".help = ")?;
    Some(Text { title, help })
}

/// Every key, in written order.
pub fn keys(texts: &'static str) -> impl Iterator<Item = &'static str> {
    let is_message = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    texts.lines().filter(is_message).filter_map(|line| Some(line.split_once(" = ")?.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::spec::{DOCUMENTS, Setting, described};

    #[test]
    fn every_setting_has_a_title_and_a_help_in_both_languages_and_nothing_else_has() {
        let mut asked: BTreeSet<String> = ["step".to_owned(), "output".to_owned()].into();
        for (prefix, settings) in described() {
            asked.extend(settings.iter().map(|setting: &Setting| setting.text_key(&prefix)));
        }
        asked.extend(DOCUMENTS.iter().map(|spec| spec.text_key()));
        asked.extend(crate::task::KINDS.iter().map(|kind| kind.spec.text_key()));
        for texts in [EN, RU] {
            for key in &asked {
                let text = find(texts, key).unwrap_or_else(|| panic!("{key} has no text"));
                assert!(!text.title.is_empty() && text.help.ends_with('.'), "{key}: {text:?}");
            }
            assert_eq!(keys(texts).map(str::to_owned).collect::<BTreeSet<_>>(), asked);
        }
    }
}
