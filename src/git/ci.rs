//! The variables in which CI systems name the branch that a change is for.
//!
//! Values come from whoever started the pipeline: they are looked up as names and never run.

use std::collections::BTreeMap;

/// What a CI says the change is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'e> {
    Branch(&'e str),
    Commit(&'e str),
}

/// The first target that the environment names, with its variable.
pub(super) fn ci_target(env: &BTreeMap<String, String>) -> Option<(&'static str, Target<'_>)> {
    let value = |name: &str| {
        env.get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    };
    let is_pull_request = |name: &str| value(name).is_some_and(|value| value != "false");
    // The second name says whether the first is the target of a pull request; pushes set some of them too.
    let branches: [(&'static str, Option<&str>); 12] = [
        ("GITHUB_BASE_REF", None),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", None),
        ("BITBUCKET_PR_DESTINATION_BRANCH", None),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", None),
        ("CHANGE_TARGET", None),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", None),
        ("TRAVIS_BRANCH", Some("TRAVIS_PULL_REQUEST")),
        ("DRONE_TARGET_BRANCH", Some("DRONE_PULL_REQUEST")),
        ("CI_COMMIT_TARGET_BRANCH", Some("CI_COMMIT_PULL_REQUEST")),
        ("CODEBUILD_WEBHOOK_BASE_REF", None),
        ("BITRISEIO_GIT_BRANCH_DEST", None),
        ("BASE_BRANCH_NAME", Some("PULL_NUM")),
    ];
    let named = branches.into_iter().find_map(|(variable, condition)| {
        let branch = value(variable).filter(|_| condition.is_none_or(is_pull_request))?;
        Some((
            variable,
            Target::Branch(branch.strip_prefix("refs/heads/").unwrap_or(branch)),
        ))
    });
    // The fork point is the author's choice, and with it an older configuration; it counts only where no branch is named.
    named.or_else(|| {
        value("CI_MERGE_REQUEST_DIFF_BASE_SHA")
            .map(|commit| ("CI_MERGE_REQUEST_DIFF_BASE_SHA", Target::Commit(commit)))
    })
}
