# METADATA
# title: Only allowed repositories
# description: >-
#   A copy of a repository elsewhere has other owners. The repository must be one of those listed, by the address it was cloned
#   from and by its first commit. Off until one of the settings is set.
# custom:
#   id: allowed-repos
#   severity: high
#   enforcement: hard-mandatory
#   remediation: >-
#     Run it in the repository itself, or add this one in [policy.allowed-repos] on the base branch.
#   needs: [repository, settings]
#   settings:
#     repos: Addresses as host/path, without scheme, user and .git, such as github.com/acme/infra (default [])
#     patterns: Regular expressions of which one must match the whole address (default [])
#     roots: Ids of first commits; the repository must descend from one of them and from no other (default [])
#   setting_types:
#     repos: {type: texts, of: repositories}
#     patterns: {type: texts, of: expressions}
#     roots: {type: texts, of: commits}
package countersign.policies.allowed_repos

# METADATA
# title: Repositories that are not allowed
# scope: document
deny contains finding if {
	by_address
	is_string(repository.origin)
	not is_allowed(repository.origin)
	finding := result("origin", sprintf("The repository %s is not an allowed one.", [repository.origin]), repository.origin)
}

deny contains finding if {
	by_address
	not is_string(repository.origin)
	finding := object.union(
		result("origin", "It is not known where this repository was cloned from: it has no remote.", "unknown"),
		{"certainty": "unknown"},
	)
}

deny contains finding if {
	by_root
	root := repository.roots[_]
	not root in roots
	finding := result("root", sprintf("The history begins with commit %s, which is no allowed one.", [substring(root, 0, 12)]), root)
}

deny contains finding if {
	by_root
	count(repository.roots) == 0
	finding := object.union(
		result("root", "The first commit is not known: the clone is shallow. Fetch the whole history with git fetch --unshallow.", "unknown"),
		{"certainty": "unknown"},
	)
}

# METADATA
# title: Settings that allow nothing
# scope: document
# custom:
#   rule: settings
deny_settings contains finding if {
	not by_address
	not by_root
	finding := fault("repos", "[policy.allowed-repos] has no repos, patterns or roots, so nothing is allowed.")
}

deny_settings contains finding if {
	pattern := settings.patterns[_]
	not regex.is_valid(pattern)
	finding := fault("patterns", "An entry in patterns of [policy.allowed-repos] is no regular expression.")
}

deny_settings contains finding if {
	entry := settings.repos[_]
	why := repo_fault(entry)
	finding := fault("repos", sprintf("An entry in repos of [policy.allowed-repos] can never match: %s.", [why]))
}

deny_settings contains finding if {
	entry := settings.roots[_]
	not is_commit(entry)
	finding := fault("roots", "An entry in roots of [policy.allowed-repos] is not the full id of a commit.")
}

settings := object.get(data.countersign.config, "allowed-repos", {})

repository := input.countersign.repository

by_address if settings.repos

by_address if settings.patterns

by_root if settings.roots

# Hosts have no case; paths do on some hosts, so they are compared as they are written.
is_allowed(origin) if origin in {entry | entry := settings.repos[_]}

is_allowed(origin) if {
	pattern := settings.patterns[_]
	is_string(pattern)
	regex.match(concat("", [`^(?:`, pattern, `)$`]), origin)
}

roots := {lower(root) | root := settings.roots[_]}

is_commit(entry) if regex.match(`^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$`, entry)

repo_fault(entry) := "it is no text" if {
	not is_string(entry)
} else := "leave out the scheme" if {
	contains(entry, "://")
} else := "leave out the user" if {
	contains(entry, "@")
} else := "leave out .git at its end" if {
	endswith(entry, ".git")
} else := "write the host in lower case" if {
	host := split(entry, "/")[0]
	host != lower(host)
}

result(kind, msg, subject) := {"msg": msg, "subject": subject, "attribute": kind, "facts": {"kind": kind}}

fault(key, msg) := {"msg": msg, "attribute": key, "file": "countersign.toml", "facts": {}}
