use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{of, problems};
use crate::source::{SourceIndex, references, strip_keys, tokens};

const SAMPLE: &str = "# top\nterraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\", version = \"~> 5\" }\n  }\n}\n\nlocals {\n  a = <<-EOT\n    ${var.x} } %{ if a }{%{ endif }\n  EOT\n  b = \"${ { a = \"}\" }[\"a\"] }\" // c\n}\nresource \"a\" \"b\" {\n  for_each = { for k, v in var.all : k => v } /* x */\n  provisioner \"local-exec\" {\n    when = destroy\n  }\n}\nmodule \"m\" {\n  source = \"./m\"\n}\n";
const JSON: &str = "{\"resource\": {\"a\": {\"b\": [{\"provisioner\": {\"x\": {\"when\": \"destroy\"}}}]}}, \"module\": {\"m\": {\"source\": \"./m\"}}}";

/// Generous, so that a slow machine passes, and small enough that quadratic work does not.
const PATIENCE: Duration = Duration::from_secs(120);

fn survives(bytes: &[u8]) {
    let files = ["main.tf", "main.tf.json", ".terraform.lock.hcl", "m/x.tf"]
        .map(|path| (path.to_owned(), bytes.to_vec()));
    let index = SourceIndex::build(files, "", None);
    for block in index.facts.blocks.iter().chain(&index.facts.locals) {
        assert!(block.line >= 1 && block.line <= block.end_line);
        assert!(block.bytes.end <= bytes.len() * 3 + 3 && block.bytes.start < block.bytes.end);
        drop(index.references_of(block));
        index.text_of(block).unwrap();
    }
    for problem in &index.problems {
        assert!(problem.line.is_some_and(|line| line >= 1));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut end = 0;
    for (range, _) in tokens(&text) {
        assert!(range.start >= end && text.get(range.clone()).is_some_and(|part| !part.is_empty()));
        end = range.end;
    }
    drop(references(&text));
    drop(strip_keys(&text));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn changed_bytes_never_panic(
        json in any::<bool>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = if json { JSON } else { SAMPLE }.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        survives(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        survives(&bytes);
    }

    #[test]
    fn syntax_in_any_order_never_panics(
        parts in vec(prop::sample::select(vec![
            "\"", "${", "%{", "}", "{", "<<EOT\n", "EOT\n", "\n", "a", " = ", "[", "]", "(", ")", "#", "//", "/*", "*/",
            "\\", "resource \"a\" \"b\" {\n", "$", "%", "ü", "\r", ",", ":", "1.5e3", ".", "<<-X\r\n", "module.m",
        ]), 0..60),
    ) {
        survives(parts.concat().as_bytes());
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        survives(&bytes);
    }
}

#[test]
fn deep_nesting_neither_overflows_nor_slows_down() {
    let started = Instant::now();
    let many = 100_000;
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{", "}"),
        ("\"${", "}\""),
        ("{a=", "}"),
        ("${", "}"),
        ("<<E\n${", "}\nE\n"),
        ("\"%{", ""),
        ("[{(", ""),
        ("(", "}"),
        ("{", ")"),
        ("\"", ""),
    ] {
        let value = format!("{}{}", open.repeat(many), close.repeat(many));
        let text = format!("locals {{\n  x = {value}\n}}\nvariable \"after\" {{}}\n");
        survives_in_time(&text, started);
    }
    for open in [
        "a {\n",
        "a \"b\" {",
        "{",
        "}",
        "a = {\n",
        "a = [\n",
        "a = \"${\n",
        "a = <<E\n",
        "a ",
        "\"",
        "/*",
        "<<A\n",
    ] {
        survives_in_time(&open.repeat(many), started);
    }
    let json = format!("{{\"resource\": {}{}}}", "[".repeat(many), "]".repeat(many));
    survives_in_time(&json, started);
    survives_in_time(&"{\"resource\":".repeat(many), started);
    survives_in_time(&"{\"check\":{\"a\":{\"data\":".repeat(many / 10), started);
}

fn survives_in_time(text: &str, started: Instant) {
    for path in ["a.tf", "a.tf.json"] {
        let files = [(path.to_owned(), text.as_bytes().to_vec())];
        drop(SourceIndex::build(files, "", None));
    }
    drop(tokens(text));
    drop(references(text));
    let beginning: String = text.chars().take(40).collect();
    assert!(started.elapsed() < PATIENCE, "slow from {beginning:?} on");
}

#[test]
fn a_deeply_nested_value_does_not_hide_what_follows() {
    let value = format!("{}1{}", "{a=[\"${".repeat(5000), "}\"]}".repeat(5000));
    let index = of(&format!(
        "locals {{\n  x = {value}\n}}\nvariable \"after\" {{}}\n"
    ));
    assert!(index.locate_config("var.after").is_some());
    assert!(problems(&index).is_empty());
}

#[test]
fn blocks_below_the_limit_are_skipped_with_a_problem() {
    let text = format!(
        "{}{}variable \"after\" {{}}\n",
        "a {\n".repeat(600),
        "}\n".repeat(600)
    );
    let index = of(&text);
    assert!(index.locate_config("var.after").is_some());
    assert_eq!(
        problems(&index),
        [(501, "Blocks are nested too deeply; this one was skipped.")]
    );
}

#[test]
fn problems_of_one_file_are_counted_when_there_are_too_many() {
    let index = of(&"!\n".repeat(1000));
    assert_eq!(index.problems.len(), 51);
    let last = (50, "950 more places were not understood.");
    assert!(problems(&index).contains(&last));
}

#[test]
fn the_same_files_in_another_order_give_the_same_index() {
    let files = [
        ("b.tf", SAMPLE),
        ("a.tf.json", JSON),
        ("m/x.tf", "variable \"x\" {}\n"),
    ];
    let text = |order: &[(&str, &str)]| serde_json::to_string(&super::index(order)).unwrap();
    let mut reversed = files;
    reversed.reverse();
    assert_eq!(text(&files), text(&reversed));
}
