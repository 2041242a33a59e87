//! Files of a policy directory that are not loaded, where that may surprise.

use super::super::bundle::{Bundle, Module};
use super::super::testing::is_test;
use super::split::{Fault, outline};
use super::suffixed;

/// What there is to say about the files of a bundle that are not loaded.
pub(in crate::policy) fn left_out(bundle: &Bundle) -> Vec<Fault> {
    let files = bundle.left_out.iter();
    files
        .filter_map(|module| {
            let (line, message) = if is_test(&module.path) {
                let (line, name) = finds(module)?;
                let message = format!(
                    "the rule {name} is not evaluated: the name of this file ends in _test.rego, so it is a file of tests."
                );
                (Some(line), message)
            } else {
                (None, "this file is not read: write its ending as .rego.".to_owned())
            };
            Some(Fault {
                file: module.path.clone(),
                line,
                message,
            })
        })
        .collect()
}

/// The first rule of a file that would find something.
fn finds(module: &Module) -> Option<(u32, String)> {
    let looks = |line: &str| {
        let line = line.trim_start();
        ["deny", "violation", "warn"]
            .iter()
            .any(|word| line.starts_with(word))
    };
    // Most tests only name such rules.
    if !module.text.lines().any(looks) {
        return None;
    }
    let heads = outline(module).heads.into_iter();
    heads
        .filter(|head| !head.function && suffixed(&head.name).is_some())
        .map(|head| (head.line, head.name))
        .next()
}
