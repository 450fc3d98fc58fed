//! What a text is written for. A value that stands in a URL, in HTML or among mail addresses is written so that it
//! stays a value there, whatever was posted; the filter `safe` opts out.

mod addresses;
mod url;

use super::{EvalError, MAX_VALUE_BYTES};
use crate::message::Message;

pub(super) use url::{goes_on_behind_a_variable, names_its_host};

/// What a text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Context {
    /// Values stand as they are.
    #[default]
    Text,
    /// Values are escaped.
    Html,
    /// Values are percent-encoded by the part of the URL in which they stand.
    Url,
    /// A reference is one mail address, or a part of the name before one.
    Addresses,
}

/// What is known of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It may have been posted.
    Posted,
    /// A filter has escaped it for HTML.
    Markup,
    /// The filter `urlencode` has encoded it.
    Encoded,
    /// The author of the workflow vouches for it: `|safe`.
    Safe,
}

/// A text as it is written.
pub(super) struct Output {
    context: Context,
    text: String,
    url: url::Tracker,
}

impl Output {
    /// An empty text.
    pub(super) fn new(context: Context) -> Self {
        Self { context, text: String::new(), url: url::Tracker::default() }
    }

    /// What the author has written.
    pub(super) fn fixed(&mut self, text: &str) -> Result<(), EvalError> {
        self.text.push_str(text);
        if self.context == Context::Url {
            self.url.follow(&mut self.text);
        }
        self.within_bounds()
    }

    /// Whether names stand in it, before the addresses of mails.
    pub(super) fn takes_names(&self) -> bool {
        self.context == Context::Addresses
    }

    /// A value. `is_name` = among mail addresses it is a part of the name before an address.
    pub(super) fn value(&mut self, value: &str, trust: Trust, is_name: bool) -> Result<(), EvalError> {
        match (self.context, trust) {
            (Context::Text, _) | (_, Trust::Safe) | (Context::Html, Trust::Markup) => return self.fixed(value),
            (Context::Html, _) => escape(&mut self.text, value),
            (Context::Url, _) => self.url.value(&mut self.text, value, trust),
            (Context::Addresses, _) => addresses::write(&mut self.text, value, is_name)?,
        }
        self.within_bounds()
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        if self.context == Context::Url {
            self.url.finish(&mut self.text);
        }
        self.text
    }

    fn within_bounds(&self) -> Result<(), EvalError> {
        if self.text.len() > MAX_VALUE_BYTES {
            return Err(EvalError(Message::TextTooLarge { most: MAX_VALUE_BYTES }));
        }
        Ok(())
    }
}

/// In the text of an element or in a value of an attribute in quotes (HTML, 13.1.2.3).
fn escape(text: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            other => text.push(other),
        }
    }
}
