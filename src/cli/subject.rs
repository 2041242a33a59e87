//! From arguments to what `load` is asked for.

use std::io::Read;

use super::World;
use super::args::SubjectArgs;
use crate::load::{LoadError, PlanSource, Request};
use crate::plan::MAX_PLAN_BYTES;

/// Makes the request of a review. Standard input is read here, once.
pub(super) fn request(
    args: &SubjectArgs,
    fail_on_warn: bool,
    world: &World,
) -> Result<Request, LoadError> {
    let mut plans = Vec::new();
    for path in &args.plans {
        if path.as_os_str() == "-" {
            if plans.iter().any(|p| matches!(p, PlanSource::Stdin(_))) {
                return Err(LoadError::usage(
                    "Standard input was named twice.",
                    "Name it once: countersign -",
                ));
            }
            plans.push(PlanSource::Stdin(read_stdin()?));
        } else {
            plans.push(PlanSource::File(path.clone()));
        }
    }
    Ok(Request {
        plans,
        plan_file: args.plan_file.clone(),
        directory: world.directory.clone(),
        repo: args.repo.clone(),
        base: args.base.clone(),
        head: args.head.clone(),
        diff: args.diff.clone(),
        policies: args.policies.clone(),
        data: args.data.clone(),
        trust: args.trust.map(Into::into),
        baseline: None,
        keep_values: true,
        fail_on_warn,
        env: world.env.clone(),
        now: world.now,
        threads: world.threads,
    })
}

fn read_stdin() -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_PLAN_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            LoadError::input(
                &format!("Standard input cannot be read: {error}."),
                "Pipe a plan into it: terraform show -json tfplan | countersign --check -",
            )
        })?;
    Ok(bytes)
}
