//! No file of a crate depends on a file that depends on it: what two files share stands in a third below both.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Source, has_word, production};

/// The crates that are without circles.
const CRATES: [&str; 1] = ["worker/src/"];

/// The modules on which each module depends.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_file_of_the_worker_depends_on_a_file_that_depends_on_it() {
    for folder in CRATES {
        let sources: Vec<Source> = production().into_iter().filter(|one| one.path.starts_with(folder)).collect();
        let modules: BTreeSet<String> = sources.iter().map(|one| module(&one.path, folder)).collect();
        let arrows: Arrows =
            sources.iter().map(|one| (module(&one.path, folder), uses(one, folder, &modules))).collect();
        let found: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(found > 200, "only {found} arrows were found in {folder}");
        assert_eq!(circle(&arrows), None, "{folder}");
    }
}

#[test]
fn a_circle_is_found_and_paths_are_read_as_rust_does() {
    let arrows = |pairs: &[(&str, &[&str])]| -> Arrows {
        pairs.iter().map(|(from, to)| ((*from).to_owned(), to.iter().map(|to| (*to).to_owned()).collect())).collect()
    };
    assert_eq!(circle(&arrows(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&arrows(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap();
    assert_eq!(found, ["b", "c", "b"]);
    assert_eq!(
        expand("crate::a::{self, b::{C, d}, e as f}"),
        ["crate::a::self", "crate::a::b::C", "crate::a::b::d", "crate::a::e"]
    );
    for (path, expected) in
        [("crate::x::y", "x::y"), ("super::y", "a::y"), ("self::y", "a::b::y"), ("super::super::y", "y")]
    {
        assert_eq!(absolute(path, "a::b").as_deref(), Some(expected));
    }
}

/// The path of a module, such as `bundle::effects`; that of `lib.rs` is empty.
fn module(path: &str, folder: &str) -> String {
    let name = path.trim_start_matches(folder).trim_end_matches(".rs").replace('/', "::");
    if name == "lib" { String::new() } else { name }
}

/// The modules that a file names: in imports, in full paths, and by the name of its own child.
fn uses(source: &Source, folder: &str, modules: &BTreeSet<String>) -> BTreeSet<String> {
    let (from, code) = (module(&source.path, folder), &source.code);
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let items = code.split(';').map(|item| item.rsplit_once("use ").unwrap_or((item, "")));
    let named = items.flat_map(|(before, tree)| {
        // `pub(super)` is no path.
        let inline = before.split(|c| !is_part(c)).filter(|path| path.contains("::")).map(str::to_owned);
        expand(tree).into_iter().chain(inline).collect::<Vec<_>>()
    });
    let children =
        code.lines().filter_map(|line| line.trim().strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name));
    let children: Vec<&str> =
        children.filter(|name| has_word(&code.replace(&format!("mod {name};"), ""), name)).collect();
    let of_child = |path: &str| children.iter().any(|child| path.starts_with(&format!("{child}::")));
    let paths = named.filter_map(|path| match absolute(&path, &from) {
        None if of_child(&path) => absolute(&format!("self::{path}"), &from),
        path => path,
    });
    let paths = paths.map(|path| {
        let mut place = path.as_str();
        while !modules.contains(place) {
            place = place.rsplit_once("::").map_or("", |(above, _)| above);
        }
        place.to_owned()
    });
    paths.filter(|to| *to != from).collect()
}

/// The paths of a tree of imports.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.strip_suffix('}').and_then(|tree| tree.split_once('{')) else {
        return tree.split(" as ").next().map(str::to_owned).into_iter().filter(|path| !path.is_empty()).collect();
    };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for sign in inner.chars() {
        match sign {
            ',' if depth == 0 => parts.push(String::new()),
            sign => {
                depth += i32::from(sign == '{') - i32::from(sign == '}');
                parts.last_mut().unwrap().push(sign);
            }
        }
    }
    parts.iter().flat_map(|part| expand(part)).map(|path| format!("{}{path}", before.trim())).collect()
}

/// A path from the root of the crate; none = it leads elsewhere.
fn absolute(path: &str, from: &str) -> Option<String> {
    let mut place: Vec<&str> = from.split("::").filter(|part| !part.is_empty()).collect();
    let mut parts = path.split("::").peekable();
    match *parts.peek()? {
        "crate" => place.clear(),
        "self" | "super" => {}
        _ => return None,
    }
    for part in parts {
        match part {
            "crate" | "self" => {}
            "super" => drop(place.pop()?),
            part => place.push(part),
        }
    }
    Some(place.join("::"))
}

/// The modules of a circle, the first of them again at the end.
fn circle(arrows: &Arrows) -> Option<Vec<String>> {
    fn visit<'a>(
        at: &'a str,
        arrows: &'a Arrows,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(begins) = way.iter().position(|one| *one == at) {
            return Some(way[begins..].iter().chain([&at]).map(|one| (*one).to_owned()).collect());
        }
        if !done.contains(at) {
            way.push(at);
            let found = arrows.get(at).into_iter().flatten().find_map(|to| visit(to, arrows, way, done));
            way.pop();
            done.insert(at);
            return found;
        }
        None
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|at| visit(at, arrows, &mut Vec::new(), &mut done))
}
