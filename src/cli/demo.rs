//! `demo`: the whole job on an embedded example.
//!
//! A plan that Terraform made from the second of two commits, with both commits in a repository of its own in the temporary directory,
//! which goes when the demonstration ends.

use std::path::Path;

use super::args::{DemoArgs, GateArgs, ReviewArgs, SubjectArgs};
use super::{World, check, output, review};
use crate::git::Repository;
use crate::git::scratch::{self, ScratchCommit};
use crate::load::LoadError;
use crate::review::Exit;

macro_rules! tree {
    ($side:literal; $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../testdata/demo/", $side, "/", $path)))),*]
    };
}

type Files = &'static [(&'static str, &'static str)];

const BEFORE: Files = tree!["before"; "main.tf", "modules/azure/main.tf", "modules/gcp/main.tf", "modules/network/main.tf", "modules/service/main.tf", "modules/service/task/main.tf"];
const AFTER: Files = tree!["after"; "main.tf", "modules/azure/main.tf", "modules/gcp/main.tf", "modules/network/main.tf", "modules/service/main.tf", "modules/service/task/main.tf"];
const PLAN: &str = include_str!("../../testdata/demo/plan.json");
const CONFIG: &str = include_str!("../../testdata/demo/countersign.toml");

/// The commits' time, so that they have the same ids each time.
const TIME: i64 = 1_790_000_000;

/// Runs the demonstration.
pub(super) fn run(args: &DemoArgs, world: &World) -> Result<Exit, LoadError> {
    let directory = tempfile::Builder::new()
        .prefix("countersign-demo-")
        .tempdir()
        .map_err(|error| {
            LoadError::input(
                &format!("The temporary directory cannot be written: {error}."),
                "Set TMPDIR.",
            )
        })?;
    let repository = directory.path().join("infrastructure");
    make(&repository, world)?;
    let mut world = world.clone();
    world.directory.clone_from(&repository);
    world.state = Some(directory.path().join("state"));
    // The example is not what this shell's or this CI's git variables speak of.
    world
        .env
        .retain(|name, _| !is_about_another_repository(name));
    let review_args = ReviewArgs {
        check: args.check,
        subject: SubjectArgs {
            plans: vec!["plan.json".into()],
            base: Some("main".to_owned()),
            repo: Some(repository.clone()),
            ..SubjectArgs::default()
        },
        gate: GateArgs::default(),
        output: args.output.clone(),
        plain: args.plain,
        mouse: false,
        record: None,
        break_glass: None,
    };
    let exit = if args.check {
        check::run(&review_args, &world)
    } else {
        review::run(&review_args, &world)
    };
    if args.keep {
        let kept = directory.keep();
        output::say(&format!("kept: {}", kept.join("infrastructure").display()));
    } else if !args.output.quiet && args.check {
        output::say(
            "This was an example. Yours: terraform show -json tfplan > plan.json && countersign plan.json",
        );
    }
    exit
}

fn is_about_another_repository(name: &str) -> bool {
    [
        "GIT_",
        "GITHUB_",
        "CI_",
        "BITBUCKET_",
        "SYSTEM_",
        "CHANGE_",
        "BUILDKITE_",
        "TRAVIS",
        "DRONE_",
        "WOODPECKER_",
        "BASE_BRANCH",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// Writes both commits and the plan; `main` holds the first, `feat/search` the second.
fn make(directory: &Path, world: &World) -> Result<(), LoadError> {
    let git = |e| LoadError::git(&e);
    write(
        directory,
        &[(".gitignore", "plan.json\n"), ("countersign.toml", CONFIG)],
    )?;
    write(directory, BEFORE)?;
    scratch::init(directory).map_err(git)?;
    let author = ("Sam Rivera", "sam@example.com");
    let first = ScratchCommit {
        branch: "main",
        author,
        time: TIME,
        message: "Services on three clouds",
    };
    scratch::commit(directory, &first).map_err(git)?;
    write(directory, AFTER)?;
    let second = ScratchCommit {
        branch: "feat/search",
        author,
        time: TIME + 3600,
        message: "Add the search service, retire legacy",
    };
    scratch::commit(directory, &second).map_err(git)?;
    write(directory, &[("plan.json", PLAN)])?;
    // An example is not what a person's own key should sign.
    scratch::configure(directory, "user.signingkey", "").map_err(git)?;
    let repository = Repository::open(directory, false).map_err(git)?;
    if repository.is_some_and(|r| r.identity(&world.env).is_err()) {
        scratch::configure(directory, "user.name", "You").map_err(git)?;
        scratch::configure(directory, "user.email", "you@example.com").map_err(git)?;
    }
    Ok(())
}

fn write(directory: &Path, files: &[(&str, &str)]) -> Result<(), LoadError> {
    let fail = |error: std::io::Error| {
        LoadError::input(
            &format!("The example cannot be written: {error}."),
            "Set TMPDIR.",
        )
    };
    for (path, text) in files {
        let path = directory.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(fail)?;
        }
        std::fs::write(path, text).map_err(fail)?;
    }
    Ok(())
}
