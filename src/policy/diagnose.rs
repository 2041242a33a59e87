//! Everything that is wrong or odd about a directory of policies and tests, each with its place and its line.

use std::collections::BTreeSet;

use super::bundle::Bundle;
use super::dialect::test_units;
use super::engine::{Loaded, syntax_place};
use super::facts::PolicyProblem;
use super::load::{Policies, Settings};
use super::testing::is_test;
use crate::text::{Printable, display_width};

/// Most characters of a line that are shown.
const MAX_SHOWN: usize = 200;

/// One thing that is wrong or odd.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnosis {
    /// File, or policy where it is about no file.
    pub file: Printable,
    /// Line, counted from 1.
    pub line: Option<u32>,
    /// Column, counted in characters from 1.
    pub column: Option<u32>,
    /// Whether policies cannot be used for it; a warning otherwise.
    pub error: bool,
    /// What, and what was meant perhaps.
    pub message: Printable,
    /// The line of the file.
    pub source: Option<Printable>,
    /// Columns of a terminal in front of the place in that line.
    pub indent: usize,
}

/// What a directory holds, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of files and lines.
    pub diagnoses: Vec<Diagnosis>,
    /// Files with Rego.
    pub files: usize,
    /// Packages with rules that find something.
    pub packages: usize,
    /// Rules that find something.
    pub rules: usize,
}

/// Looks at policies and tests of a bundle.
#[must_use]
pub fn diagnose(bundle: &Bundle, settings: Settings) -> Found {
    let now = i64::try_from(settings.now.as_nanosecond()).unwrap_or(0);
    let mut policies = bundle.clone();
    policies.modules.retain(|module| !is_test(&module.path));
    let loaded = Policies::load(&[policies], settings);
    let mut all = BTreeSet::new();
    for (list, error) in [(&loaded.problems, true), (&loaded.warnings, false)] {
        all.extend(list.iter().map(|p| placed(bundle, p, error)));
    }
    for unit in test_units(bundle) {
        let found = Loaded::load(&unit.bundle, now);
        let errors = found.errors.iter().map(|fault| (fault, true));
        let all_faults = errors.chain(found.asides.iter().map(|fault| (fault, false)));
        for (error, is_error) in all_faults.filter(|(fault, _)| is_test(&fault.file)) {
            let place = error
                .line
                .map_or_else(|| error.file.clone(), |l| format!("{}:{l}", error.file));
            let problem = PolicyProblem {
                policy: Printable::line(&bundle.name),
                place: Some(Printable::line(&place)),
                message: Printable::line(&error.message),
            };
            all.insert(placed(bundle, &problem, is_error));
        }
    }
    Found {
        diagnoses: all.into_iter().collect(),
        files: bundle.modules.len(),
        packages: loaded.summary.packages,
        rules: loaded.summary.rules,
    }
}

/// Finds the line that a problem speaks of, and the column in it.
fn placed(bundle: &Bundle, problem: &PolicyProblem, error: bool) -> Diagnosis {
    let mut out = Diagnosis {
        file: problem.place.clone().unwrap_or(problem.policy.clone()),
        line: None,
        column: None,
        error,
        message: problem.message.clone(),
        source: None,
        indent: 0,
    };
    let place = problem.place.as_ref().map_or("", Printable::as_str);
    let files = bundle.modules.iter().chain(&bundle.sets);
    // Paths are compared as they are shown: a path may hold anything.
    let Some((file, rest)) = files
        .filter_map(|m| {
            let rest = place.strip_prefix(Printable::line(&m.path).as_str())?;
            (rest.is_empty() || rest.starts_with(':')).then_some((m, rest))
        })
        .min_by_key(|(_, rest)| rest.len())
    else {
        return out;
    };
    out.file = Printable::line(&file.path);
    let mut numbers = rest.split(':').skip(1).map_while(|n| n.parse::<u32>().ok());
    (out.line, out.column) = (numbers.next(), numbers.next());
    let unparsed = problem.message.as_str().contains("cannot be parsed");
    if unparsed && let Some((line, column)) = syntax_place(&file.path, &file.text) {
        (out.line, out.column) = (Some(line), Some(column));
    }
    let Some(text) = out
        .line
        .and_then(|line| file.text.lines().nth(line.checked_sub(1)? as usize))
    else {
        return out;
    };
    let column = out
        .column
        .unwrap_or_else(|| column_of(text, problem.message.as_str()));
    out.column = Some(column);
    // Of a very long line a part.
    let at = column.saturating_sub(1) as usize;
    let skipped = if text.chars().count() > MAX_SHOWN {
        at.saturating_sub(MAX_SHOWN / 2)
    } else {
        0
    };
    let shown: String = text.chars().skip(skipped).take(MAX_SHOWN).collect();
    out.source = Some(Printable::line(&shown.replace('\t', "    ")));
    let before: String = shown.chars().take(at - skipped).collect();
    let before = Printable::line(&before.replace('\t', "    "));
    out.indent = display_width(before.as_str());
    out
}

/// Where a name stands in a line, not as a part of another.
fn whole_word(line: &str, name: &str) -> Option<usize> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|text| text.chars().next_back());
        let behind = line
            .get(at + name.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(in_word) && !behind.is_some_and(in_word)
    })
}

/// The column of what a message names: a called function, a quoted word, the first word of the message; else of the line's first word.
fn column_of(line: &str, message: &str) -> u32 {
    let called = message
        .split_once(" calls ")
        .map(|(_, rest)| rest.split([',', ' ']).next().unwrap_or_default());
    let quoted = message.split(['"', '`']).nth(1);
    let first = message.split([' ', ':']).next();
    let names = [called, quoted, first];
    let found = names
        .into_iter()
        .flatten()
        .flat_map(|name| [Some(name), name.rsplit('.').next()])
        .flatten()
        .filter(|name| !name.is_empty())
        .find_map(|name| whole_word(line, name));
    let at = found.unwrap_or_else(|| line.len() - line.trim_start().len());
    let characters = line.get(..at).unwrap_or_default().chars().count();
    u32::try_from(characters + 1).unwrap_or(1)
}
