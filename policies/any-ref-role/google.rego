package countersign.policies.any_ref_role

# Workload identity of Google Cloud: members that stand for every ref of a repository, or for a whole pool, and providers
# that take a token of anybody.

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: deny
deny_pools contains f if {
	some rc in input.resource_changes
	contains(rc.type, "_iam_")
	startswith(rc.type, "google_")
	is_changed(rc)
	names_open_member(rc.change.after)
	address := data.countersign.lib.addresses.instance_address(rc)
	specs := data.countersign.lib.grants.google_types[regex.replace(rc.type, "^.*_iam_", "")]
	grant := {"specs": specs, "hidden": data.countersign.lib.grants.marked(["role", "member", "members", "policy_data"], object.get(rc.change, "after_sensitive", null))}
	had := {[row.subject, row.scope, row.pattern] | some row in data.countersign.lib.grants.rows_of(grant, object_or_empty(object.get(rc.change, "before", null)))}
	new := [row |
		some row in data.countersign.lib.grants.rows_of(grant, rc.change.after)
		is_open_member(row.subject)
		count(row.e.write) + count(row.e.unknown) > 0
		not [row.subject, row.scope, row.pattern] in had
	]
	some member in {row.subject | some row in new}
	data.countersign.lib.scopes.covers(scope, [member, address])
	f := pool_finding(address, member, [row | some row in new; row.subject == member])
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: warn
warn_pools contains f if {
	some rc in input.resource_changes
	rc.type == "google_iam_workload_identity_pool_provider"
	is_changed(rc)
	after := rc.change.after
	object.get(after, "attribute_condition", null) in [null, ""]
	object.get(object_or_empty(object.get(rc.change, "after_unknown", null)), "attribute_condition", false) == false
	some block in data.countersign.lib.principals_aws.as_array(after.oidc)
	regex.match(issuers, block.issuer_uri)
	address := data.countersign.lib.addresses.instance_address(rc)
	data.countersign.lib.scopes.covers(scope, [address])
	f := {
		"address": address,
		"attribute": "attribute_condition",
		"subject": address,
		"msg": sprintf("%s has no attribute_condition: a token of any repository of its issuer is taken. Name the repository and the ref.", [address]),
		"facts": {"kind": "pool-provider"},
	}
}

names_open_member(after) if is_open_member(after.member)

names_open_member(after) if {
	some member in after.members
	is_open_member(member)
}

names_open_member(after) if regex.match(`(?-u)principal(Set)?://`, after.policy_data)

# A whole pool, every ref of a repository or of an owner, and the subject of pull requests. Pools of a Kubernetes cluster
# have no refs.
is_open_member(member) if {
	regex.match(`(?-u)^principalSet://[a-z0-9.]+/projects/[A-Za-z0-9:.-]+/locations/[a-z0-9-]+/workloadIdentityPools/[A-Za-z0-9._-]+/(\*$|attribute\.(repository|project_path|namespace|organization|owner)[a-z_]*/)`, member)
	not contains(member, ".svc.id.goog/")
}

is_open_member(member) if {
	regex.match(`(?-u)^principal://[a-z0-9.]+/projects/[A-Za-z0-9:.-]+/locations/[a-z0-9-]+/workloadIdentityPools/[A-Za-z0-9._-]+/subject/repo:`, member)
	not regex.match(`:(ref:refs/(heads|tags)/|environment:)`, member)
}

pool_finding(address, member, rows) := {
	"address": address,
	"attribute": rows[0].at,
	"subject": member,
	"certainty": certainty,
	"msg": sprintf("%s can be a job of any ref and is granted %s through %s.", [member, data.countersign.lib.grants.five(words), address]),
	"facts": {"kind": "pool-member", "roles": data.countersign.lib.grants.five(words)},
} if {
	words := sort({shown_word(row) | some row in rows})
	certainty := certainty_of(rows)
}

shown_word(row) := "(sensitive)" if row.hidden

shown_word(row) := row.pattern if not row.hidden

certainty_of(rows) := "proven" if {
	some row in rows
	count(row.e.write) > 0
} else := "unknown"
