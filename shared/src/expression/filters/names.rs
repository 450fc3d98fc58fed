//! `name_parts`: what of a full name is the first name, the middle name and the last name. Russian names come in both
//! orders, and tell by their patronymic and the ending of the last name which it is. Initials behind a name stand behind
//! the last name.

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

/// The same in Latin letters. Names of other languages end so, too: they decide only beside initials.
const LATIN_ENDINGS: [&str; 10] = ["ov", "ev", "ova", "eva", "sky", "skiy", "skii", "skaya", "enko", "yan"];

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
        let rest = words(rest);
        let (first, middle) = rest.split_first().map_or(("", &[][..]), |(first, middle)| (*first, middle));
        return (first.to_owned(), join(middle), join(&words(last)));
    }
    let words = words(name);
    if let Some((first, middle, last)) = before_initials(&words) {
        return (first.to_owned(), join(middle), last.to_owned());
    }
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

/// The words of a name; `П.С.Иванов` has three.
fn words(name: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for mut word in name.split_whitespace().take(MAX_WORDS) {
        while let Some(end) = initial_ends(word).filter(|end| *end < word.len() && words.len() < MAX_WORDS) {
            words.push(&word[..end]);
            word = &word[end..];
        }
        words.push(word);
    }
    words.truncate(MAX_WORDS);
    words
}

/// Where a letter with a point ends, with which a word begins. `Ж.-П.` is one name.
fn initial_ends(word: &str) -> Option<usize> {
    let letter = word.chars().next().filter(|c| c.is_alphabetic())?;
    let end = letter.len_utf8() + 1;
    (word[letter.len_utf8()..].starts_with('.') && !word[end..].starts_with('-')).then_some(end)
}

fn is_initial(word: &str) -> bool {
    let letter = word.strip_suffix('.').unwrap_or(word);
    let mut letters = letter.chars();
    letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
}

/// `Иванов П. С.`, `Ivanov Petr S.` and `Anna K.`: what stands before the initials decides. `П. С.` alone has no last name.
fn before_initials<'n, 'w>(words: &'w [&'n str]) -> Option<(&'n str, &'w [&'n str], &'n str)> {
    let begins = words.len() - words.iter().rev().take_while(|word| is_initial(word)).count();
    let (names, initials) = words.split_at(begins);
    match (names, initials) {
        ([], [first, middle @ ..]) => Some((*first, middle, "")),
        // Who is short with the last name says so with one letter.
        ([first], [last]) if !is_last_name(first) && !has_latin_ending(first) => Some((*first, &[], *last)),
        ([last], [first, middle @ ..]) => Some((*first, middle, *last)),
        ([last, first], [_, ..]) if is_last_name(last) || has_latin_ending(last) => Some((*first, initials, *last)),
        _ => None,
    }
}

/// Whether a word ends as Russian last names do in Latin letters.
fn has_latin_ending(word: &str) -> bool {
    let word = word.to_lowercase();
    LATIN_ENDINGS.iter().any(|ending| word.len() > ending.len() + 1 && word.ends_with(ending))
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
            ("Иванов П. С.", "П.", "С.", "Иванов"),
            ("Иванов П.С.", "П.", "С.", "Иванов"),
            ("П.С. Иванов", "П.", "С.", "Иванов"),
            ("П. С. Иванов", "П.", "С.", "Иванов"),
            ("П.С.Иванов", "П.", "С.", "Иванов"),
            ("П. Иванов", "П.", "", "Иванов"),
            ("Иванов П.", "П.", "", "Иванов"),
            ("Иванова А", "А", "", "Иванова"),
            ("Иванов И И", "И", "И", "Иванов"),
            ("Иванов, П.С.", "П.", "С.", "Иванов"),
            ("Иванов Пётр С.", "Пётр", "С.", "Иванов"),
            ("Ivanov P.S.", "P.", "S.", "Ivanov"),
            ("Ivanov P.", "P.", "", "Ivanov"),
            ("P. S. Ivanov", "P.", "S.", "Ivanov"),
            ("Анна К.", "Анна", "", "К."),
            ("Ada L.", "Ada", "", "L."),
            ("O. Henry", "O.", "", "Henry"),
            ("J.R.R. Tolkien", "J.", "R. R.", "Tolkien"),
            ("George W. Bush", "George", "W.", "Bush"),
            ("Ж.-П. Бельмондо", "Ж.-П.", "", "Бельмондо"),
            ("St. John Rivers", "St.", "John", "Rivers"),
            ("П.С.", "П.", "С.", ""),
            ("Prince", "Prince", "", ""),
            ("  ", "", "", ""),
        ] {
            let expected = (first.to_owned(), middle.to_owned(), last.to_owned());
            assert_eq!(parts(name), expected, "{name}");
        }
    }
}
