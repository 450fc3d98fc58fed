//! The question before something that cannot be undone: its name must be typed.

use askama::Template;

use super::frame::Frame;

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
