# METADATA
# title: Nothing goes back to an older version
# description: >-
#   Applying an old commit again undoes what was deployed since. Finds a head that the base has left behind, module versions lower
#   than the base's, and plans that are too old.
# custom:
#   id: rollback-guard
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Check out the newest commit of the base and make the plan again. To go back on purpose, revert in a new commit.
#   needs: [repository]
#   uses: [source]
#   settings:
#     max_plan_age_days: How many days old a plan may be (default none)
#     newer_than_base: Whether a plan must be newer than the newest commit of the base (default false)
#   setting_types:
#     max_plan_age_days: {type: integer, minimum: 0}
#     newer_than_base: boolean
package countersign.policies.rollback_guard

# METADATA
# title: Steps back
# scope: document
deny contains finding if {
	repository.ahead == 0
	repository.behind > 0
	finding := result("head", sprintf(
		"The commit is %s behind %s: applying its plan takes back what those changed.",
		[commits(repository.behind), target],
	), {"behind": repository.behind})
}

deny contains finding if {
	call := input.countersign.source.module_calls[_]
	old := base_version(call)
	new := version_of(call)
	data.countersign.lib.versions.older(new, old)
	finding := object.union(
		result("version", sprintf("%s goes back from %s to %s.", [call.address, old, new]), {"from": old, "to": new}),
		{"address": call.address, "file": call.file, "line": call.line, "end_line": call.end_line},
	)
}

deny contains finding if {
	is_number(settings.max_plan_age_days)
	age > settings.max_plan_age_days
	finding := result("age", sprintf("The plan is %d days old (limit %d).", [age, settings.max_plan_age_days]), {"days": age})
}

deny contains finding if {
	settings.newer_than_base == true
	time.parse_rfc3339_ns(input.timestamp) < time.parse_rfc3339_ns(repository.base_time)
	finding := result("base", sprintf("The plan is older than the newest commit of %s.", [target]), {})
}

# A plan that does not say when it was made is not young.
deny contains finding if {
	asks_for_time
	not planned_at
	finding := object.union(
		result("age", "The plan does not say when it was made, so its age is not known.", {}),
		{"certainty": "unknown"},
	)
}

settings := object.get(data.countersign.config, "rollback-guard", {})

asks_for_time if is_number(settings.max_plan_age_days)

asks_for_time if settings.newer_than_base == true

repository := input.countersign.repository

target := repository.target if {
	is_string(repository.target)
} else := "the base"

planned_at := time.parse_rfc3339_ns(input.timestamp)

age := floor((time.parse_rfc3339_ns(input.countersign.now) - planned_at) / 86400000000000)

commits(1) := "1 commit"

commits(n) := sprintf("%d commits", [n]) if n != 1

# version_of gives the one version that a call asks for, or that of the tag in its source.
version_of(call) := data.countersign.lib.versions.exact(call.version) if {
	is_string(call.version)
} else := data.countersign.lib.versions.plain(regex.find_all_string_submatch_n(`[?&]ref=([^&]+)`, call.source, 1)[0][1])

# The version at the merge base, where the same source was called at the same address.
base_version(call) := [version |
	is_string(call.address)
	old := base_calls[call.address][_]
	without_query(old.source) == without_query(call.source)
	version := version_of(old)
][0]

base_calls[old.address] contains old if {
	old := input.countersign.source.base.module_calls[_]
	is_string(old.address)
}

without_query(source) := split(source, "?")[0]

result(kind, msg, facts) := {
	"msg": msg,
	"subject": kind,
	"attribute": kind,
	"facts": object.union({"kind": kind}, facts),
}
