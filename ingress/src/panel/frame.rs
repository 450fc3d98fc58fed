//! What stands around every page: navigation, title, search, switches; and the texts in the visitor's language.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::store::runs;

use super::assets;
use super::reply::Refusal;
use super::shown::{self, Moment, Pill};
use super::visit::Visit;
use super::words::{Language, Words};

/// What is counted in the navigation lies at most this far back: what failed earlier was seen or is lost.
const LATELY: Duration = Duration::from_secs(24 * 3600);

/// What a redirect may say was done.
const DONE: [&str; 4] = ["saved", "deleted", "enabled", "disabled"];

/// The part of the navigation that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    None,
    Runs,
    Workflows,
    Triggers,
    Records,
    HttpHandler,
}

/// One line of the navigation.
#[derive(Debug)]
pub struct Link {
    pub href: &'static str,
    pub text: String,
    pub glyph: &'static str,
    pub is_here: bool,
    /// How many things there wait for someone.
    pub count: i64,
}

/// What stands around a page.
#[derive(Debug)]
pub struct Frame {
    words: Arc<Words>,
    language: Language,
    pub theme: &'static str,
    pub csrf: String,
    /// Empty on open pages.
    pub account: String,
    pub links: Vec<Link>,
    /// Where the switches come back to.
    pub back: String,
    /// What the last POST did; empty if nothing is to be said.
    pub done: String,
    pub version: String,
    now: SystemTime,
}

impl Frame {
    /// Around a page of a section.
    pub async fn new(visit: &Visit<'_>, section: Section) -> Self {
        let failed = if visit.account.is_some() { failed(visit).await.unwrap_or(0) } else { 0 };
        let mut frame = Self::without_counts(visit, section);
        if let Some(runs) = frame.links.first_mut() {
            runs.count = failed;
        }
        frame
    }

    /// The same without asking the store.
    pub fn without_counts(visit: &Visit<'_>, section: Section) -> Self {
        let link = |href, key, glyph, of| Link { href, text: visit.t(key), glyph, is_here: of == section, count: 0 };
        let links = vec![
            link("/runs", "runs", "▷", Section::Runs),
            link("/workflows", "workflows", "◇", Section::Workflows),
            link("/triggers", "triggers", "⚡", Section::Triggers),
            link("/records", "records", "▤", Section::Records),
            link("/http-handler", "http-handler", "⇥", Section::HttpHandler),
        ];
        let query = if visit.raw_query.is_empty() { String::new() } else { format!("?{}", visit.raw_query) };
        let done = DONE.iter().find(|done| **done == visit.query.get("done"));
        Self {
            words: Arc::clone(&visit.panel.words),
            language: visit.language,
            theme: visit.theme,
            csrf: visit.csrf(),
            account: visit.account().to_owned(),
            links,
            back: format!("{}{query}", visit.path),
            done: done.map(|done| visit.t(&format!("done-{done}"))).unwrap_or_default(),
            version: assets::version(),
            now: SystemTime::now(),
        }
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        self.words.text(self.language, key, None)
    }

    /// A text that counts something.
    pub fn n(&self, key: &str, n: &i64) -> String {
        self.words.text(self.language, key, Some(*n))
    }

    /// The code of the language.
    pub fn code(&self) -> &'static str {
        self.language.code()
    }

    /// The word for an output. Documents say `then` and `else`, since YAML readers turn yes and no into booleans; a
    /// single way on needs no word.
    pub fn output(&self, output: &str) -> String {
        match output {
            "" | "next" => String::new(),
            output => self.t(&format!("output-{}", output.replace('_', "-"))),
        }
    }

    /// A moment as people read it.
    pub fn moment(&self, at: &SystemTime) -> Moment {
        let (key, n) = shown::ago(self.now, *at);
        Moment { exact: crate::receipts::time(*at), ago: self.words.text(self.language, key, Some(n)) }
    }

    /// A state: never colour alone, so a glyph and a word go with it.
    pub fn pill(&self, state: &str) -> Pill {
        let (class, glyph) = shown::looks(state);
        Pill { class, glyph, text: self.t(&format!("state-{}", state.replace('_', "-"))) }
    }
}

async fn failed(visit: &Visit<'_>) -> Result<i64, Refusal> {
    Ok(runs::failed(&visit.connection().await?, LATELY).await?)
}
