//! The languages of the texts for people.

/// A language of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 2] = [Self::English, Self::Russian];

    /// Its code (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// What stands between words of which one is meant.
    pub(super) const fn or(self) -> &'static str {
        match self {
            Self::English => " or ",
            Self::Russian => " или ",
        }
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first known language of an `Accept-Language` (RFC 9110, 12.5.4); browsers write the wanted one first.
    pub fn accepted(header: &str) -> Self {
        let codes = header.split(',').map(|item| item.trim().split(['-', ';']).next().unwrap_or_default());
        codes.filter_map(|code| Self::of_code(&code.to_ascii_lowercase())).next().unwrap_or(Self::English)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_that_is_accepted_and_known() {
        for (header, expected) in [
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Russian),
            ("de, en;q=0.5, ru;q=0.4", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
