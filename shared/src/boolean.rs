//! The one reader of true and false: of boolean fields and of the filter `bool`.

/// What people write for true and for false, in lower case; a ticked box posts `on`.
const TRUE: [&str; 10] = ["true", "1", "yes", "y", "on", "да", "д", "истина", "вкл", "+"];
const FALSE: [&str; 10] = ["false", "0", "no", "n", "off", "нет", "н", "ложь", "выкл", "-"];

/// The longest of these words, in bytes, with room for letters that are longer in upper case.
const MAX_BYTES: usize = 32;

/// Reads a text without blanks around it; nothing = it is neither.
pub fn read(text: &str) -> Option<bool> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = text.to_lowercase();
    let is_in = |words: &[&str]| words.contains(&text.as_str());
    if is_in(&TRUE) { Some(true) } else { is_in(&FALSE).then_some(false) }
}
