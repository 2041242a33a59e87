# METADATA
# title: Only allowed branches
# description: >-
#   Only what is on an allowed branch, or is to be merged into one, is planned and applied. Off until refs is set.
# custom:
#   id: allowed-refs
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Target an allowed branch, or add this one to refs in [policy.allowed-refs] on the base branch.
#   needs: [repository, settings]
#   settings:
#     refs: Full names or globs of branches that changes may target, such as refs/heads/main (required)
#     from: Globs of the short names of branches that changes may come from (default any)
#   setting_types:
#     refs: {type: globs, of: refs}
#     from: {type: globs, of: branches}
package countersign.policies.allowed_refs

# METADATA
# title: Branches that are not allowed
# scope: document
deny contains finding if {
	is_string(repository.target)
	not is_allowed(repository.target)
	finding := result("target", sprintf("%s is not an allowed branch.", [repository.target]), repository.target)
}

# The commit of a base says nothing about the branch.
deny contains finding if {
	not is_string(repository.target)
	finding := object.union(
		result("target", "It is not known which branch this is for: the base is no branch. Give one, such as --base origin/main.", "unknown"),
		{"certainty": "unknown"},
	)
}

deny contains finding if {
	is_array(settings.from)
	repository.ahead > 0
	is_string(repository.branch)
	not comes_from(repository.branch)
	finding := result("from", sprintf("%s is not a branch that changes may come from.", [repository.branch]), repository.branch)
}

deny contains finding if {
	is_array(settings.from)
	repository.ahead > 0
	not is_string(repository.branch)
	finding := object.union(
		result("from", "It is not known which branch the change comes from: no branch is checked out.", "unknown"),
		{"certainty": "unknown"},
	)
}

# METADATA
# title: Settings that allow nothing
# scope: document
# custom:
#   rule: settings
deny_settings contains finding if {
	count([1 | settings.refs[_]]) == 0
	finding := fault("refs", "[policy.allowed-refs] has no refs, so nothing is allowed.")
}

deny_settings contains finding if {
	pattern := settings.refs[_]
	not is_full(pattern)
	finding := fault("refs", sprintf("A pattern in refs of [policy.allowed-refs] can never match: %s.", [why(pattern)]))
}

settings := object.get(data.countersign.config, "allowed-refs", {})

repository := input.countersign.repository

is_allowed(ref) if data.countersign.lib.globs.matches_any(settings.refs, ref)

comes_from(branch) if data.countersign.lib.globs.matches_any(settings.from, branch)

is_full(pattern) if {
	is_string(pattern)
	startswith(pattern, "refs/")
}

why(pattern) := sprintf("write %s", [json.marshal(concat("", ["refs/heads/", pattern]))]) if {
	is_string(pattern)
} else := "it is no text"

result(kind, msg, subject) := {"msg": msg, "subject": subject, "attribute": kind, "facts": {"kind": kind}}

fault(key, msg) := {"msg": msg, "attribute": key, "file": "countersign.toml", "facts": {}}
