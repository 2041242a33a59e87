# METADATA
# title: State is only read
# description: A principal that is meant to read gains an action that writes where Terraform state is kept.
# custom:
#   id: state-bucket-read-only
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Leave s3:Get* and s3:List*; let only the principal that applies write state.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default names with plan, read, scan, audit, view or drift)
#     state_buckets: Globs on names of buckets that hold state (default names with tfstate or terraform-state)
#     lock_tables: Globs on names of tables that hold locks (default names with a lock)
#     allow_locks: Taking a lock is allowed, an item of a lock table or an object *.tflock (default true)
#   setting_types:
#     match: {type: globs, of: scopes}
#     state_buckets: globs
#     lock_tables: globs
#     allow_locks: boolean
package countersign.policies.state_bucket_read_only

settings := object.get(data.countersign.config, "state-bucket-read-only", {})

default_match := ["*plan", "plan*", "*-plan-*", "*readonly*", "*read-only*", "*read_only*", "*reader*", "*scan*", "*audit*", "*viewer*", "*drift*"]

match_patterns := object.get(settings, "match", default_match)

scope := data.countersign.lib.scopes.scope(match_patterns)

buckets := object.get(settings, "state_buckets", ["*tfstate*", "*tf-state*", "*terraform*state*", "*tofu*state*"])

tables := object.get(settings, "lock_tables", ["*tfstate*", "*terraform*lock*", "*tofu*lock*", "*tf-lock*", "*tflock*", "*state-lock*"])

# A statement about every bucket counts only where the settings name the buckets.
is_named := object.get(settings, "state_buckets", null) != null

value_types := data.countersign.lib.grants.value_types

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
#   rule: deny
deny_grants contains f if {
	some f in findings_of(data.countersign.lib.grants.settled_rows, data.countersign.lib.grants.settled_expansions)
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: deny
deny_joined contains f if {
	some f in findings_of(data.countersign.lib.grants.joined_rows, data.countersign.lib.grants.joined_expansions)
}

findings_of(all, expansions) := [f |
	some sides in all
	may_be_about_state(sides)
	after := [row | some row in sides.after; is_about_state(row, sides.grant)]
	count(after) > 0
	before := [row | some row in sides.before; is_about_state(row, sides.grant)]
	some subject in {row.subject | some row in after}
	label := data.countersign.lib.grants.principal_label(sides.grant, subject)
	data.countersign.lib.scopes.covers(scope, [label, sides.grant.address])
	had := union({writes_of(row, expansions) | some row in before; key_of(row) == subject_key(row, subject)})
	gains := [{"row": row, "write": write} |
		some row in after
		row.subject == subject
		write := writes_of(row, expansions) - had
		count(write) > 0
	]
	count(gains) > 0
	f := finding(sides.grant, label, gains, expansions)
]

key_of(row) := row.subject if not row.own

key_of(row) := "" if row.own

subject_key(row, subject) := subject if not row.own

subject_key(row, _) := "" if row.own

# Most grants say nothing of tables and buckets and are not read further.
may_be_about_state(sides) if {
	some row in sides.after
	some resource in row.statement.resources
	is_string(resource)
	regex.match(`(?-u)^\*$|:(s3::|dynamodb):`, resource)
} else if {
	sides.grant.after.bucket
}

# is_about_state holds for statements whose resources cover state, and for grants on a bucket of that name.
is_about_state(row, _) if {
	some resource in row.statement.resources
	covers_state(resource)
}

is_about_state(row, grant) if {
	row.kind in ["gcp_role", "gcp_policy"]
	bucket := grant.after.bucket
	is_string(bucket)
	data.countersign.lib.globs.matches_any(buckets, bucket)
}

covers_state("*") if is_named

covers_state(resource) if {
	is_string(resource)
	contains(resource, ":s3:::")
	name := regex.replace(resource, "^arn:[^:]*:s3:::([^/]*)(?s:.*)$", "$1")
	some bucket in buckets
	covers_name(name, bucket)
}

covers_state(resource) if {
	is_string(resource)
	contains(resource, ":dynamodb:")
	name := regex.replace(resource, "^arn:[^:]*:dynamodb:[^:]*:[^:]*:table/([^/]*)(?s:.*)$", "$1")
	some table in tables
	covers_name(name, table)
}

# A name is one that the settings mean, or a wildcard that covers a name of the settings.
covers_name(name, pattern) if data.countersign.lib.globs.matches(pattern, name)

covers_name(name, pattern) if {
	is_named
	regex.match(`[*?]`, name)
	data.countersign.lib.globs.matches(name, pattern)
}

writes_of(row, expansions) := {token |
	some token in data.countersign.lib.grants.expansion_of(row, expansions).write
	is_storage(token, row)
	not is_lock(token, row)
}

is_storage("*", _)

is_storage(token, _) if startswith(token, "NotAction ")

is_storage(token, _) if startswith(token, "s3:")

is_storage(token, _) if startswith(token, "dynamodb:")

is_storage(_, row) if row.kind in ["gcp_role", "gcp_policy"]

is_lock(token, row) if {
	object.get(settings, "allow_locks", true) == true
	split(token, " ")[0] in ["dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:UpdateItem"]
	every resource in row.statement.resources {
		is_string(resource)
		contains(resource, ":table/")
	}
}

is_lock(token, row) if {
	object.get(settings, "allow_locks", true) == true
	split(token, " ")[0] in ["s3:PutObject", "s3:DeleteObject"]
	every resource in row.statement.resources {
		is_string(resource)
		endswith(resource, ".tflock")
	}
}

finding(grant, label, gains, expansions) := {
	"address": grant.address,
	"attribute": gains[0].row.at,
	"subject": label,
	"msg": sprintf("%s is meant to read, and can write where state is kept through %s: %s%s%s.", [data.countersign.lib.grants.who(label, grant.address), grant.address, shown(told), data.countersign.lib.grants.more_text(told.total - count(told.actions)), data.countersign.lib.grants.pattern_text(told)]),
	"facts": object.union({"actions": told.actions, "pattern": data.countersign.lib.grants.five(told.patterns)}, data.countersign.lib.grants.context_of(gains)),
} if {
	told := data.countersign.lib.grants.told(gains, "write", expansions)
}

shown(told) := concat(", ", told.actions) if count(told.actions) > 0

shown(told) := "every action" if count(told.actions) == 0
