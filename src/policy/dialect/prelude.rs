//! Rego that a host puts in front of its users' policies.

use std::sync::Arc;

use super::super::bundle::Module;
use super::split::heads;

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
pub(in crate::policy) fn sources(policy: &Module) -> Option<Module> {
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
