//! What a change does to the rules that judge changes: the policy `policy-tamper`.
//!
//! The review itself reads the base's copies; this tells what will hold once the change is merged. Only what the command line names is
//! read from the file system, where the change under review may lie: that makes a finding here, too.

use std::collections::BTreeMap;
use std::path::Path;

use super::LoadError;
use super::config::{self, Config};
use super::policies::is_wanted;
use crate::change::{Change, FileChange, FileStatus};
use crate::digest::Sink;
use crate::finding::{Location, Own, Target};
use crate::git::Repository;
use crate::policy::own::POLICY_TAMPER;
use crate::text::{Printable, Redactor, fit_end};

/// The directory of this program's own records.
const OWN_DIRECTORY: &str = ".countersign";
/// Where the known hosts look for owners of code.
const OWNERS: [&str; 4] = [
    "CODEOWNERS",
    ".github/CODEOWNERS",
    ".gitlab/CODEOWNERS",
    "docs/CODEOWNERS",
];
/// Most differences that one message names.
const MOST: usize = 8;
/// Most columns of one of them.
const MOST_COLUMNS: usize = 240;

/// A configuration of one commit, or why it cannot be read.
pub(super) type ConfigAt = Result<Config, String>;

/// What comments waive, with file and line; see [`super::waivers::waived`].
pub(super) type Waived = BTreeMap<String, BTreeMap<String, u32>>;

/// Both sides of a change.
pub(super) struct Sides<'a> {
    pub(super) change: &'a Change,
    /// The configuration of the base.
    pub(super) base: &'a Config,
    /// The configuration at the merge base and at the head.
    pub(super) configs: [&'a ConfigAt; 2],
    /// Policy directories and data files of the command line, as paths in the repository.
    pub(super) given: [Vec<String>; 2],
    /// What comments waive at the merge base and at the head.
    pub(super) waived: [Waived; 2],
    pub(super) redactor: &'a Redactor,
}

/// Why a path matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Configuration,
    Approvers,
    Owners,
    Data,
    Policies,
}

impl Kind {
    fn rule(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Approvers => "approvers",
            Self::Owners => "owners",
            Self::Data => "data",
            Self::Policies => "policies",
        }
    }

    fn role(self, path: &str) -> &'static str {
        match self {
            Self::Configuration => "the configuration of the reviews to come",
            Self::Approvers if path.ends_with("/allowed_signers") => {
                "which says who may sign approvals"
            }
            Self::Approvers if path.ends_with("/revoked") => {
                "which says what approvals are revoked"
            }
            Self::Approvers => "which decides about approvals",
            Self::Owners => "which says who must review policies and configuration",
            Self::Data => "which policies read as data",
            Self::Policies => "from which policies are read",
        }
    }
}

/// Reads the configuration of a commit as far as that goes; none is the default.
pub(super) fn config_at(repository: &Repository, commit: &str) -> Result<ConfigAt, LoadError> {
    let bytes = repository
        .read_blob(commit, config::FILE)
        .map_err(|e| LoadError::git(&e))?;
    let Some(bytes) = bytes else {
        return Ok(Ok(Config::default()));
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(Err("it is not UTF-8 text.".to_owned()));
    };
    Ok(
        Config::read(&text, config::FILE).map_err(|problems| match problems.first() {
            Some(problem) => format!("line {}: {}", problem.line, problem.message),
            None => String::new(),
        }),
    )
}

/// Paths of the command line as paths in the repository; those outside are left out.
pub(super) fn in_repository(
    paths: &[std::path::PathBuf],
    directory: &Path,
    root: &Path,
) -> Vec<String> {
    let plain = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let root = plain(root);
    paths
        .iter()
        .filter_map(|path| {
            let place = plain(&directory.join(path));
            let inside = place.strip_prefix(&root).ok()?;
            Some(inside.to_string_lossy().replace('\\', "/"))
        })
        .collect()
}

/// Finds what a change does to configuration, policies, data, approvers, owners and waivers.
pub(super) fn tampering(sides: &Sides<'_>) -> Vec<Own> {
    let paths = Paths::of(sides);
    let mut found = Vec::new();
    for file in &sides.change.files {
        if let Some(kind) = paths.kind(&file.path, file) {
            found.push(touched(sides, kind, file, &file.path));
        }
        // The old side of a rename lost what the path held; a copy took nothing away.
        if file.status == FileStatus::Renamed
            && let Some(old) = &file.old_path
            && let Some(kind) = paths.kind(old, file)
        {
            found.push(touched(sides, kind, file, old));
        }
    }
    found.extend(waiver_changes(sides));
    found
}

/// Paths that matter, from every configuration in question.
struct Paths {
    policies: Vec<String>,
    data: Vec<String>,
    signers: Vec<String>,
}

impl Paths {
    fn of(sides: &Sides<'_>) -> Self {
        let [policies, data] = sides.given.clone();
        let mut paths = Self {
            policies,
            data,
            signers: Vec::new(),
        };
        let [old, new] = sides.configs;
        for config in [Some(sides.base), old.as_ref().ok(), new.as_ref().ok()]
            .into_iter()
            .flatten()
        {
            let plain = |path: &String| {
                path.trim_start_matches("./")
                    .trim_end_matches('/')
                    .to_owned()
            };
            paths.policies.extend(config.policy_paths.iter().map(plain));
            paths.data.extend(config.data_paths.iter().map(plain));
            paths
                .signers
                .extend(config.approval.allowed_signers.iter().map(plain));
        }
        paths
    }

    fn kind(&self, path: &str, file: &FileChange) -> Option<Kind> {
        let is = |place: &str| path == place || is_above(path, place);
        if is(config::FILE) {
            Some(Kind::Configuration)
        } else if is(OWN_DIRECTORY)
            || is_above(OWN_DIRECTORY, path)
            || self.signers.iter().any(|signers| is(signers))
        {
            Some(Kind::Approvers)
        } else if OWNERS.contains(&path) {
            Some(Kind::Owners)
        } else if self.data.iter().any(|data| is(data)) {
            Some(Kind::Data)
        } else {
            let odd = [&file.mode, &file.old_mode]
                .into_iter()
                .flatten()
                .any(|mode| !mode.starts_with("100"));
            let inside = |directory: &str| directory.is_empty() || is_above(directory, path);
            let touches = |directory: &String| {
                is(directory) || (inside(directory) && (odd || is_wanted(path)))
            };
            self.policies.iter().any(touches).then_some(Kind::Policies)
        }
    }
}

/// Whether one path is a directory on the way to another.
fn is_above(directory: &str, path: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn touched(sides: &Sides<'_>, kind: Kind, file: &FileChange, path: &str) -> Own {
    let mut message = format!("This change {}, {}", verb(file, path), kind.role(path));
    if kind == Kind::Configuration && path == config::FILE {
        message.push_str(&format!(": {}", configuration(sides)));
    } else {
        message.push('.');
    }
    let moved_away = path != file.path;
    let line = file
        .hunks
        .first()
        .map(|hunk| hunk.new_start.max(1))
        .filter(|_| file.status != FileStatus::Deleted && !moved_away);
    finding(
        sides,
        kind.rule(),
        path,
        &file.path,
        line,
        &message,
        |sink| {
            sink.text(&serde_json::to_string(file).unwrap_or_default());
            // A file that was not compared by line may be another one at every commit.
            sink.optional(
                sides
                    .change
                    .head
                    .as_deref()
                    .filter(|_| file.hunks.is_empty()),
            );
        },
    )
}

fn verb(file: &FileChange, path: &str) -> String {
    let old = file.old_path.as_deref().unwrap_or_default();
    let word = match file.status {
        FileStatus::Added => format!("adds {path}"),
        FileStatus::Deleted => format!("deletes {path}"),
        FileStatus::Renamed if path == file.path => format!("moves {old} to {path}"),
        FileStatus::Renamed => format!("moves {path} away, to {}", file.path),
        FileStatus::Copied => format!("adds {path}, a copy of {old}"),
        FileStatus::TypeChanged => format!("replaces {path}"),
        FileStatus::Modified if file.hunks.is_empty() && !file.binary => {
            let mode = |mode: &Option<String>| mode.clone().unwrap_or_default();
            let (old, new) = (mode(&file.old_mode), mode(&file.mode));
            return format!("changes the mode of {path} from {old} to {new}");
        }
        FileStatus::Modified => format!("edits {path}"),
    };
    if path != file.path {
        return word;
    }
    match file.mode.as_deref() {
        Some(mode) if mode.starts_with("120") => format!("{word} (a symbolic link)"),
        Some(mode) if mode.starts_with("160") => format!("{word} (a submodule)"),
        Some("100755") if file.old_mode.as_deref() != Some("100755") => {
            format!("{word} (executable)")
        }
        _ => word,
    }
}

/// What the configuration would do otherwise, as the end of a sentence.
fn configuration(sides: &Sides<'_>) -> String {
    match sides.configs {
        [_, Err(problem)] => format!("it cannot be read there, {problem}"),
        [Err(_), Ok(_)] => "it could not be read before and can be now.".to_owned(),
        [Ok(old), Ok(new)] => listed(&old.differences(new)),
    }
}

fn listed(differences: &[String]) -> String {
    // Whoever writes the change chooses the words; a message stays one that can be read.
    let short = |text: &String| fit_end(Printable::line(text).as_str(), MOST_COLUMNS);
    let differences: Vec<String> = differences.iter().map(short).collect();
    match differences.as_slice() {
        [] => "it changes no setting, only comments or layout.".to_owned(),
        few if few.len() <= MOST => format!("it {}.", few.join("; ")),
        many => {
            let (shown, rest) = many.split_at(MOST);
            format!("it {}; and {} more.", shown.join("; "), rest.len())
        }
    }
}

/// What comments waive otherwise, one finding for each file.
fn waiver_changes(sides: &Sides<'_>) -> Vec<Own> {
    let [old, new] = &sides.waived;
    let mut files: BTreeMap<&str, (Option<u32>, Vec<String>)> = BTreeMap::new();
    for (what, places) in new.iter().filter(|(what, _)| !old.contains_key(*what)) {
        for (file, line) in places {
            let (first, said) = files.entry(file).or_default();
            *first = Some(first.map_or(*line, |known| known.min(*line)));
            said.push(format!("adds {what}"));
        }
    }
    for (what, places) in old.iter().filter(|(what, _)| !new.contains_key(*what)) {
        for file in places.keys() {
            let (_, said) = files.entry(file).or_default();
            said.push(format!("removes {what}"));
        }
    }
    files
        .into_iter()
        .map(|(file, (line, said))| {
            let message = format!("By its comments in {file} this change {}", {
                let text = listed(&said);
                text.strip_prefix("it ").unwrap_or(&text).to_owned()
            });
            finding(sides, "waivers", file, file, line, &message, |sink| {
                for what in &said {
                    sink.text(what);
                }
            })
        })
        .collect()
}

/// `subject` is the path that matters, `file` the one that is there to be looked at.
fn finding(
    sides: &Sides<'_>,
    rule: &'static str,
    subject: &str,
    file: &str,
    line: Option<u32>,
    message: &str,
    content: impl FnOnce(&mut Sink),
) -> Own {
    let mut sink = Sink::new("countersign tamper v1");
    sink.text(rule);
    sink.text(message);
    content(&mut sink);
    Own {
        policy: &POLICY_TAMPER,
        rule,
        subject: sides.redactor.line(subject),
        target: Some(Target::new(subject)),
        message: sides.redactor.line(message),
        facts: BTreeMap::new(),
        location: Some(Location {
            file: sides.redactor.line(file),
            line,
            end_line: line,
            in_diff: line.map(|line| sides.change.touches(file, &(line..=line))),
            ..Location::default()
        }),
        content: sink.finish(),
    }
}

#[cfg(test)]
mod tests;
