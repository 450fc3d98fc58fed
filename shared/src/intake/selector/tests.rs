//! What a selector finds, and what is none.

use super::*;

fn read(query: &str) -> Result<(i64, String, String), SelectorError> {
    let Selectors { record, target, query } = selectors(query)?;
    let target = match target {
        None => String::new(),
        Some(Target::Workflow(id)) => format!("workflow {id}"),
        Some(Target::Trigger(key)) => format!("trigger {key}"),
    };
    Ok((
        record.map_or(0, RecordId::get),
        target,
        serde_json::to_string(&query.read(None, &Limits::default()).env).unwrap(),
    ))
}

#[test]
fn a_query_names_record_and_target_and_the_rest_is_kept() {
    for (query, record, target, rest) in [
        ("", 0, "", "{}"),
        ("record_id=852&workflow_id=77", 852, "workflow 77", "{}"),
        ("record_id=0&workflow_trigger=CUSTOM_43", 0, "trigger CUSTOM_43", "{}"),
        ("record_id=&workflow_id=&workflow_trigger=web_lead", 0, "trigger web_lead", "{}"),
        ("record_id", 0, "", "{}"),
        ("record%5Fid=%38&workflow_id=7&workflow_id=7&workflow_id=", 8, "workflow 7", "{}"),
        ("record_id=852?workflow_id=77", 852, "workflow 77", "{}"),
        ("?workflow_id=77&", 0, "workflow 77", "{}"),
        ("workflow_id=7?u=http://x/?a=b", 0, "workflow 7", r#"{"u":"http://x/?a=b"}"#),
        ("utm_source=a+b%C3%A4&tag=1&tag=2&x[y]=3", 0, "", r#"{"utm_source":"a bä","tag":["1","2"],"x":{"y":"3"}}"#),
        ("workflow_id=7&amp;record_id=5&amp;utm=x", 5, "workflow 7", r#"{"utm":"x"}"#),
        ("record_id[]=1&Record_Id=2", 0, "", r#"{"record_id":["1"],"Record_Id":"2"}"#),
    ] {
        assert_eq!(read(query), Ok((record, target.to_owned(), rest.to_owned())), "{query}");
    }
}

#[test]
fn what_a_person_picks_replaces_what_the_query_names() {
    let target = Target::Workflow("7".parse().unwrap());
    let with = |target, record| Replaced { target, record };
    for query in ["workflow_trigger=web%20lead&a=1", "workflow_id=x&workflow_trigger=y&a=1", "workflow=900?a=1", "a=1"]
    {
        let read = replaced(query, with(Some(target.clone()), None)).unwrap();
        assert_eq!((read.target, read.record), (Some(target.clone()), None), "{query}");
        assert_eq!(read.query.read(None, &Limits::default()).env.get("a").unwrap(), "1", "{query}");
    }
    assert!(replaced("record_id=x", with(Some(target.clone()), None)).is_err());
    for (query, record) in [("record_id=x&record_id=y&workflow_id=7", 5), ("record_id=1&workflow_id=7", 0)] {
        let record = (record > 0).then(|| record.to_string().parse().unwrap());
        let read = replaced(query, with(None, Some(record))).unwrap();
        assert_eq!((read.target, read.record), (Some(target.clone()), record), "{query}");
    }
}

#[test]
fn a_query_that_is_not_clear_is_refused() {
    for (query, message) in [
        ("record_id=abc", "record_id is not a whole number: record id \"abc\" is not a whole number above zero"),
        ("record_id=-1", "record_id is not a whole number"),
        ("record_id=00", "record_id is not a whole number"),
        ("record_id=1.0", "record_id is not a whole number"),
        ("record_id=+8", "record_id is not a whole number"),
        ("record_id=99999999999999999999", "record_id is not a whole number"),
        ("record_id=1&record_id=2", "record_id is given twice"),
        ("record_id=1?record_id=0", "record_id is given twice"),
        ("workflow_id=1&workflow_id=2", "workflow_id is given twice"),
        ("workflow_id=0", "workflow_id cannot be used"),
        ("workflow_id=CUSTOM_43", "workflow_id cannot be used"),
        ("workflow_trigger=a%20b", "workflow_trigger cannot be used"),
        ("workflow_id=1&workflow_trigger=a", "both workflow_id and workflow_trigger"),
        ("workflow_id=%ff", "workflow_id is not text in UTF-8"),
        ("record_id=7%00", "record_id is not a whole number"),
    ] {
        let error = Message::from(read(query).unwrap_err()).to_string();
        assert!(error.contains(message), "{query}: {error}");
    }
}

#[test]
fn what_is_no_selector_is_never_refused_but_decoded_as_well_as_possible() {
    let limits = Limits { fields: 6, name_bytes: 9, depth: 3, ..Limits::default() };
    let cyrillic = Some(encoding_rs::WINDOWS_1251);
    for (query, charset, env, altered) in [
        // C6 of the callers: cut in the middle of a letter, and windows-1251.
        ("workflow_id=900&utm_term=%D0%BC%D0", None, r#"{"utm_term":"м?"}"#, "utm_term"),
        ("city=%CC%EE", None, r#"{"city":"??"}"#, "city"),
        ("city=%CC%EE", cyrillic, r#"{"city":"Мо"}"#, ""),
        ("city=%CC", cyrillic, r#"{"city":"М"}"#, ""),
        ("utm_term=%D0%BC%D0&a=%D0%BC", cyrillic, r#"{"utm_term":"м?","a":"м"}"#, "utm_term"),
        ("%ff=1&%ff=2&b=3", None, r#"{"?":["1","2"],"b":"3"}"#, "?"),
        ("%E0=1", cyrillic, r#"{"а":"1"}"#, ""),
        ("x=a%00b", None, r#"{"x":"a?b"}"#, "x"),
        ("a&b&c&d&e&f&g", None, r#"{"a":"","b":"","c":"","d":"","e":"","f":""}"#, "g"),
        ("a[b][c][d]=1&e=2&x[y][z]=1&x[y][z]=2", None, r#"{"e":"2"}"#, "a[b][c][d x"),
        ("utm_content=1&ключи=2&b=3", None, r#"{"b":"3"}"#, "utm_conte ключ"),
        ("$serde_json::private::Number=1", None, r#"{"?Number":"1"}"#, "?Number"),
    ] {
        let read = selectors(query).unwrap().query.read(charset, &limits);
        let shown = |text: String| text.replace('\u{fffd}', "?");
        let (found, names) = (shown(serde_json::to_string(&read.env).unwrap()), shown(read.altered.join(" ")));
        assert_eq!((found.as_str(), names.as_str()), (env, altered), "{query}");
        assert_eq!(limits.check(&read.env), Ok(()));
    }
}
