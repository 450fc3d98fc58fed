//! What stands around every page: navigation, title, search, switches; and the texts in the visitor's language.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use postern_shared::env::Env;
use postern_shared::message::Message;
use postern_shared::store::accounts::Role;
use postern_shared::store::overview::{self, Waiting};
use postern_shared::store::runs::Settled;
use postern_shared::store::{processes, settings};
use postern_shared::submission::Target;

use super::assets;
pub use super::navigation::Section;
use super::navigation::{GROUPS, Group};
use super::reply::Refusal;
use super::route;
use super::shown::{self, Moment, Pill};
use super::tree::Tree;
use super::visit::Visit;
use super::words::{Language, Words};
use crate::operation::find::MAX_CHARS;
use crate::redact::Sight;

/// What a redirect may say was done.
const DONE: [&str; 17] = [
    "saved",
    "deleted",
    "enabled",
    "disabled",
    "replayed",
    "discarded",
    "reread",
    "held",
    "let-go",
    "run-again",
    "job",
    "job-stopped",
    "forgotten",
    "published",
    "draft-discarded",
    "restored",
    "step-removed",
];

/// What changes settings: it is in force when every ingress holds it.
const OF_SETTINGS: [&str; 5] = ["saved", "deleted", "enabled", "disabled", "published"];

/// One line of the navigation, or a tab.
#[derive(Debug)]
pub struct Link {
    pub href: &'static str,
    pub text: String,
    /// Of an SVG; empty for a tab.
    pub icon: &'static str,
    pub is_here: bool,
    /// How many things there wait for someone.
    pub count: i64,
    /// What is counted, in words.
    pub counted: String,
}

/// An ingress that may still answer by older settings.
#[derive(Debug)]
pub struct Behind {
    /// Its host and the address of its listener.
    pub ingress: String,
    /// When it was heard from.
    pub seen: Moment,
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
    /// The pages of the group that this page belongs to; none if it is alone.
    pub tabs: Vec<Link>,
    /// Whether the account may change settings; see [`super::route::Access`].
    pub may_change: bool,
    /// What the account sees of values.
    pub sight: Sight,
    /// Where the switches come back to.
    pub back: String,
    /// What the last POST did; empty if nothing is to be said.
    pub done: String,
    /// The ingresses that do not hold the settings which the last POST changed.
    pub behind: Vec<Behind>,
    pub version: String,
    now: SystemTime,
}

impl Frame {
    /// Around a page of a section.
    pub async fn new(visit: &Visit<'_>, section: Section) -> Self {
        let mut frame = Self::without_counts(visit, section);
        if let Ok(behind) = behind(visit).await
            && !behind.is_empty()
        {
            let told = |one: processes::Behind| Behind { seen: frame.moment(&one.seen_at), ingress: one.name };
            frame.behind = behind.into_iter().map(told).collect();
            frame.done = String::new();
        }
        let Ok(waiting) = waiting(visit).await else { return frame };
        for (href, count, key) in
            [("/runs", waiting.failed, "failed-lately"), ("/dead-letters", waiting.dead, "dead-letters-count")]
        {
            for link in frame.links.iter_mut().chain(&mut frame.tabs).filter(|link| link.href == href) {
                link.count = count;
                link.counted = visit.panel.words.text(visit.language, key, Some(count));
            }
        }
        frame
    }

    /// The same without asking the store.
    pub fn without_counts(visit: &Visit<'_>, section: Section) -> Self {
        let link = |href, key, icon, is_here| Link {
            href,
            text: visit.t(key),
            icon,
            is_here,
            count: 0,
            counted: String::new(),
        };
        let is_of = |group: &Group| group.pages.iter().any(|(of, ..)| *of == section);
        let may_open = |page: &&(Section, &'static str, &'static str)| route::opens(page.1, visit.role);
        let links = GROUPS.iter().filter_map(|group| {
            let page = group.pages.iter().find(may_open);
            page.map(|(_, href, _)| link(*href, group.text, group.icon, is_of(group)))
        });
        let links = links.collect();
        let tabs = GROUPS.iter().filter(|group| is_of(group) && group.pages.len() > 1);
        let tabs = tabs.flat_map(|group| group.pages.iter().filter(may_open));
        let tabs = tabs.map(|(of, href, key)| link(*href, *key, "", *of == section));
        let tabs = tabs.collect();
        let query = if visit.raw_query.is_empty() { String::new() } else { format!("?{}", visit.raw_query) };
        let done = DONE.iter().find(|done| **done == visit.query.get("done"));
        Self {
            words: Arc::clone(&visit.panel.words),
            language: visit.language,
            theme: visit.theme,
            csrf: visit.csrf(),
            account: visit.account().to_owned(),
            links,
            tabs,
            may_change: visit.role >= Some(Role::Editor),
            sight: visit.who().sight(),
            back: format!("{}{query}", visit.path),
            done: done.map(|done| visit.t(&format!("done-{done}"))).unwrap_or_default(),
            behind: Vec::new(),
            version: assets::VERSION.clone(),
            now: SystemTime::now(),
        }
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        self.words.text(self.language, key, None)
    }

    /// The longest text that is looked for, in characters.
    pub fn longest_search(&self) -> usize {
        MAX_CHARS
    }

    /// A text that counts something.
    pub fn n(&self, key: &str, n: &i64) -> String {
        self.words.text(self.language, key, Some(*n))
    }

    /// The parts of a text, and whether each is code: what stands between backticks is.
    pub fn marked<'a>(&self, text: &'a str) -> impl Iterator<Item = (bool, &'a str)> + use<'a> {
        text.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part))
    }

    /// The parts of a name between which a line may break.
    pub fn parts<'a>(&self, name: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        name.split_inclusive(['_', '-', '.'])
    }

    /// The word for a name that the store keeps, such as that of an action; one without a word stands for itself.
    pub fn word(&self, family: &str, name: &str) -> String {
        let key = format!("{family}-{}", name.replace('_', "-"));
        let text = self.t(&key);
        if text == key { name.to_owned() } else { text }
    }

    /// A value that can be chosen for a setting: its word with the value as documents have it, or the value alone.
    pub fn choice(&self, setting: &str, value: &str) -> String {
        let setting = setting.rsplit('.').next().unwrap_or(setting);
        let name = format!("{setting}-{value}");
        let word = self.word("choice", &name);
        if word == name { value.to_owned() } else { format!("{word} ({value})") }
    }

    /// What a step does in one line, with the word for how it ends the run.
    pub fn summary(&self, task: &str, text: &str) -> String {
        let end = text.split(' ').next().filter(|_| task == "stop").unwrap_or_default();
        let name = format!("stop-{end}");
        let word = self.word("choice", &name);
        if word == name { text.to_owned() } else { text.replacen(end, &word, 1) }
    }

    /// A message of a run, a step or a submission, as far as the account may see it.
    pub fn message(&self, message: &Message) -> String {
        self.sight.message(message).text(self.language)
    }

    /// A message that holds no posted value.
    pub fn words_of(&self, message: &Message) -> String {
        message.text(self.language)
    }

    /// Why a failed run needs nobody.
    pub fn settled(&self, settled: &Settled) -> String {
        match settled {
            Settled::Handled(step) => format!("{} {step}", self.t("handled-by")),
            Settled::Dismissed(account) => format!("{} {account}", self.t("dismissed-by")),
        }
    }

    /// A length of time in the unit that reads best.
    pub fn length(&self, length: Duration) -> String {
        shown::length(length, self.language)
    }

    /// The code of the language.
    pub fn code(&self) -> &'static str {
        self.language.code()
    }

    /// The word for an output. Documents say `then` and `else`, since YAML readers turn yes and no into booleans; a
    /// single way on needs no word. The output of a case is shown as it stands.
    pub fn output(&self, output: &str) -> String {
        match output {
            "" | "next" => String::new(),
            case if case.starts_with('=') => case.to_owned(),
            output => self.t(&format!("output-{}", output.replace('_', "-"))),
        }
    }

    /// What a submission is to run.
    pub fn target(&self, target: &Target) -> String {
        match target {
            Target::Workflow(id) => format!("{} #{id}", self.t("workflow")),
            Target::Trigger(key) => format!("{} {key}", self.t("trigger")),
        }
    }

    /// Variables that were posted, as a tree.
    pub fn values(&self, env: &Env) -> Tree {
        Tree::of(&self.sight.posted(env))
    }

    /// A moment as people read it.
    pub fn moment(&self, at: &SystemTime) -> Moment {
        let (key, n) = shown::ago(self.now, *at);
        Moment { exact: postern_shared::clock::time(*at), ago: self.words.text(self.language, key, Some(n)) }
    }

    /// A state: never colour alone, so a glyph and a word go with it.
    pub fn pill(&self, state: &str) -> Pill {
        let (class, glyph) = shown::looks(state);
        Pill { class, glyph, text: self.t(&format!("state-{}", state.replace('_', "-"))) }
    }
}

/// Those that do not hold the settings yet, if the last POST changed some.
async fn behind(visit: &Visit<'_>) -> Result<Vec<processes::Behind>, Refusal> {
    if visit.role.is_none() || !OF_SETTINGS.contains(&visit.query.get("done")) {
        return Ok(Vec::new());
    }
    let connection = visit.connection().await?;
    let version = settings::version(&connection).await?;
    Ok(processes::behind(&connection, version).await?)
}

async fn waiting(visit: &Visit<'_>) -> Result<Waiting, Refusal> {
    if visit.role.is_none() {
        return Ok(Waiting::default());
    }
    Ok(overview::waiting(&visit.connection().await?).await?)
}
