//! The report of an earlier run, to compare with.
//!
//! Who writes the change must not say what is known already. A path in the repository is therefore read from the base commit, as
//! configuration and waivers are; one outside is the invoker's, as `-p` is.

use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use super::plans::read_file;
use super::{LoadError, Request};
use crate::digest::Digest;
use crate::git::Repository;
use crate::report::schema;
use crate::review::{Baseline, ReviewCase, baseline_roots};
use crate::text::Printable;

const HINT: &str =
    "Write one from the default branch: countersign --check --report json=baseline.json";

/// Puts the baseline that was asked for into the case.
pub(super) fn add(
    case: &mut ReviewCase,
    request: &Request,
    repository: Option<&Repository>,
    base: Option<&str>,
) -> Result<(), LoadError> {
    let Some(path) = &request.baseline else {
        return Ok(());
    };
    let name = path.to_string_lossy();
    let fail =
        |what: &str| LoadError::input(&format!("The baseline {name} cannot be used: {what}"), HINT);
    let joined = request.directory.join(path);
    let inside = repository
        .and_then(Repository::workdir)
        .and_then(|root| inside(&joined, root));
    let bytes = if let (Some(repository), Some(base), Some(file)) = (repository, base, &inside) {
        let blob = repository.read_blob(base, file);
        blob.map_err(|error| LoadError::git(&error))?
            .ok_or_else(|| LoadError {
                hint: Printable::line(
                    "Commit it to the base, or name a file outside of the repository.",
                ),
                ..fail("it lies in the repository, and the base commit has no such file.")
            })?
    } else {
        if inside.is_some() {
            case.notices.push(Printable::line(
                "the baseline was read from the work tree, which the change under review can edit.",
            ));
        }
        read_file(path, &request.directory).map_err(|error| LoadError {
            hint: Printable::line(HINT),
            ..error
        })?
    };
    let report: Json = serde_json::from_slice(&bytes)
        .map_err(|error| fail(&format!("it is not JSON, or not all of it: {error}.")))?;
    schema::check(&report)
        .map_err(|error| fail(&format!("it is no report of this version: {error}.")))?;
    let baseline = Baseline::read(report, (&name, Digest::of(&bytes)), case)
        .map_err(|error| fail(&format!("it is no report of this version: {error}.")))?;
    let now = baseline_roots(case);
    if baseline.roots.is_disjoint(&now) {
        let list = |roots: &std::collections::BTreeSet<Printable>| {
            let mut shown: Vec<&str> = roots.iter().take(3).map(Printable::as_str).collect();
            if roots.len() > shown.len() {
                shown.push("…");
            }
            shown.join(", ")
        };
        let there = match baseline.roots.len() {
            0 => "no plan".to_owned(),
            _ => list(&baseline.roots),
        };
        return Err(fail(&format!(
            "it is about {there}, and this run is about {}.",
            list(&now)
        )));
    }
    if !baseline.same_rules {
        case.notices.push(Printable::line(
            "the baseline was made with other policies or another configuration; what is no longer found may be no longer looked for.",
        ));
    }
    case.baseline = Some(baseline);
    Ok(())
}

/// The path in the work tree that a path names, wherever links on the way lead to: the change can make any directory a link.
fn inside(path: &Path, root: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let absolute = plain(&std::path::absolute(path).ok()?);
    let step = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let mut rest = PathBuf::new();
    let mut above = absolute.as_path();
    let mut found = None;
    loop {
        // The outermost directory that is the root: what lies below it is a path of the repository.
        if above.canonicalize().is_ok_and(|real| real == root) {
            found = Some(step(&rest));
        }
        let (Some(parent), Some(name)) = (above.parent(), above.file_name()) else {
            break;
        };
        rest = if rest.as_os_str().is_empty() {
            PathBuf::from(name)
        } else {
            Path::new(name).join(rest)
        };
        above = parent;
    }
    // A link outside that leads in.
    let led_in = || {
        let real = absolute.canonicalize().ok()?;
        real.strip_prefix(&root).ok().map(step)
    };
    found.or_else(led_in)
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_of_the_repository_is_one_whatever_links_say() {
        use std::os::unix::fs::symlink;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["repo/sub", "outside"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        std::fs::write(at("outside/b.json"), "{}").unwrap();
        std::fs::write(at("repo/b.json"), "{}").unwrap();
        symlink(at("outside"), at("repo/led-out")).unwrap();
        symlink(at("repo"), at("alias")).unwrap();
        symlink(at("repo/b.json"), at("outside/led-in.json")).unwrap();
        let found = |name: &str| inside(&at(name), &at("repo"));
        assert_eq!(found("repo/b.json").as_deref(), Some("b.json"));
        assert_eq!(found("repo/sub/../b.json").as_deref(), Some("b.json"));
        assert_eq!(
            found("repo/led-out/b.json").as_deref(),
            Some("led-out/b.json")
        );
        assert_eq!(
            found("alias/led-out/b.json").as_deref(),
            Some("led-out/b.json")
        );
        assert_eq!(found("outside/led-in.json").as_deref(), Some("b.json"));
        assert_eq!(found("repo/missing.json").as_deref(), Some("missing.json"));
        assert_eq!(found("outside/b.json"), None);
        assert_eq!(found("repo/../outside/b.json"), None);
    }
}
