//! The kept corpus of every fuzz target, played through what the target checks: what was found once stays found. Inputs
//! that are made of it by chance are played as well.

#[path = "../fuzz/bodies/address_rules.rs"]
mod address_rules;
#[path = "../fuzz/bodies/batches.rs"]
mod batches;
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
#[path = "../fuzz/bodies/signatures.rs"]
mod signatures;
#[path = "../fuzz/bodies/xml.rs"]
mod xml;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

type Check = fn(&[u8]);

/// What every target checks, by its name.
const TARGETS: [(&str, Check); 9] = [
    ("address_rules", address_rules::check),
    ("batches", batches::check),
    ("client_address", client_address::check),
    ("comparison", comparison::check),
    ("expression", expression::check),
    ("fields", fields::check),
    ("query", query::check),
    ("signatures", signatures::check),
    ("xml", xml::check),
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

/// An input with some bytes changed, put in, taken out, or replaced by a piece of another input.
fn bent(inputs: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<Index>(), 0..4_u8, any::<u8>(), select(inputs.clone()), any::<Index>());
    (select(inputs), vec(change, 1..8)).prop_map(|(mut input, changes)| {
        for (place, kind, byte, other, cut) in changes {
            let at = place.index(input.len() + 1);
            match kind {
                0 => input.insert(at, byte),
                1 if at < input.len() => input[at] ^= byte,
                2 if at < input.len() => drop(input.remove(at)),
                _ => drop(input.splice(at..at, other[..cut.index(other.len() + 1)].iter().copied())),
            }
        }
        input
    })
}

#[test]
fn inputs_made_of_the_kept_ones_hold() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, check) in TARGETS {
        let folder = corpus.join(name);
        let inputs = names(&folder).iter().map(|input| fs::read(folder.join(input)).unwrap()).collect();
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let played = runner.run(&bent(inputs), |input| {
            check(&input);
            Ok(())
        });
        assert!(played.is_ok(), "{name}: {}", played.unwrap_err());
    }
}
