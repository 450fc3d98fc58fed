//! A person who uses a page by the keyboard alone.

use super::driver::Browser;
use super::keyboard::ENTER;
use crate::harness::eventually;

const TAB: &str = "\u{E004}";

/// How many elements may lie before a field.
const MAX_STOPS: usize = 60;

/// A person at the keyboard.
pub struct Person<'b> {
    pub browser: &'b Browser,
    /// What it has done so far.
    pub actions: Vec<String>,
}

impl<'b> Person<'b> {
    /// One who has done nothing yet.
    pub fn at(browser: &'b Browser) -> Self {
        Self { browser, actions: Vec::new() }
    }

    /// Presses a key and waits for the page that it leads to.
    pub async fn key(&mut self, key: &str, place: &str) {
        self.actions.push(format!("key {key:?}"));
        self.browser.run("window.isOld = true").await;
        self.browser.keys(key).await;
        eventually(&format!("{key:?} leads to {place}, after {:#?}", self.actions), async || {
            let is_new = self.browser.run("return window.isOld !== true && document.readyState === 'complete'").await;
            (is_new == true && self.browser.place().await.contains(place)).then_some(())
        })
        .await;
        self.browser.takes_keys().await;
    }

    /// Looks for a task in the picker and takes the first that fits.
    pub async fn add(&mut self, task: &str, place: &str) {
        self.key("a", "add=").await;
        self.actions.push(format!("types {task:?}"));
        self.browser.keys(task).await;
        self.key(ENTER, place).await;
    }

    /// Goes to a field by the tab key.
    pub async fn goes_to(&self, css: &str) {
        for _ in 0..MAX_STOPS {
            if self.browser.run(&format!("return document.activeElement.matches(`{css}`)")).await == true {
                return;
            }
            self.browser.keys(TAB).await;
        }
        panic!("no tab leads to {css}: {}", self.browser.run("return document.activeElement.outerHTML").await);
    }

    /// Types into a field; what stood in it goes.
    pub async fn types(&mut self, css: &str, text: &str) {
        self.goes_to(css).await;
        self.actions.push(format!("types {text:?} into {css}"));
        self.browser.run("document.activeElement.select?.()").await;
        self.browser.keys(text).await;
    }

    /// Keeps the step by Enter on its button.
    pub async fn keeps(&mut self) {
        self.goes_to(".step-form button.primary").await;
        self.key(ENTER, "step=").await;
    }
}
