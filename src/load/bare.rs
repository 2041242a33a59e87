//! A case without a plan, as a server knows it: the change, the base's configuration, policies and approvers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::assemble::empty_case;
use super::policies::{self, Tree};
use super::{LoadError, Loaded, Request, approvers, asked, check_config, find_change, read_config};
use crate::policy::{Policies, Settings, Trust};

/// Assembles what is known of a change between two commits. Nothing is evaluated.
///
/// # Errors
/// When repository, configuration or policies cannot be read; the error carries the exit status.
pub fn without_plan(
    base: &str,
    head: &str,
    directory: &Path,
    env: &BTreeMap<String, String>,
    now: jiff::Timestamp,
    threads: usize,
) -> Result<Loaded, LoadError> {
    let request = Request {
        plans: Vec::new(),
        plan_file: None,
        directory: directory.to_path_buf(),
        repo: None,
        base: Some(base.to_owned()),
        head: Some(head.to_owned()),
        diff: None,
        policies: Vec::new(),
        data: Vec::new(),
        trust: Some(Trust::Base),
        fail_on_warn: false,
        baseline: None,
        keep_values: false,
        env: env.clone(),
        now,
        threads,
    };
    let (repository, under_review) = find_change(&request)?;
    let repository = repository.ok_or_else(|| {
        LoadError::input(
            "There is no git repository here.",
            "Run it in the repository.",
        )
    })?;
    let standing = repository
        .standing(&asked(&request))
        .map_err(|e| LoadError::git(&e))?;
    let tree = Tree::Commit(&repository, base);
    let config = read_config(tree)?;
    let approvers = approvers(&request, tree, &config, Some(&repository), &under_review)?;
    let settings = Settings {
        policy: config.policies.clone(),
        disabled: config.disable.clone(),
        timeout: Duration::from_secs(config.timeout_seconds),
        threads,
        trust: Trust::Base,
        commit: Some(base.to_owned()),
        now,
    };
    let bundles = policies::bundles(tree, &config, &[], &[])?;
    let policies = Policies::load(&bundles, settings);
    check_config(&config, &policies)?;
    let mut case = empty_case(
        &request,
        Some(&repository),
        Some(&standing),
        under_review,
        &config,
        &policies,
        Vec::new(),
    )?;
    for policy in &mut case.policies.policies {
        let set = config.overrides.get(policy.id.as_str());
        policy.severity = set.and_then(|set| set.severity).or(policy.severity);
    }
    Ok(Loaded {
        case,
        config,
        approvers,
        repository: Some(repository),
        sources: Vec::new(),
        prints: Vec::new(),
        trace: Vec::new(),
    })
}
