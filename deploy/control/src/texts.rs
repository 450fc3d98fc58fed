//! Texts for people in one language, by Fluent.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use postern_shared::message::Language;
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue;

/// The texts of a language.
pub struct Texts(FluentBundle<FluentResource>);

impl Texts {
    /// Reads them. What cannot be read is left out; tests of the files see to it that nothing is.
    pub fn new(language: Language, texts: &str) -> Self {
        let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        // The marks of direction around every value would be copied with it.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(FluentResource::try_new(texts.to_owned()).unwrap_or_else(|(read, _)| read));
        Self(bundle)
    }

    /// The text of a key with its arguments. A key that has none stands for itself.
    pub fn text(&self, key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.0.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let arguments: FluentArgs = arguments.iter().map(|(name, value)| (*name, value.clone())).collect();
        self.0.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}
