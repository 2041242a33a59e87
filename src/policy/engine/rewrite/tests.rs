#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use super::super::parse::parse;
use super::{Names, rewrite};

/// The rewritten text of one module, which keeps its lines.
fn rewritten(text: &str) -> String {
    let parsed = parse("a.rego", &Arc::from(text)).unwrap();
    let names = Names::read(std::iter::once(&parsed.module));
    let done = rewrite(&parsed.text, &parsed.module, &names, &|line, chain| {
        format!("[{line}, {chain}]")
    });
    assert_eq!(done.problems, [], "{text}");
    let out = done.text.unwrap_or_else(|| parsed.text.to_string());
    assert_eq!(out.lines().count(), parsed.text.lines().count(), "{out}");
    out
}

#[test]
fn debug() {
    if let Ok(path) = std::env::var("REWRITE") {
        println!("{}", rewritten(&std::fs::read_to_string(path).unwrap()));
    }
}
