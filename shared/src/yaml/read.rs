//! Text to documents. The parser gives events; this builds values and notes the line of each.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::hint::with_hint;
use super::{Document, MAX_BYTES, MAX_DEPTH, join, scalar, write};
use crate::finding::{Finding, Located};
use crate::message::{DocumentFault, Message};

/// Reads every document of a text; empty ones are left out. What cannot be read is a finding with its line.
pub fn read(text: &str) -> Result<Vec<Document>, Located> {
    if text.len() > MAX_BYTES {
        return Err(fault(1, DocumentFault::TextTooLong { most: MAX_BYTES }));
    }
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let commented = text.lines().zip(1_usize..).filter(|(line, _)| comment(line).is_some());
    let commented = commented.map(|(line, number)| (number, line)).collect();
    let (lines, cut) = (HashMap::new(), Vec::new());
    let mut builder = Builder { parser: Parser::new_from_str(text), lines, cut, commented, text };
    builder.documents().map_err(|located| with_hint(text, located))
}

struct Builder<'t> {
    parser: Parser<'t, StrInput<'t>>,
    lines: HashMap<String, usize>,
    cut: Vec<String>,
    /// The lines with a comment that begins without a blank, by their numbers: few texts have any.
    commented: HashMap<usize, &'t str>,
    text: &'t str,
}

impl<'t> Builder<'t> {
    fn documents(&mut self) -> Result<Vec<Document>, Located> {
        let (mut documents, mut begin) = (Vec::new(), 1);
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(documents),
                (Event::DocumentStart(is_explicit), span) => {
                    if is_explicit {
                        begin = span.start.line() + 1;
                    }
                    let (event, span) = self.next()?;
                    let is_empty =
                        matches!(&event, Event::Scalar(text, ScalarStyle::Plain, 0, None) if text.is_empty());
                    let is_on_divider = span.start.line() < begin;
                    let value = self.value(event, span, "", 0)?;
                    let (lines, cut) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.cut));
                    let (_, span) = self.next()?;
                    let end = span.start.line();
                    if !is_empty {
                        let text = if is_on_divider { write(&value) } else { self.text_between(begin, end) };
                        documents.push(Document { value, text, lines, cut });
                    }
                    begin = end;
                }
                _ => {}
            }
        }
    }

    /// The lines of a document, without the end of the one before it, and without empty lines at its own end. Only a
    /// block such as `|+` keeps those.
    fn text_between(&self, begin: usize, end: usize) -> String {
        let lines = self.text.lines().skip(begin - 1).take(end.saturating_sub(begin));
        let lines: Vec<&str> = lines.skip_while(|line| line.starts_with("...")).collect();
        let text = lines.join("\n");
        let text = if text.contains("|+") || text.contains(">+") { &text } else { text.trim_end() };
        format!("{text}\n")
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Located> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok((Event::StreamEnd, Span::empty(Marker::default()))),
        }
    }

    fn value(&mut self, event: Event<'t>, span: Span, path: &str, depth: usize) -> Result<Value, Located> {
        let line = span.start.line();
        if depth > MAX_DEPTH {
            return Err(fault(line, DocumentFault::NestedDeeper { most: MAX_DEPTH }));
        }
        self.lines.entry(path.to_owned()).or_insert(line);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_anchor(anchor, line)?;
                let is_text = is_text_tag(tag.as_deref(), line)? || style != ScalarStyle::Plain;
                let value = if is_text { Value::String(text.into_owned()) } else { scalar::resolve(&text) };
                if let (ScalarStyle::Plain, Some(text)) = (style, value.as_str())
                    && let Some(line) = self.commented.get(&line)
                    && comment(line).is_some_and(|at| line[..at].trim_end().ends_with(text))
                {
                    self.cut.push(path.to_owned());
                }
                Ok(value)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_anchor(anchor, line)?;
                is_text_tag(tag.as_deref(), line)?;
                self.list(path, depth)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_anchor(anchor, line)?;
                is_text_tag(tag.as_deref(), line)?;
                self.map(path, depth)
            }
            _ => Err(fault(line, DocumentFault::YamlAlias)),
        }
    }

    fn list(&mut self, path: &str, depth: usize) -> Result<Value, Located> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => {
                    let path = join(path, &items.len().to_string());
                    items.push(self.value(event, span, &path, depth + 1)?);
                }
            }
        }
    }

    fn map(&mut self, path: &str, depth: usize) -> Result<Value, Located> {
        let mut map = Map::new();
        loop {
            let (event, span) = self.next()?;
            let line = span.start.line();
            let key = match event {
                Event::MappingEnd => return Ok(Value::Object(map)),
                Event::Scalar(text, _, anchor, tag) => {
                    refuse_anchor(anchor, line)?;
                    is_text_tag(tag.as_deref(), line)?;
                    text.into_owned()
                }
                Event::Alias(_) => return Err(fault(line, DocumentFault::YamlAlias)),
                _ => return Err(fault(line, DocumentFault::KeyNoText)),
            };
            let path = join(path, &key);
            if map.contains_key(&key) {
                let first = self.lines.get(&path).copied().unwrap_or(line);
                return Err(Located { line, finding: Finding::new(path, DocumentFault::KeyRepeated { first }) });
            }
            self.lines.insert(path.clone(), line);
            let (event, span) = self.next()?;
            let value = self.value(event, span, &path, depth + 1)?;
            map.insert(key, value);
        }
    }
}

/// Where ` #` stands on a line before another character than a blank: people write a comment behind a blank.
fn comment(line: &str) -> Option<usize> {
    let begins = |at: &usize| line[at + 2..].starts_with(|c: char| !c.is_whitespace() && c != '#');
    line.match_indices(" #").map(|(at, _)| at).find(begins)
}

fn refuse_anchor(anchor: usize, line: usize) -> Result<(), Located> {
    // The parser numbers anchors from 1; 0 is none.
    if anchor == 0 { Ok(()) } else { Err(fault(line, DocumentFault::YamlAlias)) }
}

/// Whether a tag says "text"; any other tag is refused, since it could not be kept.
fn is_text_tag(tag: Option<&Tag>, line: usize) -> Result<bool, Located> {
    match tag {
        None => Ok(false),
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
        Some(tag) => Err(fault(line, DocumentFault::YamlTag { tag: tag.to_string() })),
    }
}

fn syntax(error: &ScanError) -> Located {
    fault(error.marker().line().max(1), not_yaml(Message::foreign(&error.info())))
}

pub(super) fn not_yaml(message: Message) -> DocumentFault {
    DocumentFault::NotYaml { message: Box::new(message) }
}

pub(super) fn fault(line: usize, fault: DocumentFault) -> Located {
    Located { line, finding: Finding::new("", fault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Value {
        let mut documents = read(text).unwrap();
        assert_eq!(documents.len(), 1);
        documents.remove(0).value
    }

    #[test]
    fn values_keep_their_type_their_order_and_their_digits() {
        let value = one("z: 1.10\na: 01234\n77: true\nm: ~\nl: [a, 'b', \"c\\n\"]\nt: !!str 5\nb: |\n  x\n  y\n");
        assert_eq!(
            value.to_string(),
            r#"{"z":1.10,"a":"01234","77":true,"m":null,"l":["a","b","c\n"],"t":"5","b":"x\ny\n"}"#
        );
    }

    #[test]
    fn a_text_holds_several_documents_and_empty_ones_do_not_count() {
        let documents = read("# none\n---\na: 1\n---\n---\nb: 2\n---\n").unwrap();
        let values: Vec<String> = documents.iter().map(|d| d.value.to_string()).collect();
        assert_eq!(values, [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert_eq!(documents[1].line("b"), 6);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn a_document_keeps_its_lines() {
        for (text, expected) in [
            ("# a\na: 1 # x\n\n# end\n", &["# a\na: 1 # x\n\n# end\n"][..]),
            ("a: 1", &["a: 1\n"]),
            ("a: 1\r\nb: 2\r\n", &["a: 1\nb: 2\n"]),
            ("\u{FEFF}a: 1\n", &["a: 1\n"]),
            ("# a\na: 1\n# end\n---\n# b\nb: 2\n", &["# a\na: 1\n# end\n", "# b\nb: 2\n"]),
            ("---\na: 1\n---\n---\nb: |\n  x\n\n---\n", &["a: 1\n", "b: |\n  x\n"]),
            ("b: |+\n  x\n\n---\na: 1\n", &["b: |+\n  x\n\n", "a: 1\n"]),
            ("a: 1\n...\n---\nb: 2\n...\n", &["a: 1\n", "b: 2\n"]),
            ("a: 1\n...\n# b\nb: 2\n...\n", &["a: 1\n", "# b\nb: 2\n"]),
            ("# head\n---\na: 1\n", &["a: 1\n"]),
            ("--- {a: 1}\n", &["a: 1\n"]),
        ] {
            let texts: Vec<_> = read(text).unwrap().into_iter().map(|document| document.text).collect();
            assert_eq!(texts, expected, "{text:?}");
        }
    }

    #[test]
    fn a_path_has_the_line_of_its_key_or_item() {
        let document = &read("a: 1\nsteps:\n  lead:\n    fields:\n      x: 1\n  l:\n    - p\n    - q\n").unwrap()[0];
        for (path, line) in [
            ("", 1),
            ("steps", 2),
            ("steps.lead.fields.x", 5),
            ("steps.lead.fields.y.z", 4),
            ("steps.l.1", 8),
            ("q", 1),
        ] {
            assert_eq!(document.line(path), line, "{path}");
        }
    }

    #[test]
    fn a_text_that_a_comment_cuts_off_is_known() {
        let text = "a: Order #5\nb: Заявка #$env[\"id\"] не принята\nc: x # 5\nd: 'x #5'\ne: 5 #6\nf: [a #b\n  ]\n#g\nh: |\n  x #5\n";
        assert_eq!(read(text).unwrap()[0].cut, ["a", "b", "f.0"]);
        let documents = read("a: b #c\n---\na: b\n").unwrap();
        assert_eq!((documents[0].cut.len(), documents[1].cut.len()), (1, 0));
    }

    #[test]
    fn what_cannot_be_read_says_why_and_where() {
        for (text, line, message) in [
            ("a: 1\nb: 2\na: 3\n", 3, "a: this key stands here twice, first on line 1"),
            ("a: &x 1\nb: *x\n", 1, "anchors and aliases"),
            ("a: 1\nb: *x\n", 2, "not YAML: "),
            ("a: !x 1\n", 1, "tags such as !x"),
            ("? [a]\n: 1\n", 1, "a key is a map or a list"),
            ("a: 1\nb: [1, 2\n", 3, "not YAML: "),
            ("a: 1\nb: {{ x }}\nc: 1\n", 2, "quote it: '{{ … }}'"),
            ("a: 1\nb: {{ $env[\"x\"]|lower }}\nc: 1\n", 2, "quote it: '{{ … }}'"),
            ("a: 1\nb: {{ x }} and more\nc: 1\n", 2, "quote it: '{{ … }}'"),
            ("a: 1\nb: \"{{ $env[\"x\"] }}\"\nc: 1\n", 2, "quote it: '{{ … }}'"),
            ("a: 1\nb:\n  - {{ x }}\nc: 1\n", 3, "quote it: '{{ … }}'"),
            ("a: 1\nb: [{{ x }}]\nc: 1\n", 2, "quote it: '{{ … }}'"),
            ("a: 1\nb: {c: $env[\"x\"]}\nd: 1\n", 2, "quote it: '$env[\"name\"]'"),
            ("a: 1\nb: {c: 'x', d: $query[\"x\"]}\n", 2, "quote it: '$env[\"name\"]'"),
            ("b: [a, $env['x']]\n", 1, "quote it: '$env[\"name\"]'"),
            ("b:\n  - {c: [a], d: $env[\"x\"], e: 1}\n", 2, "quote it: '$env[\"name\"]'"),
            ("a:\n  condition: $(id: (Typed) dt) > now()\n  then: b\nc:\n    d: 1\n", 2, "holds ': ', which begins"),
            ("a:\n  - $(id: (Typed) dt) > 5\n  message: Error: x\n", 3, "holds ': '"),
            ("a: 1\nmessage: Error: x\nb: 2\n", 2, "quote the whole value"),
            ("a: \"web\" in $env[\"a\"]\nb: 1\n", 1, "goes on behind the closing quote"),
            ("a: \"$env[\"a\"] == 5\"\nb: 1\n", 1, "goes on behind the closing quote"),
            ("a: 1\nb: 'it's'\nc: 1\n", 2, "goes on behind the closing quote"),
            ("a: 1\nb: {% if $x %}y{% endif %}\n", 2, "begins with {%, which YAML keeps for itself"),
            ("a: @home\n", 1, "begins with @"),
            ("a: %d\n", 1, "begins with %"),
            ("a: `x`\nb: 1\n", 1, "begins with `"),
        ] {
            let located = read(text).expect_err(text);
            assert!(located.finding.to_string().contains(message), "{text:?}: {located:?}");
            assert_eq!(located.line, line, "{text:?}: {located:?}");
        }
        let deep = "[".repeat(MAX_DEPTH + 2) + &"]".repeat(MAX_DEPTH + 2);
        assert!(read(&deep).unwrap_err().finding.to_string().contains("nested deeper"));
    }
}
