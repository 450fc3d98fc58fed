//! Why a text is no YAML, in words that say what to write: a parser names the token at which it stopped, which explains
//! little to a person who wrote an unquoted text. An error can be reported one line late.

use super::indentation::{self, Culprit};
use super::read::{fault, not_yaml};
use crate::finding::Located;
use crate::message::{DocumentFault, Message};

/// What is wrong with a line, if it is this.
type Hint = fn(&str) -> Option<DocumentFault>;

/// Only where a map cannot go on: a text of several lines may hold such a line as well.
const HOLDS_COLON: Hint = holds_colon;

/// The finding of a parser with what is probably meant.
pub(super) fn with_hint(text: &str, located: Located) -> Located {
    let Message::Document(found) = &located.finding.message else { return located };
    if !matches!(**found, DocumentFault::NotYaml { .. } | DocumentFault::KeyNoText) {
        return located;
    }
    let near = [located.line, located.line.saturating_sub(1)];
    let lines = near.into_iter().filter_map(|number| Some((number, text.lines().nth(number.checked_sub(1)?)?)));
    let lines: Vec<(usize, &str)> = lines.collect();
    let hints: [Hint; 4] = [
        |line| has_bare_braces(line).then_some(DocumentFault::YamlBraces),
        |line| has_bare_reference(line).then_some(DocumentFault::YamlReference),
        goes_on_behind_quote,
        begins_with_sign,
    ];
    let culprit = |hint: &Hint| lines.iter().find_map(|(number, line)| hint(line).map(|found| fault(*number, found)));
    if let Some(found) = hints.iter().find_map(culprit) {
        return found;
    }
    if let Some(found) = Some(&HOLDS_COLON).filter(|_| may_be_indentation(&located)).and_then(culprit) {
        return found;
    }
    match indentation::culprit(text, located.line) {
        Some(Culprit { line, fault: culprit }) if may_be_indentation(&located) => fault(line, not_yaml(culprit.into())),
        _ => located,
    }
}

/// Whether the parser stopped where a map or a list could not go on.
fn may_be_indentation(located: &Located) -> bool {
    let reasons = ["expected key", "mapping values", "expected '-'", "<document start>", "tab", "simple key"];
    let Message::Document(fault) = &located.finding.message else { return false };
    let DocumentFault::NotYaml { message } = &**fault else { return false };
    let message = message.to_string();
    reasons.iter().any(|reason| message.contains(reason))
}

/// What stands behind `key: ` or `- ` on a line, unless that is a map or a list in brackets, or a text of several lines.
fn value(line: &str) -> Option<&str> {
    let mut rest = line.trim();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let value = match rest.split_once(": ") {
        Some((key, value)) if !key.contains(['"', '\'', '$', '{', '[']) => value.trim_start(),
        _ if rest.len() < line.trim().len() => rest,
        _ => return None,
    };
    (!value.is_empty()).then_some(value)
}

/// `"web" in $env["tags"]` and `'it's'`: a text in quotes ends at the second quote.
fn goes_on_behind_quote(line: &str) -> Option<DocumentFault> {
    let value = value(line)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (mut at, bytes) = (1, value.as_bytes());
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == '"' => at += 1,
            b'\'' if quote == '\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if char::from(byte) == quote => {
                let behind = value[at + 1..].trim_start();
                let goes_on = !behind.is_empty() && !behind.starts_with(['#', ',', ']', '}', ':']);
                return goes_on.then_some(DocumentFault::YamlBehindQuote);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// `{% if … %}`, `@home`, `%d`: YAML keeps these signs for itself.
fn begins_with_sign(line: &str) -> Option<DocumentFault> {
    let value = value(line)?;
    let sign = ["{%", "@", "%", "`"].into_iter().find(|sign| value.starts_with(sign))?;
    Some(DocumentFault::YamlSign { sign: sign.to_owned() })
}

/// `message: Error: x`, and `$(id: (Leads) visits)`: YAML reads the colon as that of another key.
fn holds_colon(line: &str) -> Option<DocumentFault> {
    let value = value(line)?;
    let is_plain = !value.starts_with(['"', '\'', '{', '[', '|', '>', '#']);
    let text = value.split(" #").next().unwrap_or_default();
    (is_plain && (text.contains(": ") || text.ends_with(':'))).then_some(DocumentFault::YamlColon)
}

/// Whether a value on this line begins with `{{` outside single quotes.
fn has_bare_braces(line: &str) -> bool {
    ["{{", "\"{{"].iter().any(|braces| {
        line.match_indices(braces).any(|(at, _)| {
            let before = line[..at].trim_end();
            before.ends_with([':', '-', '[', ',']) && !before.contains('\'')
        })
    })
}

/// Whether a reference such as `$env["name"]` stands on this line inside of a map or a list in brackets, without quotes.
fn has_bare_reference(line: &str) -> bool {
    let (mut open, mut quote) = (0_u32, None);
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(closing), c) if c == closing => quote = None,
            (Some(_), _) => {}
            (None, '$') => {
                let name = line[at + 1..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
                if open > 0 && name.starts_with('[') {
                    return true;
                }
            }
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => open += 1,
            (None, '}' | ']') => open = open.saturating_sub(1),
            (None, _) => {}
        }
    }
    false
}
