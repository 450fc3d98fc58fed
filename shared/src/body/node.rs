//! The values of one name whose keys stand in brackets, while they are gathered.

use indexmap::IndexMap;
use serde_json::Value;

/// A value, values without keys, or values with keys.
#[derive(Default)]
pub(super) enum Node {
    /// Nothing has come yet.
    #[default]
    New,
    /// One value.
    Value(Value),
    /// Several values without keys.
    List(Vec<Node>),
    /// Values with keys.
    Keyed(Keyed),
}

/// Values with keys, in the order in which the keys came.
pub(super) struct Keyed {
    nodes: IndexMap<String, Node>,
    /// The number of the next value without a key, while all keys are whole numbers; none = a key is a word.
    next: Option<u64>,
}

impl Node {
    /// The texts of a plain name: none, one, or a list.
    pub(super) fn of_texts(texts: Value) -> Self {
        match texts {
            Value::Null => Self::New,
            Value::Array(texts) => Self::List(texts.into_iter().map(Self::Value).collect()),
            text => Self::Value(text),
        }
    }

    /// Adds a value that has no further key.
    pub(super) fn put(&mut self, value: Value) {
        match self {
            Self::New => *self = Self::Value(value),
            Self::Keyed(Keyed { nodes, next: None }) => nodes.entry(String::new()).or_default().put(value),
            Self::Value(_) | Self::List(_) | Self::Keyed(_) => *self.push() = Self::Value(value),
        }
    }

    /// A new item behind the others.
    pub(super) fn push(&mut self) -> &mut Self {
        if let Self::New | Self::Value(_) = self {
            *self = Self::List(std::mem::take(self).into_items());
        }
        match self {
            Self::List(items) => {
                items.push(Self::New);
                let last = items.len() - 1;
                &mut items[last]
            }
            Self::Keyed(keyed) => keyed.push(),
            other => other,
        }
    }

    /// The node of a key; that of an empty key is a new one.
    pub(super) fn child(&mut self, key: &str) -> &mut Self {
        if key.is_empty() {
            return self.push();
        }
        let number = number(key);
        if !matches!(self, Self::Keyed(_)) {
            *self = Self::Keyed(Keyed::of(std::mem::take(self), number.is_some()));
        }
        match self {
            Self::Keyed(keyed) => keyed.child(key, number),
            other => other,
        }
    }

    /// The list, the map or the value that it has become.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::New => Value::Null,
            Self::Value(value) => value,
            Self::List(items) => items.into_iter().map(Self::into_value).collect(),
            Self::Keyed(Keyed { nodes, next: None }) => {
                Value::Object(nodes.into_iter().map(|(key, node)| (key, node.into_value())).collect())
            }
            Self::Keyed(Keyed { mut nodes, next: Some(_) }) => {
                // A number that was given behind a key of 18 digits may have one more.
                nodes.sort_by_cached_key(|key, _| key.parse::<u64>().ok());
                nodes.into_values().map(Self::into_value).collect()
            }
        }
    }

    fn into_items(self) -> Vec<Self> {
        match self {
            Self::New => Vec::new(),
            Self::List(items) => items,
            one => vec![one],
        }
    }
}

impl Keyed {
    /// Of what has no key so far: it counts from 0 if the first key is a whole number, else it has the empty key.
    fn of(old: Node, is_numbered: bool) -> Self {
        if is_numbered {
            let items = (0_u64..).zip(old.into_items());
            let nodes: IndexMap<_, _> = items.map(|(number, item)| (number.to_string(), item)).collect();
            return Self { next: Some(u64::try_from(nodes.len()).unwrap_or(u64::MAX)), nodes };
        }
        let keyless = (!matches!(old, Node::New)).then(|| (String::new(), old));
        Self { nodes: keyless.into_iter().collect(), next: None }
    }

    fn push(&mut self) -> &mut Node {
        match self.next {
            Some(number) => self.child(&number.to_string(), Some(number)),
            None => self.nodes.entry(String::new()).or_default().push(),
        }
    }

    fn child(&mut self, key: &str, number: Option<u64>) -> &mut Node {
        self.next = self.next.zip(number).map(|(next, number)| next.max(number.saturating_add(1)));
        if !self.nodes.contains_key(key) {
            self.nodes.insert(key.to_owned(), Node::New);
        }
        self.nodes.entry(key.to_owned()).or_default()
    }
}

/// The number that a key is, as PHP tells it from a word: no sign, no leading zero, and few enough digits for its
/// integers.
fn number(key: &str) -> Option<u64> {
    let is_number = key.len() <= 18 && key.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && (key == "0" || !key.starts_with('0'))).then(|| key.parse().ok()).flatten()
}
