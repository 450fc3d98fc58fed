//! `$env["a"]["b"]`, `$lastname`, `$(contact_id: (Contacts) leadsource)`, `$[Now,+3]`: what a `$` begins, in a text as well as in an expression.

mod source;

use std::sync::Arc;

use minijinja::Value as Jinja;
use serde_json::Value;

use super::date::Now;
use super::reads::Reads;
use super::truth::is_true;
use super::value::{Key, View, inside, look_up};
use super::{Related, Scope, SyntaxError};
use crate::env::Env;
use crate::id::{InvalidId, SecretName, VariableName};
use crate::message::ExpressionFault;
use crate::secret::mark;

/// What a `$` stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    /// A value inside one of the maps; without a path the whole map.
    Path(Source, Vec<Key>),
    /// A value inside a field of a referenced record; the first key is the reference's own.
    Related(Related, Vec<Key>),
    /// The current date.
    Now(Now),
    /// A secret: its value is a mark, for which the value itself is put in when a request is sent.
    Secret(SecretName),
}

/// Which map a reference reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Env,
    Query,
    Request,
    Var,
    Record,
    Related,
}

/// Where a reference stands: in an expression, brackets that are no plain key are Jinja's to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Expression,
}

/// Reads what follows a `$`, and how many bytes of it belong to the reference; nothing = the `$` begins none.
pub(super) fn parse(rest: &str, place: Place) -> Result<Option<(Reference, usize)>, SyntaxError> {
    if rest.starts_with('(') {
        return if is_related(rest) { related(rest, place).map(Some) } else { Ok(None) };
    }
    if rest.starts_with('[') {
        return Ok(now(rest)?.map(|(now, length)| (Reference::Now(now), length)));
    }
    let name = identifier(rest);
    if name.is_empty() {
        return Ok(None);
    }
    if name == "secret" && rest[name.len()..].starts_with('[') {
        return secret(&rest[name.len()..], place).map(|(secret, length)| Some((secret, name.len() + length)));
    }
    let (source, mut path) = match name {
        "env" => (Source::Env, Vec::new()),
        "query" => (Source::Query, Vec::new()),
        "request" => (Source::Request, Vec::new()),
        "var" if rest[name.len()..].starts_with('[') => (Source::Var, Vec::new()),
        field => {
            source::refuse_unknown(field, &rest[name.len()..])?;
            (Source::Record, vec![Key::Name(field.to_owned())])
        }
    };
    let mut length = name.len();
    if source != Source::Record || place == Place::Expression {
        length += brackets(&rest[length..], &mut path);
    }
    if let (Source::Request, Some(Key::Name(name))) = (source, path.first()) {
        source::refuse_unknown_of_request(name)?;
    }
    if let (Source::Var, Some(Key::Name(name))) = (source, path.first()) {
        name.parse::<VariableName>().map_err(|error: InvalidId| SyntaxError(error.into()))?;
    }
    if place == Place::Text && path.is_empty() && rest[length..].starts_with('[') {
        return Err(ExpressionFault::ReferenceUnquoted { name: name.to_owned() }.into());
    }
    let key = rest[length..].strip_prefix('.').map(identifier).unwrap_or_default();
    if place == Place::Text && path.is_empty() && source != Source::Record && !key.is_empty() {
        return Err(ExpressionFault::ReferenceDotted { name: name.to_owned(), key: key.to_owned() }.into());
    }
    Ok(Some((Reference::Path(source, path), length)))
}

/// The name at the beginning of a text: letters of any script, digits and `_`, not a digit first; or nothing.
pub(super) fn identifier(text: &str) -> &str {
    if text.starts_with(char::is_numeric) {
        return "";
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// Whether a word processor makes this of a straight quote.
pub(super) fn is_typographic(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '‟' | '‘' | '’' | '‚' | '‛' | '«' | '»' | '‹' | '›')
}

impl Reference {
    /// Its value, cloned from its map; unknown is null.
    pub(super) fn value(&self, scope: &Scope) -> Value {
        match self.find(scope) {
            Found::Now(now) => Value::String(now.text(&scope.local)),
            Found::Secret(name) => Value::String(mark::of(name)),
            Found::View(Some(View::Map(map))) => Value::Object(map.clone()),
            Found::View(Some(View::Value(value))) => value.clone(),
            Found::View(None) => Value::Null,
        }
    }

    /// The digits of its value, if that is a number and no small whole one.
    pub(super) fn digits(&self, scope: &Scope) -> Option<String> {
        match self.find(scope) {
            Found::View(Some(View::Value(Value::Number(number)))) if number.as_i64().is_none() => {
                Some(number.to_string())
            }
            Found::Now(_) | Found::Secret(_) | Found::View(_) => None,
        }
    }

    /// Whether its value counts as true.
    pub(super) fn is_true(&self, scope: &Scope) -> bool {
        match self.find(scope) {
            Found::Now(_) | Found::Secret(_) => true,
            Found::View(Some(View::Map(map))) => !map.is_empty(),
            Found::View(Some(View::Value(value))) => is_true(value, scope),
            Found::View(None) => false,
        }
    }

    /// The name of the map that it is, as `$env` alone.
    pub(super) fn whole_map(&self) -> Option<&'static str> {
        let Self::Path(source, path) = self else { return None };
        match source {
            _ if !path.is_empty() => None,
            Source::Env => Some("env"),
            Source::Query => Some("query"),
            Source::Request => Some("request"),
            Source::Var => Some("var"),
            Source::Record | Source::Related => None,
        }
    }

    /// Whether only people who run the installation set its value.
    pub(super) fn is_of_the_installation(&self) -> bool {
        match self {
            Self::Path(source, _) => source.is_of_the_installation(),
            Self::Related(..) | Self::Now(_) | Self::Secret(_) => false,
        }
    }

    /// Notes what it reads of `$env` and of referenced records; `rest` is what follows it in an expression, where `$env.lastname` may stand.
    pub(super) fn note_reads(&self, rest: &str, reads: &mut Reads) {
        match self {
            Self::Related(related, _) => reads.add_related(related),
            Self::Secret(name) => _ = reads.secrets.insert(name.clone()),
            Self::Path(..) | Self::Now(_) => {}
        }
        if let Self::Path(source, path) = self
            && let Some(Key::Name(name)) = path.first()
        {
            match source {
                Source::Var => reads.variables.extend(name.parse::<VariableName>()),
                Source::Record => _ = reads.fields.insert(name.clone()),
                Source::Env | Source::Query | Source::Request | Source::Related => {}
            }
        }
        let Self::Path(Source::Env, path) = self else { return };
        match (path.first(), rest.strip_prefix('.').map(identifier)) {
            (Some(Key::Name(name)), _) => reads.names.extend([name.clone()]),
            (None, Some(name)) if !name.is_empty() => reads.names.extend([name.to_owned()]),
            (Some(Key::Index(index)), _) => reads.names.extend([index.to_string()]),
            (None, _) => reads.all = true,
        }
    }

    /// Its value for an expression, in which lists and maps stay where they are.
    pub(super) fn jinja(&self, scope: &Scope) -> Jinja {
        match self {
            Self::Path(source, path) => source.map(scope).map_or(Jinja::UNDEFINED, |map| inside(map, path)),
            Self::Related(_, path) => inside(&scope.related, path),
            Self::Now(now) => Jinja::from(now.text(&scope.local)),
            // An expression with a secret is refused when it is read.
            Self::Secret(_) => Jinja::UNDEFINED,
        }
    }

    fn find<'a>(&'a self, scope: &'a Scope) -> Found<'a> {
        match self {
            Self::Now(now) => Found::Now(now),
            Self::Secret(name) => Found::Secret(name),
            Self::Path(source, path) => Found::View(source.find(path, scope)),
            Self::Related(_, path) => Found::View(Source::Related.find(path, scope)),
        }
    }
}

/// What a reference leads to.
enum Found<'a> {
    Now(&'a Now),
    Secret(&'a SecretName),
    View(Option<View<'a>>),
}

impl Source {
    fn is_of_the_installation(self) -> bool {
        match self {
            Self::Var => true,
            Self::Env | Self::Query | Self::Request | Self::Record | Self::Related => false,
        }
    }

    fn map(self, scope: &Scope) -> Option<&Arc<Env>> {
        match self {
            Self::Env => Some(&scope.env),
            Self::Query => Some(&scope.query),
            Self::Request => Some(&scope.request),
            Self::Var => Some(&scope.var),
            Self::Record => scope.record.as_ref(),
            Self::Related => Some(&scope.related),
        }
    }

    fn find<'a>(self, path: &[Key], scope: &'a Scope) -> Option<View<'a>> {
        path.iter().try_fold(View::Map(&self.map(scope)?.0), |view, key| look_up(view, key).map(View::Value))
    }
}

/// `["name"]` behind `$secret`. In an expression a filter would change the mark, and a condition would tell the value.
fn secret(rest: &str, place: Place) -> Result<(Reference, usize), SyntaxError> {
    if place == Place::Expression {
        return Err(ExpressionFault::SecretInExpression.into());
    }
    let wrong = || SyntaxError::from(ExpressionFault::SecretUnquoted);
    let (Key::Name(name), length) = bracket(rest).ok_or_else(wrong)? else { return Err(wrong()) };
    let name = name.parse().map_err(|error: InvalidId| SyntaxError(error.into()))?;
    Ok((Reference::Secret(name), length))
}

/// Reads all brackets at the beginning of a text into a path, and returns their length.
fn brackets(text: &str, path: &mut Vec<Key>) -> usize {
    let mut length = 0;
    while let Some((key, bytes)) = bracket(&text[length..]) {
        path.push(key);
        length += bytes;
    }
    length
}

/// `["name"]` or `[0]` at the beginning of a text, and its length.
fn bracket(text: &str) -> Option<(Key, usize)> {
    let inner = text.strip_prefix('[')?.trim_start();
    let (key, rest) = if inner.starts_with(|c: char| c.is_ascii_digit()) {
        let digits = inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(inner.len());
        (Key::Index(inner[..digits].parse().ok()?), &inner[digits..])
    } else {
        let (name, rest) = quoted(inner)?;
        (Key::Name(name), rest)
    };
    let rest = rest.trim_start().strip_prefix(']')?;
    Some((key, text.len() - rest.len()))
}

/// A text in quotes and what follows it. A straight quote is closed by the same one; a typographic one on either
/// side pairs with any quote before the `]`, so that an apostrophe inside a name closes nothing.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let open = chars.next().filter(|c| is_quote(*c))?;
    let mut inner = String::new();
    while let Some(c) = chars.next() {
        let rest = chars.as_str();
        if c == '\\' && rest.starts_with(|c| is_quote(c) || c == '\\') {
            inner.extend(chars.next());
        } else if c == open && !is_typographic(open)
            || is_quote(c) && (is_typographic(c) || is_typographic(open)) && rest.trim_start().starts_with(']')
        {
            return Some((inner, rest));
        } else {
            inner.push(c);
        }
    }
    None
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'') || is_typographic(c)
}

/// `[Now]`, `[Now,+3]`, `[Now,0,'d.m.Y']`; nothing = other brackets.
fn now(text: &str) -> Result<Option<(Now, usize)>, SyntaxError> {
    let inner = text[1..].trim_start();
    let name = identifier(inner);
    let rest = inner[name.len()..].trim_start();
    if !name.eq_ignore_ascii_case("now") || !rest.starts_with([',', ']']) {
        return Ok(None);
    }
    let wrong = || SyntaxError::from(ExpressionFault::NowForm);
    let (mut days, mut format, mut rest) = ("0", None, rest);
    if let Some(after) = rest.strip_prefix(',') {
        let end = after.find([',', ']']).ok_or_else(wrong)?;
        (days, rest) = (after[..end].trim(), &after[end..]);
    }
    if let Some(after) = rest.strip_prefix(',') {
        let (text, after) = quoted(after.trim_start()).ok_or_else(wrong)?;
        (format, rest) = (Some(text), after.trim_start());
    }
    let rest = rest.strip_prefix(']').ok_or_else(wrong)?;
    let now = Now::new(days.parse().map_err(|_| wrong())?, format)?;
    Ok(Some((now, text.len() - rest.len())))
}

/// `(contact_id: (`: the beginning of a field of a referenced record.
fn is_related(text: &str) -> bool {
    let inner = text[1..].trim_start();
    let name = identifier(inner);
    let colon = inner[name.len()..].trim_start().strip_prefix(':');
    !name.is_empty() && colon.is_some_and(|rest| rest.trim_start().starts_with('('))
}

/// `(contact_id: (Contacts) leadsource)`, as vtiger writes it: blanks may stand between its parts.
fn related(text: &str, place: Place) -> Result<(Reference, usize), SyntaxError> {
    let (related, rest) = related_field(&text[1..]).ok_or(ExpressionFault::RelatedForm)?;
    let mut length = text.len() - rest.len();
    let mut path = vec![Key::Name(related.to_string())];
    if place == Place::Expression {
        length += brackets(rest, &mut path);
    }
    Ok((Reference::Related(related, path), length))
}

fn related_field(text: &str) -> Option<(Related, &str)> {
    let text = text.trim_start();
    let field = identifier(text);
    let text = text[field.len()..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('(')?;
    let (module, text) = text.split_once(')')?;
    let text = text.trim_start();
    let name = identifier(text);
    let rest = text[name.len()..].trim_start().strip_prefix(')')?;
    let module = module.trim().parse().ok()?;
    (!name.is_empty())
        .then(|| (Related { field: field.to_owned(), by_env: false, module, name: name.to_owned() }, rest))
}
