//! XML as nested values, for the filter `from_xml`. Nothing outside the text is read: a document type, its entities and
//! processing instructions are passed over, so that no text grows beyond what was posted.
//!
//! An element is a text, or a map with `@name` for its attributes, the names of its elements, and `#text`. An element that
//! stands several times is a list. Prefixes stay as they are written.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Levels of elements: more than the documents of any platform have, and few enough for every stack.
const MAX_DEPTH: usize = 64;

/// Elements and attributes of one text: as many as a body may have fields.
const MAX_ITEMS: usize = 100_000;

/// The name of the text of an element that has attributes or elements, too.
const TEXT: &str = "#text";

/// The value of a whole text: a map with its outermost element; nothing if it is no XML, or beyond the limits.
pub fn value(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().enable_all_checks(false);
    reader.config_mut().check_end_names = true;
    reader.config_mut().allow_dangling_amp = true;
    let (mut root, mut open, mut left) = (Element::default(), Vec::new(), MAX_ITEMS);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < MAX_DEPTH => open.push(Element::of(&start, &mut left)?),
            Event::Start(_) => return None,
            Event::Empty(start) if open.len() < MAX_DEPTH => {
                let element = Element::of(&start, &mut left)?;
                open.last_mut().unwrap_or(&mut root).add(element);
            }
            Event::Empty(_) => return None,
            Event::End(_) => {
                let element = open.pop()?;
                open.last_mut().unwrap_or(&mut root).add(element);
            }
            Event::Text(text) => open.last_mut().unwrap_or(&mut root).text.push_str(&text.xml10_content()),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().ok().flatten();
                let text = &mut open.last_mut()?.text;
                let name = reference.xml10_content();
                match (character, resolve_predefined_entity(&name)) {
                    (Some(character), _) => text.push(character),
                    (None, Some(known)) => text.push_str(known),
                    // An entity of HTML, or of a document type: as it is written.
                    (None, None) => text.extend(["&", &*name, ";"]),
                }
            }
            Event::Eof if open.is_empty() && root.text.trim().is_empty() && root.map.len() == 1 => {
                return Some(Value::Object(root.map)).filter(|_| !root.is_repeated);
            }
            Event::Eof => return None,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// An element that is being read.
#[derive(Default)]
struct Element {
    name: String,
    map: Map<String, Value>,
    text: String,
    /// Whether one of its elements stands several times.
    is_repeated: bool,
}

impl Element {
    /// An element with its attributes.
    fn of(start: &BytesStart<'_>, left: &mut usize) -> Option<Self> {
        *left = left.checked_sub(1)?;
        let mut element = Self { name: start.name().as_ref().to_owned(), ..Self::default() };
        // Whether a name stands twice is looked at here: the reader compares each with all before it.
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.ok()?;
            *left = left.checked_sub(1)?;
            let raw = &*attribute.value;
            let value = unescape_with(raw, resolve_predefined_entity).map_or_else(|_| raw.to_owned(), Into::into);
            element.map.insert(format!("@{}", attribute.key.as_ref()), Value::String(value));
        }
        Some(element)
    }

    /// Takes in an element that has ended.
    fn add(&mut self, element: Self) {
        let Self { name, map, text, .. } = element;
        let text = text.trim();
        let value = match (map, text) {
            (map, text) if map.is_empty() => Value::String(text.to_owned()),
            (map, "") => Value::Object(map),
            (mut map, text) => {
                map.insert(TEXT.to_owned(), Value::String(text.to_owned()));
                Value::Object(map)
            }
        };
        match self.map.get_mut(&name) {
            None => _ = self.map.insert(name, value),
            Some(Value::Array(items)) => items.push(value),
            Some(first) => {
                *first = Value::Array(vec![first.take(), value]);
                self.is_repeated = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_attributes_and_texts_become_nested_values() {
        for (xml, expected) in [
            (
                "<lead><name>Ada</name><tag>a</tag><tag>b</tag></lead>",
                json!({"lead": {"name": "Ada", "tag": ["a", "b"]}}),
            ),
            (
                "<?xml version=\"1.0\"?><?ADF VERSION \"1.0\"?><adf><name part=\"full\">Ada L.</name><email/></adf>",
                json!({"adf": {"name": {"@part": "full", "#text": "Ada L."}, "email": ""}}),
            ),
            ("<s:Envelope xmlns:s='u'><s:Body/></s:Envelope>", json!({"s:Envelope": {"@xmlns:s": "u", "s:Body": ""}})),
            ("<a> x <b>1</b> y </a>", json!({"a": {"b": "1", "#text": "x  y"}})),
            ("<a><![CDATA[<b>&amp;]]></a>", json!({"a": "<b>&amp;"})),
            ("<a t=\"&lt;&#1052;\">&lt;&#x41c;&amp;&nbsp;&</a>", json!({"a": {"@t": "<М", "#text": "<М&&nbsp;&"}})),
            ("\u{feff}<a>1</a>\n<!-- end -->", json!({"a": "1"})),
            ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&x;</a>", json!({"a": "&x;"})),
        ] {
            assert_eq!(value(xml), Some(expected), "{xml}");
        }
    }

    #[test]
    fn what_is_no_xml_or_beyond_a_limit_is_nothing() {
        let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        let many = |items: usize| format!("<a>{}</a>", "<b/>".repeat(items));
        assert!(value(&deep(MAX_DEPTH)).is_some() && value(&many(MAX_ITEMS - 1)).is_some());
        for text in
            ["", "text", "<a>", "</a>", "<a></b>", "<a/><a/>", "<a/><b/>", "<a/>text", "{}", &deep(65), &many(100_000)]
        {
            assert_eq!(value(text), None, "{:.40}", text);
        }
        let attributes: String = (0..100_001).map(|n| format!(" a{n}='1'")).collect();
        assert_eq!(value(&format!("<a{attributes}/>")), None);
    }

    #[test]
    fn entities_of_a_document_type_never_grow_a_text() {
        let laughs =
            "<!DOCTYPE a [<!ENTITY l0 \"ha\"><!ENTITY l1 \"&l0;&l0;&l0;\"><!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
        assert_eq!(value(&format!("{laughs}<a>&l1;&x;</a>")), Some(json!({"a": "&l1;&x;"})));
        assert_eq!(value(&format!("{laughs}<a b='&l1;'/>")), Some(json!({"a": {"@b": "&l1;"}})));
    }
}
