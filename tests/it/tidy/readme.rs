//! The files that the READMEs name exist, their links lead somewhere, and they stay short. Their tables are generated,
//! see [`super::reference`].

use super::sources::{exists, files, read};

/// Every README, relative to the root.
pub fn readmes() -> Vec<String> {
    let found = files().into_iter().filter(|path| path.ends_with("README.md"));
    found.chain(["README.md".to_owned()]).collect()
}

/// The texts between backticks.
fn spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_file_and_folder_that_is_named_is_there() {
    let places = ["shared/", "ingress/", "worker/", "deploy/", "tests/", ".ci/"];
    let mut found = 0;
    for file in readmes() {
        let readme = read(&file);
        let texts = readme.lines().filter(|line| !line.trim_start().starts_with("```"));
        for span in texts.flat_map(spans).filter(|span| places.iter().any(|place| span.starts_with(place))) {
            let path = span.split(' ').next().unwrap();
            assert!(path.contains('<') || exists(path), "{file} names {path}");
            found += 1;
        }
    }
    assert!(found > 100, "only {found} paths were found");
}

#[test]
fn every_link_to_a_file_leads_there() {
    let mut found = 0;
    for file in readmes() {
        let folder = file.trim_end_matches("README.md");
        let readme = read(&file);
        let targets = readme.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        for target in targets.filter(|target| !target.contains("://")) {
            let path = target.split('#').next().unwrap();
            assert!(exists(&format!("{folder}{path}")), "{file} links to {target}");
            found += 1;
        }
    }
    assert!(found > 20, "only {found} links were found");
}

#[test]
fn a_readme_is_short_but_for_its_tables() {
    for file in readmes() {
        let readme = read(&file);
        let lines = readme.lines().filter(|line| !line.starts_with('|')).count();
        assert!(lines <= 250 || file == "shared/README.md", "{file} has {lines} lines beside its tables");
    }
    assert!(read("README.md").lines().count() <= 150);
}
