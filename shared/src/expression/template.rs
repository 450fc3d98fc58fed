//! Texts with placeholders, and JSON values made of such.

use serde_json::{Map, Value};

use super::context::{self, Context, Output};
use super::part::{Inline, Part, Writer};
use super::reads::Reads;
use super::reference::Reference;
use super::value::{Budget, render};
use super::{EvalError, Scope, SyntaxError, node::Node, text};
use crate::id::SecretName;
use crate::message::ExpressionFault;
use crate::secret::mark;

/// A compiled value of a task's setting: a text with placeholders, or any other JSON value whose texts are such.
#[derive(Debug)]
pub struct Template {
    kind: Kind,
    reads: Reads,
    context: Context,
}

#[derive(Debug)]
enum Kind {
    Fixed(Value),
    /// One lone placeholder: its value keeps its type.
    Lone(Part),
    Text(Vec<Part>),
    List(Vec<Template>),
    Map(Vec<(String, Template)>),
}

impl Template {
    /// Compiles a value whose texts are only texts.
    pub fn parse(source: &Value) -> Result<Self, SyntaxError> {
        Self::parse_for(source, Context::Text)
    }

    /// Compiles a value. Lists and maps are compiled item by item; numbers, booleans and null stand for themselves.
    pub fn parse_for(source: &Value, context: Context) -> Result<Self, SyntaxError> {
        let mut reads = Reads::default();
        let mut inner = |item: &Value| -> Result<Self, SyntaxError> {
            let template = Self::parse_for(item, context)?;
            reads.add(&template.reads);
            Ok(template)
        };
        let kind = match source {
            Value::String(text) => {
                let (parts, of_text) = parse_text(text)?;
                if context == Context::Addresses && parts.iter().any(Part::is_statement) {
                    return Err(ExpressionFault::StatementInAddresses.into());
                }
                reads = of_text;
                kind(parts)
            }
            Value::Array(items) => Kind::List(items.iter().map(inner).collect::<Result<_, _>>()?),
            Value::Object(map) => {
                let mut items = Vec::with_capacity(map.len());
                for (name, item) in map {
                    refuse_nul(name)?;
                    items.push((name.clone(), inner(item)?));
                }
                Kind::Map(items)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Kind::Fixed(source.clone()),
        };
        Ok(Self { kind, reads, context })
    }

    /// Its text, if it is the same whatever it is evaluated with.
    pub fn fixed_text(&self) -> Option<String> {
        match &self.kind {
            Kind::Fixed(value) => Some(render(value)),
            Kind::Lone(_) | Kind::Text(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The secret that it is, if it is nothing else.
    pub fn lone_secret(&self) -> Option<&SecretName> {
        match &self.kind {
            Kind::Lone(Part::Reference(Reference::Secret(name))) => Some(name),
            _ => None,
        }
    }

    /// The text with a mark for each secret, if nothing but secrets is read in it: it is the same for every run.
    pub fn marked(&self) -> Option<String> {
        let parts = match &self.kind {
            Kind::Fixed(value) => return (!value.is_array() && !value.is_object()).then(|| render(value)),
            Kind::Lone(part) => std::slice::from_ref(part),
            Kind::Text(parts) => parts.as_slice(),
            Kind::List(_) | Kind::Map(_) => return None,
        };
        let marked = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Reference(Reference::Secret(name)) => Some(mark::of(name)),
            _ => None,
        };
        parts.iter().map(marked).collect()
    }

    /// Whether it is one reference and nothing else: its value is a copy.
    pub fn is_lone_reference(&self) -> bool {
        matches!(&self.kind, Kind::Lone(Part::Reference(_)))
    }

    /// Whether scheme, host and port of the URL that it renders are written out or belong to the installation: nothing that
    /// was posted chooses them.
    pub fn names_its_host(&self) -> bool {
        let parts = match &self.kind {
            Kind::Fixed(_) => return true,
            Kind::Text(parts) => parts.as_slice(),
            Kind::Lone(part) => std::slice::from_ref(part),
            Kind::List(_) | Kind::Map(_) => return false,
        };
        let is_installed = |part: &&Part| match part {
            Part::Reference(reference) | Part::Inline(Inline { node: Node::Reference(reference), .. }) => {
                reference.is_of_the_installation()
            }
            _ => false,
        };
        let leading = parts.iter().take_while(is_installed).count();
        let mut beginning = String::new();
        for part in &parts[leading..] {
            match part {
                Part::Text(text) => beginning.push_str(text),
                part if is_installed(&part) => beginning.push_str("host"),
                _ if leading > 0 => return context::goes_on_behind_a_variable(&beginning),
                _ => return context::names_its_host(&beginning),
            }
        }
        true
    }

    /// Its text with `…` for whatever depends on what it is evaluated with; nothing if no words are left.
    pub fn outline(&self) -> Option<String> {
        match &self.kind {
            Kind::Fixed(value) => Some(render(value)),
            Kind::Text(parts) if parts.iter().any(|part| matches!(part, Part::Text(_))) => {
                Some(parts.iter().map(Part::outline).collect())
            }
            Kind::Text(_) | Kind::Lone(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// The value: one lone reference or `{{ … }}` keeps its type, everything else is text. A list or map stays within
    /// [`MAX_VALUE_BYTES`] and the levels of a value: a loop that puts a value into itself must come to an end.
    pub fn value(&self, scope: &Scope) -> Result<Value, EvalError> {
        self.value_within(&mut Budget::default(), 0, scope)
    }

    fn value_within(&self, budget: &mut Budget, depth: usize, scope: &Scope) -> Result<Value, EvalError> {
        let value = match &self.kind {
            Kind::Fixed(value) => value.clone(),
            Kind::Lone(part) if self.context == Context::Text => part.value(scope)?,
            Kind::Lone(part) => Value::String(self.write(std::slice::from_ref(part), scope)?),
            Kind::Text(parts) => Value::String(self.write(parts, scope)?),
            Kind::List(items) => {
                budget.enter(depth)?;
                let items = items.iter().map(|item| item.value_within(budget, depth + 1, scope));
                return items.collect::<Result<_, _>>().map(Value::Array);
            }
            Kind::Map(items) => {
                budget.enter(depth)?;
                let mut map = Map::with_capacity(items.len());
                for (name, item) in items {
                    map.insert(name.clone(), item.value_within(budget, depth + 1, scope)?);
                }
                return Ok(Value::Object(map));
            }
        };
        // A lone text or number is as large as what it was read from.
        if depth > 0 || value.is_array() || value.is_object() {
            budget.walk(&value, depth)?;
        }
        Ok(value)
    }

    /// The names of `$env`, the secrets and the fields of referenced records that it reads.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    fn write(&self, parts: &[Part], scope: &Scope) -> Result<String, EvalError> {
        let mut output = Output::new(self.context);
        Writer::new(scope, &mut output).write(parts)?;
        Ok(output.finish())
    }

    /// The value as text, as [`render`] writes it.
    pub fn text(&self, scope: &Scope) -> Result<String, EvalError> {
        match self.value(scope)? {
            Value::String(text) => Ok(text),
            value => Ok(render(&value)),
        }
    }
}

impl Part {
    fn outline(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Set(..) => "",
            Self::Reference(_) | Self::Inline(_) | Self::If(_) | Self::For(_) => "…",
        }
    }

    fn is_statement(&self) -> bool {
        matches!(self, Self::If(_) | Self::For(_) | Self::Set(..))
    }
}

fn parse_text(text: &str) -> Result<(Vec<Part>, Reads), SyntaxError> {
    refuse_nul(text)?;
    text::parse(text)
}

fn kind(parts: Vec<Part>) -> Kind {
    match <[Part; 1]>::try_from(parts) {
        Ok([Part::Text(fixed)]) => Kind::Fixed(Value::String(fixed)),
        Ok([lone]) if !lone.is_statement() => Kind::Lone(lone),
        Ok([statement]) => Kind::Text(vec![statement]),
        Err(parts) if parts.is_empty() => Kind::Fixed(Value::String(String::new())),
        Err(parts) => Kind::Text(parts),
    }
}

fn refuse_nul(text: &str) -> Result<(), SyntaxError> {
    if text.contains('\0') {
        return Err(ExpressionFault::TextNul.into());
    }
    Ok(())
}
