//! `init`: a commented configuration, a CI job and a starter policy with its test.
//!
//! In a repository everything is written at the top of its work tree, where a review looks for it. Never overwrites: a file that is there
//! stays as it is, and is said to.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::approvals::write;
use super::args::{CiArg, InitArgs};
use super::{World, approvals};
use crate::git::Repository;
use crate::load::LoadError;
use crate::review::Exit;
use crate::text::Printable;

/// A file: its path from the top, and its text.
type Starter = (&'static str, &'static str);

/// For every repository.
const FILES: [Starter; 3] = [
    ("countersign.toml", include_str!("init/countersign.toml")),
    (
        "policies/public_databases.rego",
        include_str!("init/public_databases.rego"),
    ),
    (
        "policies/public_databases_test.rego",
        include_str!("init/public_databases_test.rego"),
    ),
];

/// For GitHub Actions.
const GITHUB: [Starter; 1] = [(
    ".github/workflows/countersign.yml",
    include_str!("init/workflow.yml"),
)];

/// The file that GitLab looks for.
const GITLAB_MAIN: &str = ".gitlab-ci.yml";

/// What it includes.
const GITLAB_INCLUDE: &str = "include:\n  - local: .gitlab/countersign.yml\n";

/// For GitLab: the jobs in a file of their own, so that an existing pipeline needs one line more.
const GITLAB: [Starter; 2] = [
    (".gitlab/countersign.yml", include_str!("init/gitlab.yml")),
    (GITLAB_MAIN, GITLAB_INCLUDE),
];

/// What to do next.
const NEXT: &str = "\
next:
  countersign policy check                  are the policies in order?
  countersign policy test --coverage        do they find what they should?
  countersign policy list                   all policies that a review uses
  terraform plan -out=tfplan && terraform show -json tfplan > plan.json
  countersign --trust worktree plan.json    review, with these files before they are merged
  countersign hook install                  stop merges and pushes of what is blocked or not approved
";

/// Runs `init`.
pub(super) fn run(args: &InitArgs, world: &World) -> Result<Exit, LoadError> {
    let repository = approvals::open(None, world).ok();
    let root = repository
        .as_ref()
        .and_then(Repository::workdir)
        .unwrap_or(&world.directory);
    let (ci, why) = match args.ci {
        Some(ci) => (ci, String::new()),
        None => found_ci(repository.as_ref(), root),
    };
    let ci_files: &[Starter] = match ci {
        CiArg::Github => &GITHUB,
        CiArg::Gitlab => &GITLAB,
        CiArg::None => &[],
    };
    let mut text = String::new();
    if root != world.directory.as_path() {
        let shown = Printable::line(&root.display().to_string());
        text.push_str(&format!("in {shown}, the top of the repository:\n"));
    }
    let mut include = false;
    for (path, content) in FILES.iter().chain(ci_files) {
        let made = create(root, path, content).map_err(|error| {
            // What was written before is said, too.
            let so_far = Printable::lines(&text);
            LoadError::usage(
                &format!("{path} cannot be written: {error}."),
                &format!("{so_far}Run it in a directory that you may write to."),
            )
        })?;
        include |= *path == GITLAB_MAIN && !made;
        text.push_str(&if made {
            format!("wrote {path}\n")
        } else {
            format!("kept  {path} (it exists)\n")
        });
    }
    text.push_str(&why);
    text.push_str(NEXT);
    if include {
        text.push_str(&format!(
            "add to {GITLAB_MAIN}, unless it is there:\n  {}",
            GITLAB_INCLUDE.replace("\n  ", "\n    ")
        ));
    }
    let ignored = |path| repository.as_ref().is_some_and(|r| r.is_ignored(path));
    if !ignored("plan.json") || !ignored("tfplan") {
        text.push_str("plans hold secrets in clear text; add plan.json and tfplan to .gitignore\n");
    }
    write(&text)?;
    Ok(Exit::Pass)
}

/// The CI that the remote, or a file that is there, speaks for; with what led to it.
fn found_ci(repository: Option<&Repository>, root: &Path) -> (CiArg, String) {
    let origin = repository.and_then(|repository| repository.origin().ok().flatten());
    let host = origin
        .as_deref()
        .and_then(|origin| origin.split('/').next());
    let host = host.unwrap_or_default();
    let said = |ci: &str, why: &str| {
        let why = Printable::line(why);
        format!("the CI job is for {ci}: {why}; countersign init --ci chooses another\n")
    };
    if host.contains("gitlab") {
        (
            CiArg::Gitlab,
            said("GitLab", &format!("the remote is {host}")),
        )
    } else if host.contains("github") {
        (
            CiArg::Github,
            said("GitHub", &format!("the remote is {host}")),
        )
    } else if root.join(GITLAB_MAIN).exists() && !root.join(".github").exists() {
        (CiArg::Gitlab, said("GitLab", "there is a .gitlab-ci.yml"))
    } else {
        (
            CiArg::Github,
            said("GitHub", "nothing here speaks for another"),
        )
    }
}

/// Writes a file that must not exist; `false` when it does, whatever it is.
fn create(root: &Path, path: &str, content: &str) -> std::io::Result<bool> {
    // A directory that is a link may lead out of the repository.
    let mut parent = root.to_path_buf();
    for step in Path::new(path).parent().into_iter().flat_map(Path::iter) {
        parent.push(step);
        match std::fs::symlink_metadata(&parent) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let text = format!("{} is no directory of its own", parent.display());
                return Err(std::io::Error::other(text));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => std::fs::create_dir(&parent)?,
            Err(error) => return Err(error),
        }
    }
    let path = root.join(path);
    // A link in the last step is not followed, even one to nowhere.
    match std::fs::File::create_new(&path) {
        Ok(mut file) => {
            file.write_all(content.as_bytes())?;
            file.sync_all()?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
