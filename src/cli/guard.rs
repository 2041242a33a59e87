//! What hooks guard: which references are protected, and which changes concern an approval.

use std::collections::{BTreeMap, BTreeSet};

use globset::Glob;

use super::World;
use crate::change::{Change, FileStatus};
use crate::git::{ChangeRequest, Repository, UnderReview};
use crate::load::{self, ALLOWED_SIGNERS, Config, FREEZE, LoadError, REVOKED};

/// The protected refs, as the base's configuration has them.
pub(super) fn protected_refs(
    repository: &Repository,
    base: &str,
) -> Result<Vec<String>, LoadError> {
    base_config(repository, base).map(|config| config.allowed_refs)
}

/// The configuration at the base; one that cannot be read guards nothing and is an error.
pub(super) fn base_config(repository: &Repository, base: &str) -> Result<Config, LoadError> {
    let bytes = repository
        .read_blob(base, crate::load::config::FILE)
        .map_err(|e| LoadError::git(&e))?;
    let Some(bytes) = bytes else {
        return Ok(Config::default());
    };
    let text = String::from_utf8(bytes).map_err(|_bytes| {
        LoadError::usage(
            "countersign.toml at the base is not UTF-8 text.",
            "Save it as UTF-8.",
        )
    })?;
    Config::read(&text, crate::load::config::FILE)
        .map_err(|problems| LoadError::config(crate::load::config::FILE, &problems))
}

pub(super) fn is_protected(patterns: &[String], name: &str) -> Result<bool, LoadError> {
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| {
            LoadError::usage(
                &format!("[git] allowed_refs: {error}."),
                "Mend the pattern.",
            )
        })?;
        if glob.compile_matcher().is_match(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a change can alter what Terraform does or how it is judged: it touches a Terraform file, `countersign.toml`, what is below
/// `.countersign/`, the list of signers, the file of code owners, a submodule, policies or their data, or any file in or below a directory with Terraform files, such as a template.
pub(super) fn concerns_us(
    repository: &Repository,
    base: &str,
    head: &str,
    world: &World,
) -> Result<bool, LoadError> {
    let git = |e| LoadError::git(&e);
    let ask = ChangeRequest {
        base: Some(base.to_owned()),
        head: Some(head.to_owned()),
        ci: BTreeMap::new(),
    };
    let UnderReview::Change(change, _) = repository.resolve(&ask).map_err(git)? else {
        return Ok(false);
    };
    if only_takes_away(repository, base, head, &change, world) {
        return Ok(false);
    }
    // Both sides: a file that is moved away is gone where it was.
    let touches = |wanted: &dyn Fn(&str) -> bool| {
        let sides = |f: &crate::change::FileChange| {
            wanted(&f.path) || f.old_path.as_deref().is_some_and(wanted)
        };
        change.files.iter().any(sides)
    };
    if touches(&|path| Change::is_terraform_relevant(path)) {
        return Ok(true);
    }
    let mut directories = BTreeSet::new();
    let config = base_config(repository, base)?;
    let signers = config.approval.allowed_signers.as_deref();
    if touches(&|path| path == signers.unwrap_or(ALLOWED_SIGNERS)) {
        return Ok(true);
    }
    let owners = config.approval.codeowners.as_deref();
    if touches(&|path| Some(path) == owners) {
        return Ok(true);
    }
    // What another repository holds is not seen here; it may be a module.
    let submodule = |mode: &Option<String>| mode.as_deref() == Some("160000");
    let mut files = change.files.iter();
    if files.any(|f| submodule(&f.mode) || submodule(&f.old_mode)) {
        return Ok(true);
    }
    for path in config.policy_paths.iter().chain(&config.data_paths) {
        directories.insert(path.trim_start_matches("./").to_owned());
    }
    for commit in [base, head] {
        for entry in repository
            .files_matching(commit, |path, _| {
                [".tf", ".tf.json", ".tofu", ".tofu.json"]
                    .iter()
                    .any(|end| path.ends_with(end))
            })
            .map_err(git)?
        {
            directories.insert(
                entry
                    .path
                    .rsplit_once('/')
                    .map_or(String::new(), |(d, _)| format!("{d}/")),
            );
        }
    }
    Ok(touches(&|path| {
        directories.iter().any(|d| path.starts_with(d.as_str()))
    }))
}

/// Whether a change does nothing but take approvals back or suspend them. That needs nobody's approval, or an alarm would wait for one.
fn only_takes_away(
    repository: &Repository,
    base: &str,
    head: &str,
    change: &Change,
    world: &World,
) -> bool {
    let ours = |f: &crate::change::FileChange| {
        f.old_path.is_none() && matches!(f.path.as_str(), REVOKED | FREEZE)
    };
    if change.files.is_empty() || !change.files.iter().all(ours) {
        return false;
    }
    let path = world.env.get("PATH").map(String::as_str);
    let at = |commit: &str| load::approvers_at(repository, commit, path, world.now).ok();
    // What cannot be read afterwards takes away more than approvals.
    let (Some(before), Some(after)) = (at(base), at(head)) else {
        return false;
    };
    after.revoked.is_superset(&before.revoked)
        && (before.frozen.is_none() || after.frozen.is_some())
}

/// Whether a change does nothing but end a suspension. It is judged as if there were none, or nobody could approve its end.
pub(super) fn only_lifts_freeze(change: Option<&Change>) -> bool {
    change.is_some_and(|change| match change.files.as_slice() {
        [file] => file.path == FREEZE && file.status == FileStatus::Deleted,
        _ => false,
    })
}
