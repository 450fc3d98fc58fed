//! The kept corpus of every fuzz target, played through what the target checks: what was found once stays found.

#[path = "../fuzz/bodies/address_rules.rs"]
mod address_rules;
#[path = "../fuzz/bodies/client_address.rs"]
mod client_address;
#[path = "../fuzz/bodies/comparison.rs"]
mod comparison;
#[path = "../fuzz/bodies/expression.rs"]
mod expression;
#[path = "../fuzz/bodies/fields.rs"]
mod fields;
#[path = "../fuzz/bodies/query.rs"]
mod query;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

type Check = fn(&[u8]);

/// What every target checks, by its name.
const TARGETS: [(&str, Check); 6] = [
    ("address_rules", address_rules::check),
    ("client_address", client_address::check),
    ("comparison", comparison::check),
    ("expression", expression::check),
    ("fields", fields::check),
    ("query", query::check),
];

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_kept_input_of_every_fuzz_target_holds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    assert_eq!(names(&fuzz.join("fuzz_targets")), TARGETS.map(|(name, _)| format!("{name}.rs")));
    for (name, check) in TARGETS {
        let corpus = fuzz.join("corpus").join(name);
        let inputs = names(&corpus);
        assert!((20..=300).contains(&inputs.len()), "{name} has {} inputs", inputs.len());
        for input in inputs.iter().map(|input| corpus.join(input)) {
            let data = fs::read(&input).unwrap();
            assert!(catch_unwind(|| check(&data)).is_ok(), "it does not hold for {}", input.display());
        }
    }
}
