//! Groups of rows: an expression of `and`, `or` and brackets is read as a tree and written again.

use super::{Comparison, outside, split};

/// How deep groups stand in groups, the outermost included: more is not understood at a glance.
pub const MAX_DEPTH: usize = 4;

/// How many brackets are read around each other.
const MAX_BRACKETS: usize = 16;

/// Rows and groups that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Whether one part that holds is enough.
    pub is_any: bool,
    /// What it is made of.
    pub parts: Vec<Part>,
}

/// A part of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// One row.
    Row(Comparison),
    /// A group within the group.
    Group(Group),
}

impl Group {
    /// The rows of an expression; nothing if it says more than rows can.
    pub fn read(expression: &str) -> Option<Self> {
        let group = Self { is_any: false, parts: vec![part(expression, MAX_BRACKETS)?] }.simplified();
        (group.depth() <= MAX_DEPTH).then_some(group)
    }

    /// The expression that rows say.
    pub fn written(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Row(row) => row.written(),
            Part::Group(group) => format!("({})", group.written()),
        });
        parts.collect::<Vec<_>>().join(if self.is_any { " or " } else { " and " })
    }

    /// The same without groups that say nothing of their own: a group of one part is that part, and a group within a group
    /// of its kind is a part of it. One row alone is all of the rows.
    pub fn simplified(self) -> Self {
        let mut simple = Self { is_any: self.is_any, parts: Vec::new() };
        for part in self.parts {
            match part {
                Part::Row(row) => simple.parts.push(Part::Row(row)),
                Part::Group(group) => {
                    let mut group = group.simplified();
                    if group.parts.len() < 2 || group.is_any == simple.is_any {
                        simple.parts.append(&mut group.parts);
                    } else {
                        simple.parts.push(Part::Group(group));
                    }
                }
            }
        }
        match simple.parts.pop() {
            Some(Part::Group(group)) if simple.parts.is_empty() => return group,
            Some(part) => simple.parts.push(part),
            None => {}
        }
        simple.is_any &= simple.parts.len() > 1;
        simple
    }

    fn depth(&self) -> usize {
        let inner = self.parts.iter().map(|part| if let Part::Group(group) = part { group.depth() } else { 0 });
        1 + inner.max().unwrap_or_default()
    }
}

/// `and` binds tighter than `or`.
fn part(text: &str, brackets: usize) -> Option<Part> {
    let text = text.trim();
    for (is_any, word) in [(true, " or "), (false, " and ")] {
        let parts = split(text, word);
        if parts.len() > 1 {
            let parts = parts.into_iter().map(|one| part(one, brackets)).collect::<Option<Vec<_>>>()?;
            return Some(Part::Group(Group { is_any, parts }));
        }
    }
    match inside(text) {
        Some(inner) => part(inner, brackets.checked_sub(1)?),
        None => Comparison::read(text).map(Part::Row),
    }
}

/// What stands in the brackets that a text begins and ends with.
fn inside(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    (outside(text).next() == Some(text.len() - 1)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{WITH_VALUE, WORDS};
    use super::*;

    /// A group in short: the names of its fields, joined by `&` or `|`.
    fn short(group: &Group) -> String {
        let part = |part: &Part| match part {
            Part::Row(row) => row.field.trim_start_matches('$').to_owned(),
            Part::Group(group) => format!("({})", short(group)),
        };
        group.parts.iter().map(part).collect::<Vec<_>>().join(if group.is_any { "|" } else { "&" })
    }

    #[test]
    fn and_or_and_brackets_are_groups() {
        for (text, expected, written) in [
            ("$a", "a", "$a"),
            ("$a and $b", "a&b", "$a and $b"),
            ("$a or not $b", "a|b", "$a or not $b"),
            ("$a and $b or $c", "(a&b)|c", "($a and $b) or $c"),
            ("($a or $b) and $c", "(a|b)&c", "($a or $b) and $c"),
            ("(($a)) and ($b  and $c)", "a&b&c", "$a and $b and $c"),
            ("($a and ($b or $c)) or $d", "(a&(b|c))|d", "($a and ($b or $c)) or $d"),
            ("($a == \"(x or y)\" or $b)", "a|b", "$a == \"(x or y)\" or $b"),
        ] {
            let group = Group::read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((short(&group).as_str(), group.written().as_str()), (expected, written), "{text}");
        }
    }

    #[test]
    fn what_groups_cannot_say_stays_an_expression() {
        let deep = "($a or ($b and ($c or ($d and ($e or $f)))))";
        let brackets = format!("{}$a{}", "(".repeat(40), ")".repeat(40));
        for text in [
            "",
            "$a and",
            "not ($a or $b)",
            "$a and $b if $c else $d",
            "($a) or ($b",
            "($a or $b) == 1",
            deep,
            &brackets,
        ] {
            assert_eq!(Group::read(text), None, "{text}");
        }
    }

    fn rows() -> impl Strategy<Value = Part> {
        ("[a-zа-я ]{1,6}", 0..WORDS.len(), "[a-z0-9 \"\\\\]{0,6}").prop_map(|(name, word, value)| {
            let has_value = WITH_VALUE.iter().any(|(known, _)| *known == WORDS[word]);
            Part::Row(Comparison {
                field: format!("$env[\"{name}\"]"),
                word: WORDS[word],
                value: if has_value { value } else { String::new() },
            })
        })
    }

    fn groups() -> impl Strategy<Value = Group> {
        let part = rows().prop_recursive(3, 12, 3, |part| {
            (any::<bool>(), prop::collection::vec(part, 1..4))
                .prop_map(|(is_any, parts)| Part::Group(Group { is_any, parts }))
        });
        (any::<bool>(), prop::collection::vec(part, 1..4)).prop_map(|(is_any, parts)| Group { is_any, parts })
    }

    proptest! {
        #[test]
        fn groups_that_are_written_are_the_same_groups(group in groups()) {
            prop_assert_eq!(Group::read(&group.written()), Some(group.simplified()));
        }
    }
}
