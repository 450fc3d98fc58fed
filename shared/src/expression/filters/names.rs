//! `name_parts`: what of a full name is the first name, the middle name and the last name. Russian names come in both
//! orders, and tell by their patronymic and the ending of the last name which it is.

use std::collections::BTreeMap;

use minijinja::{Environment, Error, State, Value};

use super::text;

/// The most words of a name.
const MAX_WORDS: usize = 12;

/// How patronymics end.
const PATRONYMICS: [&str; 9] = ["ович", "евич", "ьич", "овна", "евна", "ична", "инична", "оглы", "кызы"];

/// How last names end that are hardly first names.
const LAST_NAMES: [&str; 22] = [
    "ов",
    "ев",
    "ёв",
    "ин",
    "ын",
    "ова",
    "ева",
    "ёва",
    "ина",
    "ына",
    "ский",
    "ской",
    "цкий",
    "ская",
    "цкая",
    "енко",
    "ко",
    "ук",
    "юк",
    "ян",
    "швили",
    "дзе",
];

/// First names that end like last names.
const FIRST_NAMES: [&str; 12] = [
    "марина",
    "ирина",
    "екатерина",
    "кристина",
    "карина",
    "полина",
    "алина",
    "арина",
    "галина",
    "нина",
    "константин",
    "валентин",
];

/// Words that belong to the last name behind them.
const PARTICLES: [&str; 12] = ["van", "von", "der", "den", "de", "del", "della", "di", "da", "la", "le", "фон"];

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_filter("name_parts", name_parts);
}

/// `{"first": …, "middle": …, "last": …}`; what a name does not have is an empty text.
fn name_parts(state: &State, value: &Value) -> Result<Value, Error> {
    let Some(text) = text(state, value)? else { return Ok(Value::UNDEFINED) };
    let (first, middle, last) = parts(&text);
    Ok(Value::from(BTreeMap::from([("first", first), ("middle", middle), ("last", last)])))
}

fn parts(name: &str) -> (String, String, String) {
    let join = |words: &[&str]| words.join(" ");
    if let Some((last, rest)) = name.split_once(',') {
        let rest: Vec<&str> = rest.split_whitespace().take(MAX_WORDS).collect();
        let (first, middle) = rest.split_first().map_or(("", &[][..]), |(first, middle)| (*first, middle));
        return (first.to_owned(), join(middle), join(&last.split_whitespace().take(MAX_WORDS).collect::<Vec<_>>()));
    }
    let words: Vec<&str> = name.split_whitespace().take(MAX_WORDS).collect();
    let ends = |word: &str, endings: &[&str]| endings.iter().any(|ending| word.to_lowercase().ends_with(ending));
    match words.as_slice() {
        [] => Default::default(),
        [only] => ((*only).to_owned(), String::new(), String::new()),
        [last, first, middle @ ..] if middle.iter().any(|word| ends(word, &PATRONYMICS)) => {
            ((*first).to_owned(), join(middle), (*last).to_owned())
        }
        [first, middle, last @ ..] if ends(middle, &PATRONYMICS) => {
            ((*first).to_owned(), (*middle).to_owned(), join(last))
        }
        [last, first] if is_last_name(last) && !is_last_name(first) => {
            ((*first).to_owned(), String::new(), (*last).to_owned())
        }
        [first, rest @ ..] => {
            let particle = rest.iter().position(|word| PARTICLES.contains(&word.to_lowercase().as_str()));
            let (middle, last) = rest.split_at(particle.unwrap_or(rest.len() - 1));
            ((*first).to_owned(), join(middle), join(last))
        }
    }
}

fn is_last_name(word: &str) -> bool {
    let word = word.to_lowercase();
    !FIRST_NAMES.contains(&word.as_str()) && LAST_NAMES.iter().any(|ending| word.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_name_is_told_apart_in_either_order() {
        for (name, first, middle, last) in [
            ("Ada Lovelace", "Ada", "", "Lovelace"),
            ("Lovelace, Ada King", "Ada", "King", "Lovelace"),
            ("Ludwig van Beethoven", "Ludwig", "", "van Beethoven"),
            ("Mary Ann Evans", "Mary", "Ann", "Evans"),
            ("Иванов Иван Иванович", "Иван", "Иванович", "Иванов"),
            ("Иван Иванович Иванов", "Иван", "Иванович", "Иванов"),
            ("Иванова Анна", "Анна", "", "Иванова"),
            ("Анна Иванова", "Анна", "", "Иванова"),
            ("Марина Петрова", "Марина", "", "Петрова"),
            ("Анна Павловна", "Анна", "Павловна", ""),
            ("Мамедов Али Гасан оглы", "Али", "Гасан оглы", "Мамедов"),
            ("Prince", "Prince", "", ""),
            ("  ", "", "", ""),
        ] {
            let expected = (first.to_owned(), middle.to_owned(), last.to_owned());
            assert_eq!(parts(name), expected, "{name}");
        }
    }
}
