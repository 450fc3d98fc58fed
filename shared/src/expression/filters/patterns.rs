//! Regular expressions: `regex_match`, `regex_search`, `regex_replace`. Their engine takes no more steps than the product
//! of the pattern's and the text's length, which is paid for before it begins, and a pattern stays small when compiled.

use std::fmt::Display;
use std::sync::{Arc, Mutex};

use minijinja::{Environment, Error, State, Value};
use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

use super::{failed, text};
use crate::expression::MAX_VALUE_BYTES;
use crate::message::{CalculationFault, Message};

/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1_000;
/// Memory of a compiled pattern, and of what it caches while it runs.
const MAX_COMPILED_BYTES: usize = 512 * 1024;
/// The most places at which a pattern can stand: `a{1000}` has a thousand.
const MAX_PLACES: u64 = 5_000;
/// Places of a class of characters: the bytes of one.
const PLACES_OF_CLASS: u64 = 4;
/// The most ranges of characters that are compiled: `\w` has some 700, and each repetition has them anew.
const MAX_RANGES: u64 = 20_000;
/// Steps of the engine for one step of an evaluation.
const STEPS_OF_FUEL: u64 = 100;
/// What compiling a pattern costs for each of its places.
const FUEL_OF_PLACE: u64 = 10;
/// Bytes that the search for the next match reads for one step.
const BYTES_OF_SEARCH: u64 = 4096;
/// Compiled patterns that are kept.
const KEPT: usize = 64;

/// A compiled pattern and what running it costs for each byte of a text.
#[derive(Debug)]
struct Pattern {
    regex: Regex,
    places: u64,
}

pub(super) fn add(environment: &mut Environment<'static>) {
    let patterns = Arc::new(Patterns::default());
    let of = Arc::clone(&patterns);
    environment.add_filter("regex_match", move |state: &State, value: &Value, pattern: &str| {
        let Some(text) = text(state, value)? else { return Ok(false) };
        let pattern = of.get(state, pattern, text.len())?;
        Ok::<_, Error>(pattern.regex.is_match(&text))
    });
    let of = Arc::clone(&patterns);
    environment.add_filter("regex_search", move |state: &State, value: &Value, pattern: &str| {
        let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
        let pattern = of.get(state, pattern, text.len())?;
        let found = pattern.regex.captures(&text).and_then(|groups| groups.get(1).or_else(|| groups.get(0)));
        Ok::<_, Error>(found.map_or(Value::UNDEFINED, |found| Value::from(found.as_str())))
    });
    environment.add_filter("regex_replace", move |state: &State, value: &Value, pattern: &str, by: &str| {
        let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
        let pattern = patterns.get(state, pattern, text.len())?;
        replaced(state, &pattern.regex, &text, by).map(Value::from)
    });
}

/// The text in which each match is replaced; `$1` and `${name}` are groups.
fn replaced(state: &State, regex: &Regex, text: &str, by: &str) -> Result<String, Error> {
    let (mut result, mut at) = (String::new(), 0);
    for groups in regex.captures_iter(text) {
        let Some(all) = groups.get(0) else { continue };
        result.push_str(&text[at..all.start()]);
        let before = result.len();
        expand(&groups, by, &mut result);
        at = all.end();
        let (made, ahead) = (result.len() - before, text.len() - at);
        state.consume_fuel(1 + made as u64 / 64 + ahead as u64 / BYTES_OF_SEARCH)?;
        if result.len() > MAX_VALUE_BYTES {
            return Err(failed(Message::ValueTooLarge { most: MAX_VALUE_BYTES }));
        }
    }
    Ok(result + &text[at..])
}

fn expand(groups: &Captures<'_>, by: &str, result: &mut String) {
    if by.contains('$') { groups.expand(by, result) } else { result.push_str(by) }
}

/// The patterns that were compiled last: compiling one takes longer than running it.
#[derive(Debug, Default)]
struct Patterns(Mutex<Vec<(String, Arc<Pattern>)>>);

impl Patterns {
    /// A compiled pattern, once its run over so many bytes is paid for.
    fn get(&self, state: &State, source: &str, bytes: usize) -> Result<Arc<Pattern>, Error> {
        let pay = |places: u64| state.consume_fuel(1 + places.saturating_mul(bytes as u64) / STEPS_OF_FUEL);
        if let Some(pattern) = self.kept(source) {
            pay(pattern.places)?;
            return Ok(pattern);
        }
        let (written, places) = measured(source)?;
        state.consume_fuel(places * FUEL_OF_PLACE)?;
        pay(places)?;
        self.compiled(source, &written, places)
    }

    fn kept(&self, source: &str) -> Option<Arc<Pattern>> {
        let kept = self.0.lock().ok()?;
        kept.iter().find(|(known, _)| known == source).map(|(_, pattern)| Arc::clone(pattern))
    }

    fn compiled(&self, source: &str, written: &str, places: u64) -> Result<Arc<Pattern>, Error> {
        let regex =
            RegexBuilder::new(written).size_limit(MAX_COMPILED_BYTES).dfa_size_limit(MAX_COMPILED_BYTES).build();
        let pattern = Arc::new(Pattern { regex: regex.map_err(|error| unreadable(&error))?, places });
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push((source.to_owned(), Arc::clone(&pattern)));
        }
        Ok(pattern)
    }
}

/// A pattern as its engine reads it, and its places.
fn measured(source: &str) -> Result<(String, u64), Error> {
    if source.len() > MAX_PATTERN_BYTES {
        return Err(failed(CalculationFault::PatternLonger { most: MAX_PATTERN_BYTES }));
    }
    // In a text in quotes `\b` is a backspace, which nobody looks for.
    let written = source.replace('\u{8}', r"\b");
    let hir = regex_syntax::Parser::new().parse(&written).map_err(|error| unreadable(&error))?;
    let places = total(&hir, &|_| PLACES_OF_CLASS);
    if places > MAX_PLACES || total(&hir, &ranges) > MAX_RANGES {
        return Err(failed(CalculationFault::PatternRepeats));
    }
    Ok((written, places))
}

/// By the last line of the error: those before it draw the pattern.
fn unreadable(error: &impl Display) -> Error {
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    failed(CalculationFault::PatternUnreadable { reason: reason.to_owned() })
}

/// The ranges of characters of a class.
fn ranges(class: &Class) -> u64 {
    match class {
        Class::Unicode(class) => class.ranges().len() as u64,
        Class::Bytes(class) => class.ranges().len() as u64,
    }
}

/// How many places of a pattern a text can stand at, which bounds what each byte of the text costs; a class has as many as
/// are said.
fn total(hir: &Hir, of_class: &impl Fn(&Class) -> u64) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(class) => of_class(class),
        HirKind::Capture(capture) => total(&capture.sub, of_class) + 1,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum, part| total(part, of_class).saturating_add(sum))
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or_else(|| repetition.min.saturating_add(1)).max(1);
            total(&repetition.sub, of_class).saturating_mul(u64::from(times)).saturating_add(1)
        }
    }
}
