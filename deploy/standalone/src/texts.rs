//! The texts for people in the language of the locale, by Fluent. Results for programs have none of them.

use std::sync::LazyLock;

use postern_control::texts::{FluentValue, Texts};
use postern_shared::document::Kind;
use postern_shared::message::{Language, Message};

use crate::options::locale::language;

const ENGLISH: &str = include_str!("../texts/en.ftl");
const RUSSIAN: &str = include_str!("../texts/ru.ftl");

/// The texts are read once; a process has one locale.
static TEXTS: LazyLock<Texts> = LazyLock::new(|| of(language()));

/// The text of a key with its arguments, such as `tell!("status-failed", n = count)`.
macro_rules! tell {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::texts::text($key, &[$((stringify!($name), postern_control::texts::FluentValue::from($value))),*])
    };
}
pub(crate) use tell;

/// The text of a key with its arguments. A key that has none stands for itself.
pub fn text(key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
    TEXTS.text(key, arguments)
}

/// The word for a kind of document.
pub fn kind(kind: Kind) -> String {
    Message::kind(kind).text(language())
}

fn of(language: Language) -> Texts {
    let texts = match language {
        Language::English => ENGLISH,
        Language::Russian => RUSSIAN,
    };
    Texts::new(language, texts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use fluent_bundle::FluentResource;

    use super::*;

    fn keys(text: &str) -> BTreeSet<&str> {
        let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
        text.lines().filter(is_key).filter_map(|line| line.split(' ').next()).collect()
    }

    #[test]
    fn both_languages_have_all_texts_and_count_as_people_do() {
        assert_eq!(keys(ENGLISH), keys(RUSSIAN));
        for text in [ENGLISH, RUSSIAN] {
            FluentResource::try_new(text.to_owned()).map_err(|(_, faults)| faults).unwrap();
        }
        for (language, n, expected) in [
            (Language::English, 1, "1 run has failed"),
            (Language::English, 5_000, "5000 runs have failed"),
            (Language::Russian, 1, "1 запуск закончился ошибкой"),
            (Language::Russian, 3, "3 запуска закончились ошибкой"),
            (Language::Russian, 11, "11 запусков закончились ошибкой"),
        ] {
            assert_eq!(of(language).text("status-failed", &[("n", FluentValue::from(n))]), expected);
        }
    }

    #[test]
    fn every_text_that_a_command_asks_for_is_there_and_no_other() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut asked = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            let paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
            folders.extend(paths.iter().filter(|path| path.is_dir()).cloned());
            for text in
                paths.iter().filter(|path| !path.ends_with("texts.rs")).filter_map(|path| fs::read_to_string(path).ok())
            {
                let calls = text.split("tell!(").skip(1).map(str::trim_start);
                let keys = calls.filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
                asked.extend(keys.map(str::to_owned));
            }
        }
        let known: BTreeSet<String> = keys(ENGLISH).into_iter().map(str::to_owned).collect();
        assert_eq!(asked, known);
    }
}
