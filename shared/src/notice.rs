//! Notices: what people without a monitoring are told by mail or by a webhook. A cause is told once when it begins, and
//! once when it is over.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::expression::is_email;
use crate::id::ConnectionName;
use crate::message::Language;

/// The most addresses that get mails.
pub const MAX_ADDRESSES: usize = 20;

/// The longest silence that can be waited for, in hours: a month.
pub const MAX_SILENT_HOURS: u32 = 744;

/// Whom to tell of what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// The addresses that get mails.
    pub mail: Vec<String>,
    /// The connection to the mail server; none = that of the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionName>,
    /// The address that gets a POST with JSON; empty = none.
    pub webhook: String,
    /// What is told.
    pub causes: Vec<Cause>,
    /// After how many hours without a submission leads have stopped.
    pub silent_hours: u32,
    /// The code of the language.
    pub language: String,
    /// Where the control panel is reached; empty = no links.
    pub panel: String,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No submission came for the hours of the settings.
    Silent,
    /// Runs failed in the last hour.
    Failed,
    /// Runs wait for the decision of a person.
    Undecided,
    /// Messages could not be run at all.
    DeadLetters,
    /// Submissions of the last hour started nothing.
    Unmatched,
}

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A mail to all addresses.
    Mail,
    /// A POST to one address.
    Webhook,
}

/// What is wrong with settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A text that is no mail address, or too many of them.
    Mail,
    /// The address of the webhook or of the panel is none.
    Address,
    /// The number of hours.
    Hours,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 5] = [Self::Silent, Self::Failed, Self::Undecided, Self::DeadLetters, Self::Unmatched];

    /// The word that the store and forms use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Failed => "failed",
            Self::Undecided => "undecided",
            Self::DeadLetters => "dead_letters",
            Self::Unmatched => "unmatched",
        }
    }

    /// The cause of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    /// The page of the panel that shows it.
    pub const fn page(self) -> &'static str {
        match self {
            Self::Silent => "/",
            // Not those of the last hour: a list goes by when the submissions came.
            Self::Failed => "/runs?state=failed",
            Self::Undecided => "/runs?state=needs_attention",
            Self::DeadLetters => "/dead-letters",
            Self::Unmatched => "/unmatched",
        }
    }

    /// The line that tells it, with how much of it there is.
    pub fn begun(self, count: i64, language: Language) -> String {
        match (self, language) {
            (Self::Silent, Language::English) => format!("No lead came for {count} h"),
            (Self::Silent, Language::Russian) => format!("Лидов не было {count} ч"),
            (Self::Failed, Language::English) => format!("Runs failed in the last hour: {count}"),
            (Self::Failed, Language::Russian) => format!("Запуски с ошибкой за последний час: {count}"),
            (Self::Undecided, Language::English) => format!("Runs wait for a decision: {count}"),
            (Self::Undecided, Language::Russian) => format!("Запуски ждут решения: {count}"),
            (Self::DeadLetters, Language::English) => format!("Dead letters: {count}"),
            (Self::DeadLetters, Language::Russian) => format!("Недоставленные сообщения: {count}"),
            (Self::Unmatched, Language::English) => format!("Submissions started nothing in the last hour: {count}"),
            (Self::Unmatched, Language::Russian) => format!("Заявки, которые ничего не запустили, за час: {count}"),
        }
    }

    /// The line that tells that it is over.
    pub const fn ended(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Silent, Language::English) => "Leads come again",
            (Self::Silent, Language::Russian) => "Лиды снова приходят",
            (Self::Failed, Language::English) => "No run failed in the last hour",
            (Self::Failed, Language::Russian) => "За последний час запусков с ошибкой не было",
            (Self::Undecided, Language::English) => "No run waits for a decision",
            (Self::Undecided, Language::Russian) => "Запусков, которые ждут решения, больше нет",
            (Self::DeadLetters, Language::English) => "There are no dead letters",
            (Self::DeadLetters, Language::Russian) => "Недоставленных сообщений больше нет",
            (Self::Unmatched, Language::English) => "In the last hour every submission started something",
            (Self::Unmatched, Language::Russian) => "За последний час каждая заявка что-то запустила",
        }
    }
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    /// The word that the store uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

impl Settings {
    /// The channels that are set up.
    pub fn channels(&self) -> Vec<Channel> {
        let has = |channel: &Channel| match channel {
            Channel::Mail => !self.mail.is_empty(),
            Channel::Webhook => !self.webhook.is_empty(),
        };
        Channel::ALL.into_iter().filter(has).collect()
    }

    /// What is wrong with them, if anything is.
    pub fn wrong(&self) -> Option<Wrong> {
        let is_address = |text: &str| text.starts_with("https://") || text.starts_with("http://");
        let is_bad = |text: &str| !text.is_empty() && !is_address(text);
        match () {
            () if self.mail.len() > MAX_ADDRESSES || !self.mail.iter().all(|one| is_email(one)) => Some(Wrong::Mail),
            () if is_bad(&self.webhook) || is_bad(&self.panel) => Some(Wrong::Address),
            () if self.causes.contains(&Cause::Silent) && !(1..=MAX_SILENT_HOURS).contains(&self.silent_hours) => {
                Some(Wrong::Hours)
            }
            () => None,
        }
    }

    /// The settings, with the origin of the webhook alone: whoever knows its path may post.
    pub fn without_credentials(&self) -> Self {
        let origin = |url: Url| url.origin().ascii_serialization();
        Self { webhook: Url::parse(&self.webhook).map(origin).unwrap_or_default(), ..self.clone() }
    }

    /// The language of the notices.
    pub fn language(&self) -> Language {
        Language::of_code(&self.language).unwrap_or(Language::English)
    }

    /// The whole address of a page of the panel; none = it is not known.
    pub fn link(&self, page: &str) -> Option<String> {
        (!self.panel.is_empty()).then(|| format!("{}{page}", self.panel.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_settings_are_told_apart() {
        let right = Settings { mail: vec!["a@example.org".to_owned()], silent_hours: 8, ..Settings::default() };
        assert_eq!((right.wrong(), right.channels()), (None, vec![Channel::Mail]));
        let silent = vec![Cause::Silent];
        for (settings, wrong) in [
            (Settings { mail: vec!["nobody".to_owned()], ..right.clone() }, Wrong::Mail),
            (Settings { webhook: "hooks.example.org".to_owned(), ..right.clone() }, Wrong::Address),
            (Settings { causes: silent, silent_hours: 0, ..right.clone() }, Wrong::Hours),
        ] {
            assert_eq!(settings.wrong(), Some(wrong), "{settings:?}");
        }
    }

    #[test]
    fn an_address_that_lets_whoever_knows_it_post_is_cut_to_its_origin() {
        for (webhook, origin) in [
            ("https://hooks.example.org/services/T0/secret?key=secret", "https://hooks.example.org"),
            ("http://user:secret@127.0.0.1:8080#secret", "http://127.0.0.1:8080"),
            ("https://no address/secret", ""),
            ("", ""),
        ] {
            let settings = Settings { webhook: webhook.to_owned(), silent_hours: 8, ..Settings::default() };
            let expected = Settings { webhook: origin.to_owned(), ..settings.clone() };
            assert_eq!(settings.without_credentials(), expected, "{webhook}");
        }
    }

    #[test]
    fn every_word_is_read_again_and_links_lead_to_the_panel() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_word(cause.word()), Some(cause));
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.word());
            assert_ne!(cause.ended(Language::English), cause.ended(Language::Russian));
        }
        let settings = Settings { panel: "https://panel.example.org/".to_owned(), ..Settings::default() };
        assert_eq!(settings.link("/unmatched").as_deref(), Some("https://panel.example.org/unmatched"));
        assert_eq!(Settings::default().link("/"), None);
    }
}
