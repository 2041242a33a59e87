//! What is Spacelift's own: the aliases that it puts in front of plan policies, and its other kinds of policy.

use std::sync::Arc;

use super::super::bundle::Module;
use super::super::engine::Outline;

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
pub(super) fn aliases(policy: &Module, outline: &Outline) -> Option<Module> {
    let own = &outline.heads;
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

/// Keys of the input that tell another kind of policy; a plan policy has none of them.
const KEYS: [&str; 7] = [
    "session",
    "request",
    "run",
    "commit",
    "stack",
    "in_progress",
    "operation",
];

/// Which other kind of Spacelift policy a file is, with its article; `None` for a plan policy, and for what is not clear. A file that
/// denies or warns is of another kind only if all that it reads is the input of one.
pub(super) fn other_kind(policy: &Module, outline: &Outline) -> Option<&'static str> {
    if outline.inputs.contains("terraform") || mentions_alias(&policy.text) {
        return None;
    }
    let named = KINDS
        .iter()
        .find(|(names, _)| names.iter().any(|name| outline.has(name)))
        .map(|(_, what)| *what);
    if !outline.has("deny") && !outline.has("warn") {
        // A file that cannot be parsed has no rules here, and is an error.
        return named;
    }
    let inputs = &outline.inputs;
    let foreign = !outline.open
        && !inputs.is_empty()
        && inputs.iter().all(|key| KEYS.contains(&key.as_str()));
    if !foreign {
        None
    } else if inputs.contains("operation") {
        Some("an intent")
    } else {
        Some(named.unwrap_or("a task or initialization"))
    }
}

fn mentions_alias(text: &str) -> bool {
    SPACELIFT
        .iter()
        .any(|(name, _)| name.ends_with("_resources") && text.contains(name))
}
