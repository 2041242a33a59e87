//! Plans changed at random, always in the same way: each is read or refused by name, and what is read keeps its secrets.
//!
//! The library is called itself, because thousands of programs would take too long to start. `tests/fuzz` goes on from here with
//! the same changes and the same oracle, guided by coverage.

mod mutate;
mod oracle;

use std::collections::BTreeSet;

use countersign::plan::{Plan, PlanError};
use serde_json::{Value as Json, json};

use crate::scene::{package, plan, plan_tree};
use mutate::{Random, change, repeat_key, text_of};

/// Fixtures without secrets: the memory-hard pass over secrets takes longer than all the rest.
const OPEN: [&str; 4] = ["02-update", "04-delete", "12-errored", "05-forget"];

fn sensitive() -> Vec<u8> {
    std::fs::read(package("testdata/plans/sensitive.json")).unwrap()
}

/// How many were read, and the kinds of errors of the others.
#[derive(Default)]
struct Outcomes {
    read: usize,
    refused: BTreeSet<String>,
}

impl Outcomes {
    fn of(&mut self, bytes: &[u8]) {
        match oracle::read(bytes) {
            Ok(_) => self.read += 1,
            Err(error) => {
                let kind = format!("{error:?}");
                let kind = kind.split([' ', '(']).next().unwrap();
                self.refused.insert(kind.to_owned());
            }
        }
    }

    fn refused_as(&self, kinds: &[&str]) {
        for kind in kinds {
            assert!(
                self.refused.contains(*kind),
                "no {kind} among {:?}",
                self.refused
            );
        }
    }
}

#[test]
fn changed_trees_are_read_or_refused_by_name() {
    let mut outcomes = Outcomes::default();
    for case in OPEN {
        let tree = plan_tree(case);
        for seed in 0..100 {
            let mut tree = tree.clone();
            change(&mut tree, false, &mut Random::new(seed));
            outcomes.of(text_of(&tree).as_bytes());
        }
    }
    assert!(outcomes.read > 100, "only {} were read", outcomes.read);
    outcomes.refused_as(&["Shape", "DuplicateKey", "TooDeep"]);
}

#[test]
fn changed_plans_keep_their_secrets() {
    let tree: Json = serde_json::from_slice(&sensitive()).unwrap();
    let known = oracle::secrets(&tree).len();
    assert!(known >= 2, "the oracle follows {known} secrets");
    let mut read = 0;
    for seed in 0..12 {
        let mut tree = tree.clone();
        change(&mut tree, true, &mut Random::new(seed));
        read += usize::from(oracle::read(text_of(&tree).as_bytes()).is_ok());
    }
    assert!(read > 3, "only {read} were read");
}

#[test]
fn damaged_bytes_are_read_or_refused_by_name() {
    let mut outcomes = Outcomes::default();
    let mut random = Random::new(1);
    for case in OPEN {
        let whole = plan(case);
        for _ in 0..100 {
            let mut bytes = whole.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] ^= 1 << random.below(8),
                    1 => bytes[at] = random.pick(b"{}[]\",:0-\\ n\x00\xff"),
                    2 => {
                        let end = bytes.len().min(at + random.below(40));
                        bytes.drain(at..end);
                    }
                    _ => {
                        let from = random.below(whole.len());
                        let part = &whole[from..whole.len().min(from + random.below(200))];
                        bytes.splice(at..at, part.iter().copied());
                    }
                }
            }
            outcomes.of(&bytes);
        }
    }
    assert!(outcomes.read > 20, "only {} were read", outcomes.read);
    outcomes.refused_as(&["Json", "NotUtf8"]);
}

#[test]
fn a_plan_cut_anywhere_is_truncated() {
    let whole = plan("12-errored");
    let end = whole.trim_ascii_end().len();
    for length in 1..end {
        let error = oracle::read(&whole[..length]).unwrap_err();
        assert!(
            matches!(error, PlanError::Truncated { .. }),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_key_given_twice_anywhere_is_refused() {
    let tree = plan_tree("02-update");
    let mut tried = 0;
    loop {
        let mut tree = tree.clone();
        if !repeat_key(&mut tree, &mut tried.clone()) {
            break;
        }
        let text = text_of(&tree);
        assert!(Plan::read(text.clone().into_bytes()).is_err(), "{text}");
        tried += 1;
    }
    assert!(tried > 100, "only {tried} keys were repeated");
}

#[test]
fn a_leaf_changed_anywhere_is_another_effect() {
    let tree = plan_tree("02-update");
    let effect = |tree: &Json| Plan::read(tree.to_string().into_bytes()).map(|plan| plan.effect);
    let before = effect(&tree).unwrap();
    let leaves = leaves(&tree, String::new());
    assert!(leaves.len() > 100, "only {} leaves", leaves.len());
    for path in leaves.iter().filter(|path| *path != "/timestamp") {
        let mut other = tree.clone();
        let leaf = other.pointer_mut(path).unwrap();
        *leaf = match leaf.take() {
            Json::Bool(value) => json!(!value),
            Json::String(text) => json!(text + "x"),
            _ => json!(7_654_321),
        };
        // What is no plan any more needs no effect.
        if let Ok(after) = effect(&other) {
            assert_ne!(after, before, "{path}");
        }
    }
}

fn leaves(tree: &Json, path: String) -> Vec<String> {
    match tree {
        Json::Array(items) if !items.is_empty() => (0..)
            .zip(items)
            .flat_map(|(index, item): (usize, _)| leaves(item, format!("{path}/{index}")))
            .collect(),
        Json::Object(fields) if !fields.is_empty() => fields
            .iter()
            .flat_map(|(name, field)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(field, format!("{path}/{name}"))
            })
            .collect(),
        _ => vec![path],
    }
}
