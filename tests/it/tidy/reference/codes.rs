//! The codes of refusals with their statuses, from the enum that declares them.

use std::collections::BTreeMap;

use super::super::sources::read;
use super::{cell, table};

const FILE: &str = "shared/src/intake/error.rs";

pub fn part() -> String {
    let text = read(FILE);
    let (meanings, statuses) = (meanings(&text), statuses(&text));
    let codes = arms(&text, "fn as_str");
    let mut rows: Vec<(u16, String, &str)> = (codes.iter())
        .map(|(variants, code)| {
            let [variant] = variants.as_slice() else { panic!("{code} is the code of several: {variants:?}") };
            (statuses[variant], code.trim_matches('"').to_owned(), meanings[variant].as_str())
        })
        .collect();
    assert!(rows.len() > 15);
    rows.sort_by_key(|(status, ..)| *status);
    let row =
        |(status, code, meaning): (u16, String, &str)| vec![status.to_string(), format!("`{code}`"), cell(meaning)];
    table(&["status", "code", "when"], rows.into_iter().map(row))
}

/// The doc comments of the variants.
fn meanings(text: &str) -> BTreeMap<String, String> {
    let body = text.split_once("pub enum ErrorCode {").unwrap().1.split_once("\n}").unwrap().0;
    let (mut meanings, mut comment) = (BTreeMap::new(), String::new());
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix("///") {
            Some(more) => comment += more,
            None => {
                let variant = line.split(['(', ',']).next().unwrap();
                meanings.insert(variant.to_owned(), std::mem::take(&mut comment));
            }
        }
    }
    meanings
}

fn statuses(text: &str) -> BTreeMap<String, u16> {
    let arms = arms(text, "fn status").into_iter();
    arms.flat_map(|(variants, status)| variants.into_iter().map(move |one| (one, status.parse().unwrap()))).collect()
}

/// The arms of the match in a function: the variants of each, and the value.
fn arms(text: &str, function: &str) -> Vec<(Vec<String>, String)> {
    let body = text.split_once(function).unwrap().1.split_once("match self {").unwrap().1;
    let body = body.split_once("\n        }").unwrap().0;
    let arms = body.split(",\n").filter_map(|arm| arm.split_once("=>"));
    let variants = |pattern: &str| -> Vec<String> {
        let named = pattern.split("Self::").skip(1);
        named.map(|one| one.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned()).collect()
    };
    arms.map(|(pattern, value)| (variants(pattern), value.trim().trim_end_matches(',').to_owned())).collect()
}
