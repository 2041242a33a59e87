# METADATA
# title: The branch is not far behind its base
# description: >-
#   A plan of an old branch does not know what the base has become: applying it may take back what was merged since. Finds branches
#   that are many commits or days behind.
# custom:
#   id: base-fresh
#   severity: low
#   enforcement: advisory
#   remediation: Merge the base into the branch, or rebase it, and make the plan again.
#   needs: [git, repository]
#   settings:
#     max_commits: How many commits of the base the branch may lack (default 50)
#     max_days: How many days the base may have moved on since the branch left it (default 14)
#   setting_types:
#     max_commits: {type: integer, minimum: 0}
#     max_days: {type: integer, minimum: 0}
package countersign.policies.base_fresh

# METADATA
# title: Branches that are behind
# scope: document
deny contains finding if {
	repository.behind > limit("max_commits", 50)
	finding := result("commits", sprintf("The branch lacks %d commits of %s (limit %d).", [repository.behind, target, limit("max_commits", 50)]))
}

deny contains finding if {
	days > limit("max_days", 14)
	finding := result("days", sprintf("The branch left %s where it was %d days ago (limit %d).", [target, days, limit("max_days", 14)]))
}

# The base is not what the branch can be compared with.
deny contains finding if {
	not is_number(repository.behind)
	finding := object.union(result("commits", "It cannot be told how far the branch is behind its base."), {"certainty": "unknown"})
}

settings := object.get(data.countersign.config, "base-fresh", {})

limit(key, otherwise) := settings[key] if {
	is_number(settings[key])
} else := otherwise

repository := input.countersign.repository

target := repository.target if {
	is_string(repository.target)
} else := "its base"

# days is how long the base went on after the commit that the branch left it at.
days := floor((time.parse_rfc3339_ns(repository.base_time) - time.parse_rfc3339_ns(repository.merge_base_time)) / 86400000000000) if {
	repository.behind > 0
}

result(kind, msg) := {
	"msg": msg,
	"subject": target,
	"attribute": kind,
	"facts": object.union({"behind": repository.behind}, {"days": d | d := days}),
}
