//! `init`: a commented configuration, a CI job and a starter policy with its test.
//!
//! Never overwrites: a file that is there stays as it is, and is said to.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::World;
use super::approvals::write;
use crate::load::LoadError;
use crate::review::Exit;
use crate::text::Printable;

/// The files, by path from the working directory.
const FILES: [(&str, &str); 4] = [
    ("countersign.toml", include_str!("init/countersign.toml")),
    (
        ".github/workflows/countersign.yml",
        include_str!("init/workflow.yml"),
    ),
    (
        "policies/public_databases.rego",
        include_str!("init/public_databases.rego"),
    ),
    (
        "policies/public_databases_test.rego",
        include_str!("init/public_databases_test.rego"),
    ),
];

/// What to do next.
const NEXT: &str = "\
next:
  countersign policy check                  are the policies in order?
  countersign policy test --coverage        do they find what they should?
  countersign policy list                   all policies that a review uses
  terraform plan -out=tfplan && terraform show -json tfplan > plan.json
  countersign --trust worktree plan.json    review, with these files before they are merged
";

/// Runs `init`.
pub(super) fn run(world: &World) -> Result<Exit, LoadError> {
    let mut text = String::new();
    for (path, content) in FILES {
        let made = create(&world.directory, path, content).map_err(|error| {
            // What was written before is said, too.
            let so_far = Printable::lines(&text);
            LoadError::usage(
                &format!("{path} cannot be written: {error}."),
                &format!("{so_far}Run it in a directory that you may write to."),
            )
        })?;
        text.push_str(&if made {
            format!("wrote {path}\n")
        } else {
            format!("kept  {path} (it exists)\n")
        });
    }
    text.push_str(NEXT);
    write(&text)?;
    Ok(Exit::Pass)
}

/// Writes a file that must not exist; `false` when it does, whatever it is.
fn create(root: &Path, path: &str, content: &str) -> std::io::Result<bool> {
    let path = root.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
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
