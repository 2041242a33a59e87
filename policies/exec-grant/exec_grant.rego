# METADATA
# title: Few may run code
# description: A principal gains an action that runs commands or code, or hands a role to something that does.
# custom:
#   id: exec-grant
#   severity: medium
#   enforcement: advisory
#   remediation: Grant it to the one principal that needs it, on the one resource, or waive it.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default all but the services of AWS)
#     broad: Also report grants of every action, which wildcard-grant reports (default false)
#   setting_types:
#     match: {type: globs, of: scopes}
#     broad: boolean
package countersign.policies.exec_grant

settings := object.get(data.countersign.config, "exec-grant", {})

match_patterns := object.get(settings, "match", ["*", "!*.amazonaws.com"])

scope := data.countersign.lib.scopes.scope(match_patterns)

table := data.countersign.tables.exec_actions

# The tokens of the tables of actions, with their level.
actions := {token |
	some action in table.aws
	some level in ["Write", "Permissions management", "Tagging", "acts as Write"]
	token := sprintf("%s (%s)", [action, level])
}

value_types := data.countersign.lib.grants.value_types

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
#   rule: deny
deny_grants contains f if {
	some f in findings_of(data.countersign.lib.grants.settled_gains, data.countersign.lib.grants.settled_expansions)
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: deny
deny_joined contains f if {
	some f in findings_of(data.countersign.lib.grants.joined_gains, data.countersign.lib.grants.joined_expansions)
}

findings_of(all, expansions) := [finding(gained_by, gains, expansions) |
	some gained_by in all
	gains := [narrow | some gain in gained_by.gains; narrow := object.union(gain, {"write": running(gain)}); count(narrow.write) > 0]
	count(gains) > 0
	data.countersign.lib.scopes.covers(scope, [gained_by.label, gained_by.grant.address])
]

running(gain) := (gain.write & actions) if {
	gain.row.patterns
	not "*" in gain.write
} else := gain.write if {
	gain.row.pattern
	is_code(gain)
} else := gain.write if {
	is_broad(gain.write)
	object.get(settings, "broad", false) == true
} else := set()

is_code(gain) if {
	some expression in table.words
	regex.match(expression, lower(gain.row.pattern))
}

is_broad(write) if "*" in write

is_broad(write) if {
	some token in write
	startswith(token, "NotAction ")
}

finding(gained_by, gains, expansions) := {
	"address": gained_by.grant.address,
	"attribute": gains[0].row.at,
	"subject": gained_by.label,
	"msg": sprintf("%s can run code through %s: %s%s%s.", [data.countersign.lib.grants.who(gained_by.label, gained_by.grant.address), gained_by.grant.address, shown(told), data.countersign.lib.grants.more_text(told.total - count(told.actions)), data.countersign.lib.grants.pattern_text(told)]),
	"facts": object.union({"actions": told.actions, "pattern": data.countersign.lib.grants.five(told.patterns)}, data.countersign.lib.grants.context_of(gains)),
} if {
	told := data.countersign.lib.grants.told(gains, "write", expansions)
}

shown(told) := concat(", ", told.actions) if count(told.actions) > 0

shown(told) := "every action" if count(told.actions) == 0
