//! The tables of the READMEs agree with the code, and the files that they name exist: a reader can rely on them.

use std::collections::BTreeSet;

use clap::{Args, CommandFactory};
use postern_shared::options::names;
use postern_shared::store::roles;

use super::sources::{Source, exists, files, production, read};

/// For operators.
const OPERATORS: &str = "deploy/README.md";

/// For people who post.
const CALLERS: &str = "ingress/README.md";

/// For the command line.
const COMMANDS: &str = "deploy/standalone/README.md";

/// Every README, relative to the root.
fn readmes() -> Vec<String> {
    let found = files().into_iter().filter(|path| path.ends_with("README.md"));
    found.chain(["README.md".to_owned()]).collect()
}

/// A part of a README: the text under a heading.
fn section(file: &str, title: &str) -> String {
    let readme = read(file);
    let text = readme.split("\n## ").find(|text| text.lines().next() == Some(title));
    text.unwrap_or_else(|| panic!("{file} has no section {title}")).to_owned()
}

/// The cells of the rows of all tables of a section, without their heads.
fn rows(file: &str, title: &str) -> Vec<Vec<String>> {
    let text = section(file, title);
    let lines: Vec<&str> = text.lines().collect();
    let is_row =
        |at: &usize| lines[*at].starts_with("| ") && !lines.get(at + 1).is_some_and(|next| next.starts_with("|-"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = (0..lines.len()).filter(is_row).map(|at| cells(lines[at])).collect();
    assert!(!rows.is_empty(), "the section {title} has no table");
    rows
}

/// What stands between backticks.
fn spans(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What stands between backticks in the first cells.
fn named(file: &str, title: &str) -> BTreeSet<String> {
    rows(file, title).iter().flat_map(|row| spans(&row[0])).collect()
}

/// Every text that follows `before` in the code, up to a quote.
fn quoted(before: &str) -> BTreeSet<String> {
    let of = |source: &Source| -> Vec<String> {
        source.code.split(before).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
    };
    production().iter().flat_map(of).collect()
}

#[test]
fn the_settings_are_those_of_the_code_with_their_defaults() {
    let services = [
        ("ingress", postern_ingress::Options::command()),
        ("worker", postern_worker::Options::command()),
        ("control", postern_control::Options::command()),
    ];
    let mut of_code: BTreeSet<[String; 3]> = (services.iter())
        .flat_map(|(service, command)| command.get_arguments().map(move |argument| (service, argument)))
        .filter_map(|(service, argument)| {
            let name = argument.get_env()?.to_str().unwrap();
            Some([name.to_owned(), (*service).to_owned(), default(argument)])
        })
        .collect();
    // It reads those of all, and is told apart only where it differs.
    let serve = postern::serve::Options::augment_args(clap::Command::new("serve"));
    for argument in serve.get_arguments() {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()) else { continue };
        let row = |service: &str| [name.to_owned(), service.to_owned(), default(argument)];
        if !services.iter().any(|(service, _)| of_code.contains(&row(service))) {
            of_code.insert(row("serve"));
        }
    }
    let mut written = BTreeSet::new();
    for row in rows(OPERATORS, "Settings") {
        let name = spans(&row[0]).remove(0);
        for service in row[2].split(", ").filter(|reader| *reader != "command line") {
            written.insert([name.clone(), service.to_owned(), row[1].clone()]);
        }
    }
    assert_eq!(written, of_code);
    assert_eq!(named(OPERATORS, "Settings"), quoted("env = \""));
    // The names of which none is warned of.
    assert_eq!(names::known(&clap::Command::new("none")), quoted("env = \""));
}

fn default(argument: &clap::Arg) -> String {
    let values: Vec<_> = argument.get_default_values().iter().map(|text| text.to_str().unwrap()).collect();
    match values.as_slice() {
        _ if argument.is_required_set() => "required".to_owned(),
        [] => "none".to_owned(),
        values => format!("`{}`", values.join(",")),
    }
}

#[test]
fn the_options_of_the_command_line_are_those_of_the_code() {
    let mut of_code = BTreeSet::new();
    for source in production().iter().filter(|source| source.path.starts_with("deploy/standalone/")) {
        for field in source.code.split("#[arg(").skip(1).filter(|field| {
            let declared = field.lines().next().unwrap();
            // Those of the environment are settings, which have a table of their own.
            declared.contains("long") && !declared.contains("env = ")
        }) {
            let name = match field.split_once("long = \"") {
                Some((before, named)) if !before.contains('\n') => named.split('"').next().unwrap(),
                _ => field.lines().nth(1).unwrap().split(':').next().unwrap().rsplit(' ').next().unwrap(),
            };
            of_code.insert(format!("--{}", name.replace('_', "-")));
        }
    }
    let written = spans(&section(COMMANDS, "The command line"));
    let options = written.iter().flat_map(|span| span.split([' ', '[', ']']));
    let options: BTreeSet<String> = options.filter(|word| word.starts_with("--")).map(str::to_owned).collect();
    assert_eq!(options, of_code);
    let commands = production().into_iter().find(|source| source.path == "deploy/standalone/src/main.rs").unwrap().code;
    let commands = commands.split("enum Command {").nth(1).unwrap().split('}').next().unwrap().to_lowercase();
    let commands: BTreeSet<&str> = commands.lines().filter_map(|line| Some(line.trim().split_once('(')?.0)).collect();
    let rows = rows(COMMANDS, "The command line");
    assert_eq!(
        rows.iter().map(|row| row[0].trim_matches('`').split(' ').next().unwrap()).collect::<BTreeSet<_>>(),
        commands
    );
}

#[test]
fn the_routes_are_those_of_the_code() {
    let mut of_code: BTreeSet<String> = BTreeSet::from(["/{short_url}".to_owned()]);
    for source in production() {
        for path in source.code.split("path!(").skip(1) {
            let path = path.split(')').next().unwrap();
            of_code.insert(format!("/{}", path.replace('"', "").replace(" / ", "/")));
        }
    }
    of_code.extend(
        quoted("path.strip_prefix(\"").into_iter().filter(|path| path.starts_with('/')).map(|path| path + "{id}"),
    );
    let mut written = named(CALLERS, "The public routes");
    written.extend(named(OPERATORS, "Routes of the private listeners"));
    let paths = written.iter().map(|route| route.rsplit(' ').next().unwrap().to_owned());
    assert_eq!(paths.collect::<BTreeSet<_>>(), of_code);
}

#[test]
fn the_codes_of_refusals_are_those_of_the_code() {
    let sources = production();
    let errors = sources.iter().find(|source| source.path == "shared/src/intake/error.rs").unwrap();
    let codes = errors.code.split("fn as_str").nth(1).unwrap().split("fn ").next().unwrap();
    let codes: BTreeSet<&str> = codes.split('"').skip(1).step_by(2).collect();
    let answers = rows(CALLERS, "Answers").into_iter();
    let written: BTreeSet<String> = answers.flat_map(|row| spans(&row[1])).collect();
    assert_eq!(written.iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
}

#[test]
fn the_metrics_are_those_of_the_code() {
    let is_name = |text: &String| {
        text.starts_with("postern_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let of_code: BTreeSet<String> =
        production().into_iter().flat_map(|source| source.literals).filter(is_name).collect();
    assert_eq!(named(OPERATORS, "Metrics"), of_code);
}

#[test]
fn the_limits_are_constants_of_the_files_that_are_named() {
    for row in rows(OPERATORS, "Limits") {
        for name in spans(&row[0]) {
            let file = &spans(&row[1])[0];
            assert!(read(file).contains(&format!("const {name}: ")), "{file} has no {name}");
        }
    }
}

#[test]
fn what_outsiders_can_hold_and_what_roles_may_do_are_tables_of_the_code() {
    let readme = read(OPERATORS);
    for (name, of_code) in [
        ("postern_ingress::limits", postern_ingress::limits::table()),
        ("postern_control::limits", postern_control::limits::table()),
        ("postern_shared::store::roles", roles::table()),
    ] {
        let (_, table) = readme.split_once(&format!("<!-- {name}::table() -->\n")).unwrap();
        let (table, _) = table.split_once("<!-- end of the table -->").unwrap();
        assert_eq!(table, of_code, "put this between the markers:\n{of_code}");
    }
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
