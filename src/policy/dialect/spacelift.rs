//! What is Spacelift's own: the aliases that it puts in front of plan policies, and its other kinds of policy.

use std::sync::Arc;

use super::super::bundle::Module;
use super::split::{heads, reads};

/// Path under which the text below is loaded.
const PATH: &str = "spacelift (built in)";

/// Each alias of Spacelift with its definition. A resource that is recreated is both created and deleted. Spacelift hashes sensitive
/// texts before policies see them, and `sanitized` gives the hash to compare with; here policies see the values themselves, so what
/// equals there equals here when `sanitized` gives back what it is given.
const SPACELIFT: [(&str, &str); 6] = [
    (
        "affected_resources",
        "affected_resources contains resource if {
	some resource in input.terraform.resource_changes
	some action in resource.change.actions
	action in {\"create\", \"delete\", \"update\"}
}",
    ),
    (
        "created_resources",
        "created_resources contains resource if {
	some resource in input.terraform.resource_changes
	\"create\" in resource.change.actions
}",
    ),
    (
        "deleted_resources",
        "deleted_resources contains resource if {
	some resource in input.terraform.resource_changes
	\"delete\" in resource.change.actions
}",
    ),
    (
        "recreated_resources",
        "recreated_resources contains resource if {
	some resource in input.terraform.resource_changes
	\"create\" in resource.change.actions
	\"delete\" in resource.change.actions
}",
    ),
    (
        "updated_resources",
        "updated_resources contains resource if {
	some resource in input.terraform.resource_changes
	\"update\" in resource.change.actions
}",
    ),
    ("sanitized", "sanitized(text) := text"),
];

/// The aliases that a Spacelift policy mentions and does not define itself.
pub(super) fn aliases(policy: &Module) -> Option<Module> {
    let own = heads(&policy.text);
    let used: Vec<&str> = SPACELIFT
        .iter()
        .filter(|(name, _)| policy.text.contains(name) && !own.iter().any(|h| h.name == *name))
        .map(|(_, text)| *text)
        .collect();
    (!used.is_empty()).then(|| Module {
        path: format!("{}: {PATH}", policy.path),
        text: Arc::from(format!(
            "package spacelift\n\nimport rego.v1\n\n{}\n",
            used.join("\n\n")
        )),
    })
}

/// Rules by which the other kinds are known, with their kinds.
const KINDS: [(&[&str], &str); 6] = [
    (
        &[
            "track",
            "propose",
            "ignore",
            "ignore_track",
            "notrigger",
            "notify",
            "cancel",
            "prioritize",
            "fail",
            "lock",
        ],
        "a push",
    ),
    (&["approve", "reject"], "an approval"),
    (&["trigger"], "a trigger"),
    (
        &["inbox", "slack", "webhook", "pull_request"],
        "a notification",
    ),
    (&["read", "write", "deny_write"], "an access"),
    (&["allow", "admin", "deny_admin"], "a login"),
];

/// Which other kind of Spacelift policy a file is, with its article; `None` for a plan policy, and for what is not clear.
pub(super) fn other_kind(text: &str) -> Option<&'static str> {
    let heads = heads(text);
    if reads(text, &["terraform"]) || mentions_alias(text) {
        return None;
    }
    let finds = heads
        .iter()
        .any(|h| h.set && matches!(h.name.as_str(), "deny" | "warn"));
    if !finds {
        let has = |names: &[&str]| heads.iter().any(|h| names.contains(&h.name.as_str()));
        return KINDS
            .iter()
            .find(|(names, _)| has(names))
            .map(|(_, what)| *what);
    }
    // Sets of messages like those of a plan policy, over the input of another kind.
    if reads(text, &["spacelift"]) {
        None
    } else if reads(text, &["operation"]) {
        Some("an intent")
    } else if reads(
        text,
        &[
            "session",
            "request",
            "run",
            "commit",
            "stack",
            "in_progress",
        ],
    ) {
        Some("a task or initialization")
    } else {
        None
    }
}

fn mentions_alias(text: &str) -> bool {
    SPACELIFT
        .iter()
        .any(|(name, _)| name.ends_with("_resources") && text.contains(name))
}
