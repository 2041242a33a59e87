//! `policy check`: everything that is wrong or odd about policies, at once.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::super::World;
use super::super::approvals::write;
use super::super::args::ListFormat;
use super::{directories, settings, write_json};
use crate::load::{self, LoadError};
use crate::policy::{Diagnosis, diagnose};
use crate::review::Exit;
use crate::text::Printable;

/// Runs `policy check`.
pub(super) fn run(
    named: Option<&PathBuf>,
    format: ListFormat,
    world: &World,
) -> Result<Exit, LoadError> {
    let config = load::local_config(&world.directory)?;
    let mut all = Vec::new();
    let (mut files, mut packages, mut rules) = (0, 0, 0);
    for directory in directories(named, world)? {
        let bundle = load::test_bundle(&directory)?;
        let found = diagnose(&bundle, settings(&config, world));
        files += found.files;
        packages += found.packages;
        rules += found.rules;
        all.extend(found.diagnoses);
    }
    let errors = all.iter().filter(|d| d.error).count();
    let warnings = all.len() - errors;
    match format {
        ListFormat::Json => write_json(&json!({
            "schema": "countersign.policy-check/v1",
            "files": files,
            "packages": packages,
            "rules": rules,
            "errors": errors,
            "warnings": warnings,
            "problems": all.iter().map(entry).collect::<Vec<Json>>(),
        }))?,
        ListFormat::Human => {
            let mut text: String = all.iter().map(told).collect();
            let count = |n: usize, one: &str| match n {
                1 => format!("1 {one}"),
                n => format!("{n} {one}s"),
            };
            text.push_str(&format!(
                "{}, {}, {}: {}, {}\n",
                count(files, "file"),
                count(packages, "package"),
                count(rules, "rule"),
                count(errors, "error"),
                count(warnings, "warning")
            ));
            write(Printable::lines(&text).as_str())?;
        }
    }
    Ok(if errors == 0 {
        Exit::Pass
    } else {
        Exit::Policy
    })
}

fn entry(diagnosis: &Diagnosis) -> Json {
    json!({
        "severity": if diagnosis.error { "error" } else { "warning" },
        "file": diagnosis.file,
        "line": diagnosis.line,
        "column": diagnosis.column,
        "message": diagnosis.message,
        "source": diagnosis.source,
    })
}

fn told(diagnosis: &Diagnosis) -> String {
    let word = if diagnosis.error { "error" } else { "warning" };
    let mut place = diagnosis.file.to_string();
    for number in [diagnosis.line, diagnosis.column].into_iter().flatten() {
        place.push_str(&format!(":{number}"));
    }
    let mut text = format!("{place}: {word}: {}\n", diagnosis.message);
    if let (Some(source), Some(line)) = (&diagnosis.source, diagnosis.line) {
        let margin = " ".repeat(line.to_string().len());
        text.push_str(&format!(
            " {line} | {source}\n {margin} | {}^\n",
            " ".repeat(diagnosis.indent)
        ));
    }
    text
}
