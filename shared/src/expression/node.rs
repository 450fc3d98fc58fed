//! An expression as a tree.

use std::cmp::Ordering;

use minijinja::Value as Jinja;

use super::reference::Reference;

/// A part of an expression.
#[derive(Debug)]
pub(super) enum Node {
    /// Written out.
    Fixed(Jinja),
    Reference(Reference),
    /// A name that the text gives: of a loop, or by `set`.
    Local(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// `a["b"]`
    Item(Box<Node>, Box<Node>),
    /// `a.b`, which means the same.
    Dotted(Box<Node>, Jinja),
    /// `a[1:5:2]`
    Slice(Box<Node>, Box<[Option<Node>; 3]>),
    Negative(Box<Node>),
    Not(Box<Node>),
    /// Operators of one level, from left to right: a long chain is no deep tree.
    Sum(Box<Node>, Vec<(Arithmetic, Node)>),
    /// `a ~ b ~ c`
    Joined(Vec<Node>),
    /// `a < b <= c`
    Compared(Box<Node>, Vec<(Comparator, Node)>),
    And(Vec<Node>),
    Or(Vec<Node>),
    If(Box<Branches>),
    Filter(Box<Node>, String, Vec<Argument>),
    Test(Box<Node>, String, Vec<Argument>),
    Call(String, Vec<Argument>),
}

/// `yes if condition else no`
#[derive(Debug)]
pub(super) struct Branches {
    pub(super) condition: Node,
    pub(super) yes: Node,
    pub(super) no: Option<Node>,
}

/// What a filter, a test or a function gets.
#[derive(Debug)]
pub(super) struct Argument {
    /// `default=1`
    pub(super) name: Option<String>,
    pub(super) value: Node,
}

/// An operator of two numbers or texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `//`
    DivideWhole,
    /// `%`
    Remainder,
    /// `**`
    Power,
}

impl Arithmetic {
    /// How it is written.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::DivideWhole => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

/// An operator that is true or false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
    NotIn,
}

impl Comparator {
    /// Its sign, or its name behind `is`; nothing = another word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "==" | "eq" | "equalto" => Self::Equal,
            "!=" | "ne" => Self::NotEqual,
            "<" | "lt" | "lessthan" => Self::Less,
            "<=" | "le" => Self::AtMost,
            ">" | "gt" | "greaterthan" => Self::Greater,
            ">=" | "ge" => Self::AtLeast,
            "in" => Self::In,
            _ => return None,
        })
    }

    /// Whether it holds for values in this order; equality and `in` ask for more than an order.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal | Self::NotEqual | Self::In | Self::NotIn => false,
        }
    }
}
