//! `policy list | show | test | check`.

mod check;
mod inventory;
mod junit;
mod test;

use std::path::PathBuf;
use std::time::Duration;

use super::args::PolicyAction;
use super::{World, output};
use crate::load::{self, Config, LoadError};
use crate::policy::{Policies, Settings, Trust};
use crate::review::Exit;

/// Runs `policy …`.
pub(super) fn run(action: &PolicyAction, world: &World) -> Result<Exit, LoadError> {
    match action {
        PolicyAction::List { policies, format } => inventory::list(policies, *format, world),
        PolicyAction::Show {
            id,
            policies,
            format,
        } => inventory::show(id, policies, *format, world),
        PolicyAction::Test(args) => test::run(args, world),
        PolicyAction::Check { dir, format } => check::run(dir.as_ref(), *format, world),
    }
}

fn settings(config: &Config, world: &World) -> Settings {
    Settings {
        policy: config.policies.clone(),
        disabled: config.disable.clone(),
        timeout: Duration::from_secs(config.timeout_seconds),
        threads: world.threads,
        trust: Trust::Worktree,
        commit: None,
        now: world.now,
    }
}

/// All policies that a review here would use, with what is wrong with them said.
fn loaded(directories: &[PathBuf], world: &World) -> Result<(Policies, Config, Exit), LoadError> {
    let config = load::local_config(&world.directory)?;
    let bundles = load::local_bundles(&world.directory, &config, directories)?;
    let policies = Policies::load(&bundles, settings(&config, world));
    for (word, list) in [
        ("error", &policies.problems),
        ("warning", &policies.warnings),
    ] {
        for problem in list {
            let place = problem
                .place
                .as_ref()
                .map_or_else(String::new, |p| format!("{p}: "));
            output::say(&format!("{word}: {place}{}", problem.message));
        }
    }
    let exit = if policies.problems.is_empty() {
        Exit::Pass
    } else {
        Exit::Policy
    };
    Ok((policies, config, exit))
}

/// The directories that a command is about: the one that was named, those of the configuration, or `policies`.
fn directories(named: Option<&PathBuf>, world: &World) -> Result<Vec<PathBuf>, LoadError> {
    if let Some(directory) = named {
        return Ok(vec![directory.clone()]);
    }
    let config = load::local_config(&world.directory)?;
    if config.policy_paths.is_empty() {
        return Ok(vec![PathBuf::from("policies")]);
    }
    Ok(config
        .policy_paths
        .iter()
        .map(|path| PathBuf::from(path.trim_start_matches("./")))
        .collect())
}

/// Writes JSON: two spaces, a line break at the end, nothing that a CI system takes for a command.
fn write_json(value: &serde_json::Value) -> Result<(), LoadError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| LoadError::input(&format!("JSON cannot be written: {error}."), ""))?;
    super::approvals::write(&format!("{}\n", text.replace("##", "\\u0023\\u0023")))
}
