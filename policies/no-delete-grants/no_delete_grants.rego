# METADATA
# title: Provisioning principals cannot destroy
# description: A principal that provisions or runs CI gains an action that deletes, stops or disables something.
# custom:
#   id: no-delete-grants
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Leave the action out and keep a separate principal for deletions, or waive it with a reason and an expiry.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default names with terraform, tofu, ci, deploy or provisioner)
#     lock_resources: Globs on resources that hold state locks, where locks may be deleted (default names of lock tables and *.tflock)
#   setting_types:
#     match: {type: globs, of: scopes}
#     lock_resources: globs
package countersign.policies.no_delete_grants

settings := object.get(data.countersign.config, "no-delete-grants", {})

default_match := [
	"*terraform*", "*tofu*", "ci", "ci-*", "*-ci", "*-ci-*", "ci_*", "*_ci", "*_ci_*",
	"*github-actions*", "*gitlab-ci*", "deploy", "deployer", "*-deploy", "*-deployer", "*provisioner*",
]

match_patterns := object.get(settings, "match", default_match)

scope := data.countersign.lib.scopes.scope(match_patterns)

default_locks := ["*.tflock", "*terraform*lock*", "*tofu*lock*", "*tf-lock*", "*tflock*", "*state-lock*", "*statelock*"]

lock_resources := object.get(settings, "lock_resources", default_locks)

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
	data.countersign.lib.scopes.covers(scope, [gained_by.label, gained_by.grant.address])
	gains := [narrow | some gain in gained_by.gains; narrow := narrowed(gain); count(narrow.write) > 0]
	count(gains) > 0
]

# narrowed leaves of a gain what destroys. Of a role or managed policy that writes and is not known to destroy, nobody
# can tell by its name.
narrowed(gain) := object.union(gain, {"write": destructive, "proven": true}) if {
	destructive := {token | some token in gain.write; is_destructive(token); not is_lock(token, gain.row)}
	count(destructive) > 0
} else := object.union(gain, {"proven": false}) if {
	gain.row.kind in ["aws_managed_arn", "azure_role", "gcp_role", "gcp_policy"]
} else := object.union(gain, {"write": set()})

table := data.countersign.tables.destructive

is_destructive("*")

is_destructive(token) if startswith(token, "NotAction ")

is_destructive(token) if is_destructive_action(token)

is_destructive(token) if {
	not is_action(token)
	some expression in table.words
	regex.match(expression, lower(token))
}

# is_action tells tokens such as "s3:DeleteObject (Write)".
is_action(token) if regex.match(`^[a-z0-9-]+:[A-Za-z0-9-]+ \([A-Za-z ]+\)$`, token)

is_destructive_action(token) if {
	is_action(token)
	action := split(token, " ")[0]
	not action in table.not
	is_destructive_name(action, split(action, ":"))
}

is_destructive_name(_, parts) if {
	some prefix in table.prefixes
	startswith(parts[1], prefix)
}

is_destructive_name(action, _) if action in table.actions

is_destructive_name(_, parts) if parts[0] in table.services

# is_lock excuses what taking and giving back a state lock needs, on resources that hold nothing else.
is_lock(token, row) if {
	split(token, " ")[0] in ["dynamodb:DeleteItem", "s3:DeleteObject", "s3:PutObject"]
	count(row.statement.resources) > 0
	every resource in row.statement.resources {
		is_string(resource)
		data.countersign.lib.globs.matches_any(lock_resources, lower(resource))
	}
}

finding(gained_by, gains, expansions) := {
	"address": gained_by.grant.address,
	"attribute": gains[0].row.at,
	"subject": gained_by.label,
	"certainty": certainty_of(gains),
	"msg": sprintf("%s %s through %s: %s%s%s.", [data.countersign.lib.grants.who(gained_by.label, gained_by.grant.address), verb_of(gains), gained_by.grant.address, shown(told), data.countersign.lib.grants.more_text(told.total - count(told.actions)), data.countersign.lib.grants.pattern_text(told)]),
	"facts": object.union({"actions": told.actions, "pattern": data.countersign.lib.grants.five(told.patterns)}, data.countersign.lib.grants.context_of(gains)),
} if {
	told := data.countersign.lib.grants.told(gains, "write", expansions)
}

shown(told) := concat(", ", told.actions) if count(told.actions) > 0

shown(told) := "every action" if count(told.actions) == 0

certainty_of(gains) := "proven" if {
	some gain in gains
	gain.proven
} else := "unknown"

verb_of(gains) := "gains actions that destroy" if {
	certainty_of(gains) == "proven"
} else := "may gain actions that destroy"
