//! Waivers that stand beside the blocks they are about: `# countersign:waive POLICY until=YYYY-MM-DD [digest=HEX] REASON`.
//!
//! Read from the source of the trusted tree. What cannot be read grants nothing and is a finding, not an error: a comment of the base
//! must not keep the change that mends it from being judged.

use std::collections::{BTreeMap, BTreeSet};

use super::LoadError;
use super::source::SourceTree;
use super::tamper::Waived;
use crate::decision::{Date, Waiver};
use crate::digest::Sink;
use crate::finding::{Location, Own, WaiverRule};
use crate::git::Repository;
use crate::source::{Directive, SourceIndex, may_hold_directives};
use crate::text::Redactor;

/// The word that a comment must begin with.
const WORD: &str = "countersign:waive";

/// Directories of root modules, each with the plans, by index, that are made from it.
pub(super) type Roots = BTreeMap<String, BTreeSet<usize>>;

/// An index from one of them, with its plans.
pub(super) type Indexed = (SourceIndex, BTreeSet<usize>);

/// What the comments of a tree say.
#[derive(Debug, Default)]
pub(super) struct Inline {
    /// Waivers.
    pub(super) waivers: Vec<Waiver>,
    /// Comments that are none, as findings.
    pub(super) faults: Vec<Own>,
}

/// A comment as it is understood.
#[derive(Debug, PartialEq, Eq)]
struct Terms<'a> {
    policy: &'a str,
    until: Date,
    digest: Option<&'a str>,
    reason: &'a str,
}

/// Indexes some files from each root module's directory; nothing where no file holds such a comment, so that most runs index nothing
/// twice. Where the trusted tree has no directory of that name, its comments are about other resources, whatever their addresses.
pub(super) fn indices(tree: &SourceTree, roots: &Roots) -> Vec<Indexed> {
    if !tree
        .files
        .iter()
        .any(|(path, bytes)| may_hold_directives(path, bytes))
    {
        return Vec::new();
    }
    roots
        .iter()
        .map(|(root, plans)| (tree.index(root, None), plans.clone()))
        .collect()
}

/// The files of the work tree in place of those of its commit; one that is gone or is no plain file is left out.
pub(super) fn work_tree(
    tree: &SourceTree,
    repository: &Repository,
) -> Result<SourceTree, LoadError> {
    // A bare repository has none, and the commit under review does not stand in for it.
    let Some(root) = repository.workdir() else {
        return Ok(SourceTree::default());
    };
    let mut out = Vec::new();
    for (path, _) in &tree.files {
        let place = root.join(path);
        let is_file = std::fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_file());
        if is_file {
            let bytes = std::fs::read(&place).map_err(|error| {
                LoadError::input(
                    &format!("{path} cannot be read: {error}."),
                    "Mend its permissions.",
                )
            })?;
            out.push((path.clone(), bytes));
        }
    }
    Ok(tree.with_files(out))
}

/// Reads the comments of a tree. `ids` are all policies that exist.
pub(super) fn read(indices: &[Indexed], ids: &[&str], redactor: &Redactor) -> Inline {
    // One comment belongs to several addresses where several modules share the file.
    let mut places: BTreeMap<(&str, usize), (&Directive, Addresses<'_>)> = BTreeMap::new();
    for (index, plans) in indices {
        let directives = index.facts.directives.iter();
        for directive in directives.filter(|directive| directive.module.is_some()) {
            let (_, addresses) = places
                .entry((&directive.file, directive.line))
                .or_insert_with(|| (directive, Addresses::new()));
            if let Some(address) = &directive.address {
                addresses.entry(address).or_default().extend(plans);
            }
        }
    }
    let mut out = Inline::default();
    for (directive, addresses) in places.into_values() {
        match waiver(directive, &addresses, ids) {
            Ok(waiver) => out.waivers.push(waiver),
            Err(fault) => out.faults.push(malformed(directive, &fault, redactor)),
        }
    }
    out
}

/// Addresses of one block, each with the plans in which it is that block.
type Addresses<'a> = BTreeMap<&'a str, BTreeSet<usize>>;

fn waiver(
    directive: &Directive,
    addresses: &Addresses<'_>,
    ids: &[&str],
) -> Result<Waiver, String> {
    let terms = terms(&directive.text)?;
    let Some(kind) = &directive.kind else {
        return Err(
            "it stands directly at no resource, data or module block, so it waives nothing."
                .to_owned(),
        );
    };
    if addresses.is_empty() {
        return Err("the block it stands at has no address.".to_owned());
    }
    if !ids.contains(&terms.policy) {
        return Err(format!("there is no policy \"{}\".", terms.policy));
    }
    Waiver::inline(
        terms.policy.to_owned(),
        addresses
            .iter()
            .map(|(address, plans)| ((*address).to_owned(), plans.clone()))
            .collect(),
        kind == "module",
        terms.reason,
        terms.until,
        &directive.file,
        line(directive),
    )
    .and_then(|waiver| waiver.with_digest(terms.digest.map(str::to_owned)))
    .map_err(|fault| fault.to_string())
}

/// Reads the text of a comment.
fn terms(text: &str) -> Result<Terms<'_>, String> {
    if text.starts_with("/*") {
        return Err("a waiver is written behind # or //.".to_owned());
    }
    let said = text.trim_start_matches(['#', '/', ' ', '\t']);
    let mut rest = said;
    let mut next = || {
        let (word, more) = rest
            .split_once(|c: char| c.is_whitespace())
            .unwrap_or((rest, ""));
        rest = more.trim();
        word
    };
    let form = format!("write: {WORD} POLICY until=YYYY-MM-DD REASON.");
    if next() != WORD {
        return Err(format!("it begins otherwise than a waiver; {form}"));
    }
    let policy = next();
    if policy.is_empty() || policy.starts_with("until=") {
        return Err(format!("it names no policy; {form}"));
    }
    let until = next();
    let (digest, reason) = match rest.strip_prefix("digest=") {
        Some(more) => {
            let (digest, reason) = more
                .split_once(|c: char| c.is_whitespace())
                .unwrap_or((more, ""));
            (Some(digest), reason.trim())
        }
        None => (None, rest),
    };
    let Some(day) = until.strip_prefix("until=") else {
        return Err(format!("it has no day on which it ends; {form}"));
    };
    let is_day = day.len() == 10
        && day
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let Some(until) = is_day.then(|| day.parse().ok()).flatten() else {
        return Err("its day is none of the form YYYY-MM-DD.".to_owned());
    };
    Ok(Terms {
        policy,
        until,
        digest,
        reason,
    })
}

fn line(directive: &Directive) -> u32 {
    u32::try_from(directive.line).unwrap_or(u32::MAX)
}

fn malformed(directive: &Directive, fault: &str, redactor: &Redactor) -> Own {
    let (file, line) = (&directive.file, line(directive));
    let mut sink = Sink::new("countersign waiver v1");
    sink.text(WaiverRule::Malformed.word());
    sink.text(&directive.text);
    let message = format!("The comment in {file}:{line} is no waiver: {fault}");
    let subject = format!("comment in {file}");
    Own {
        location: Some(Location {
            file: redactor.line(file),
            line: Some(line),
            end_line: Some(line),
            in_diff: None,
            ..Location::default()
        }),
        ..Own::about_waiver(
            WaiverRule::Malformed,
            redactor.line(&subject),
            redactor.line(&message),
            sink.finish(),
        )
    }
}

/// What a tree's comments waive, to be compared with another tree's: for each thing waived, the file and line where it stands.
pub(super) fn waived<'a>(indices: impl IntoIterator<Item = &'a SourceIndex>) -> Waived {
    let mut out = Waived::new();
    let all = indices
        .into_iter()
        .flat_map(|index| &index.facts.directives);
    for directive in all {
        let what = match (&directive.kind, terms(&directive.text)) {
            (Some(kind), Ok(terms)) => {
                // Where no root reaches, the block is named itself: one beside it is another thing waived.
                let place = directive.address.clone().unwrap_or_else(|| {
                    format!(
                        "{kind} {} of {}",
                        directive.labels.join("."),
                        directive.file
                    )
                });
                let digest = terms.digest.map(|digest| format!(", digest {digest}"));
                let digest = digest.unwrap_or_default();
                format!(
                    "a waiver of {} for {place} until {}{digest} ({})",
                    terms.policy, terms.until, terms.reason
                )
            }
            _ => format!("a comment that waives nothing ({})", directive.text),
        };
        out.entry(what)
            .or_default()
            .entry(directive.file.to_string())
            .or_insert(line(directive));
    }
    out
}

#[cfg(test)]
mod tests;
