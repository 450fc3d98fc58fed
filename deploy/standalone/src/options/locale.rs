//! The language in which this process speaks to people.

use postern_shared::message::Language;

/// The language of the locale (POSIX, 8.2). Results for programs name codes, which are the same in each language.
#[expect(clippy::disallowed_methods, reason = "options read the environment")]
pub fn language() -> Language {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set).unwrap_or_default();
    let code = locale.split(['_', '.', '@']).next().unwrap_or_default();
    Language::of_code(code).unwrap_or(Language::English)
}
