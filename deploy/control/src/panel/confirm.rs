//! The question before something that cannot be undone: its name must be typed.

use askama::Template;

use super::frame::Frame;
use super::reply;

/// The page that asks.
#[derive(Template)]
#[template(path = "delete.html")]
pub struct Delete {
    pub p: Frame,
    /// Where the form goes.
    pub href: String,
    /// Where whoever thinks better of it goes.
    pub back: String,
    /// What must be typed.
    pub key: String,
    /// What it is called; empty = by its key.
    pub title: String,
    /// What becomes of what hangs on it.
    pub help: String,
    /// Whether something else was typed.
    pub is_wrong: bool,
}

impl Delete {
    /// Asks for what stands in a folder of the panel and is called by its key. `place` is the folder, and what names it there.
    pub fn of_folder(p: Frame, place: (&str, &str), key: String, help: &str, is_wrong: bool) -> Self {
        let (folder, name) = place;
        let (href, back) = (reply::path(&[folder, name, "delete"]), format!("/{folder}"));
        Self { href, back, key, title: String::new(), help: p.t(help), is_wrong, p }
    }
}
