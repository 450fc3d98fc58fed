//! Several texts as one stream of documents, and the text and line of a line of that stream.

use crate::documents::Text;

/// One stream of all documents; `...` ends those of a text, whatever the next begins with (YAML 1.2, 9.1.3).
pub fn joined(texts: &[Text]) -> Vec<u8> {
    let mut all = Vec::new();
    for text in texts {
        all.extend_from_slice(text.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&text.bytes));
        if !all.ends_with(b"\n") {
            all.push(b'\n');
        }
        all.extend_from_slice(b"...\n");
    }
    all
}

/// The text, and the line in it, of a line of [`joined`].
pub fn place(texts: &[Text], line: usize) -> (&str, usize) {
    let mut left = line;
    for text in texts {
        let lines = lines(text);
        if left <= lines {
            return (&text.name, left);
        }
        left -= lines;
    }
    ("-", line)
}

/// The line of [`joined`] of a line of the text with this number.
pub fn line_in_all(texts: &[Text], at: usize, line: usize) -> usize {
    texts[..at].iter().map(lines).sum::<usize>() + line
}

/// The lines that a text takes in [`joined`].
fn lines(text: &Text) -> usize {
    let ends = text.bytes.iter().filter(|byte| **byte == b'\n').count();
    ends + usize::from(!text.bytes.ends_with(b"\n")) + 1
}

#[cfg(test)]
mod tests {
    use postern_shared::document::batch::Batch;

    use super::*;

    #[test]
    fn what_is_joined_is_read_as_the_texts_were_and_every_line_is_found_again() {
        let texts = ["trigger: a\n", "---\ntrigger: b\n---\n# again\ntrigger: c", "\u{FEFF}# text\n\ntrigger: d\n"];
        let text = |(at, text): (usize, &&str)| Text { name: at.to_string(), bytes: text.as_bytes().to_vec() };
        let texts: Vec<Text> = texts.iter().enumerate().map(text).collect();
        let mut batch = Batch::default();
        batch.add_yaml("all", &joined(&texts));
        assert!(batch.findings.is_empty(), "{:?}", batch.findings);
        let places: Vec<_> = batch.documents.iter().map(|one| place(&texts, one.line)).collect();
        assert_eq!(places, [("0", 1), ("1", 2), ("1", 5), ("2", 3)]);
        assert_eq!(place(&texts, line_in_all(&texts, 1, 5)), ("1", 5));
    }
}
