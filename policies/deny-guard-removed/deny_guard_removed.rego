# METADATA
# title: Guards stay
# description: A change takes away a Deny statement, a permissions boundary, a service control policy or a deny policy.
# custom:
#   id: deny-guard-removed
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Keep the guard, or waive this with the reason why it is no longer needed.
#   needs: [plan]
#   settings:
#     match: Globs on addresses and on names; a leading ! leaves out (default *)
#   setting_types:
#     match: {type: globs, of: scopes}
package countersign.policies.deny_guard_removed

settings := object.get(data.countersign.config, "deny-guard-removed", {})

match_patterns := object.get(settings, "match", ["*"])

scope := data.countersign.lib.scopes.scope(match_patterns)

value_types := data.countersign.lib.grants.value_types

# Types of which a whole object is a guard, with the attributes that hold what it guards.
guard_types := {
	"aws_organizations_policy": ["content"],
	"aws_organizations_policy_attachment": ["policy_id", "target_id"],
	"aws_ssoadmin_permissions_boundary_attachment": ["permissions_boundary"],
	"google_iam_deny_policy": ["rules"],
}

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
deny contains f if {
	some change in guarded
	some f in change.found
	f.rule == "deny"
}

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
warn contains f if {
	some change in guarded
	some f in change.found
	f.rule == "warn"
}

guarded := [{"found": found} |
	some rc in input.resource_changes
	is_change(rc)
	is_object(rc.change.before)
	address := data.countersign.lib.addresses.instance_address(rc)
	found := array.concat(documents_of(rc, address), others_of(rc, address))
	count(found) > 0
	data.countersign.lib.scopes.covers(scope, [address, sprintf("%v", [object.get(rc.change.before, "name", address)])])
]

is_change(rc) if {
	not object.get(rc, "mode", "managed") in {"data", "ephemeral"}
	not rc.change.actions in [["no-op"], ["read"], ["create"], ["forget"]]
}

after_of(rc) := rc.change.after if {
	is_object(rc.change.after)
} else := {}

# documents_of compares the Deny statements of policy documents. A document that is known only after apply may keep
# its guards.
documents_of(rc, address) := [f |
	some spec in data.countersign.lib.grants.grant_types[rc.type]
	spec.kind in ["aws_document", "aws_resource_document"]
	denies := denies_at(rc.change.before, spec)
	count(denies) > 0
	f := document_finding(rc, address, spec)
]

document_finding(rc, address, spec) := guard_finding(address, spec.path[0], "warn", sprintf("%s denies something now; its next document is known only after apply.", [address]), {"guard": "deny-statement"}, "unknown") if {
	is_open(rc, spec)
} else := guard_finding(address, spec.path[0], rule_of(spec, rc), sprintf("%s no longer denies %s.", [address, shown(gone, rc, spec)]), {"guard": "deny-statement", "pattern": shown(gone, rc, spec)}, "proven") if {
	left := denies_at(after_of(rc), spec)
	gone := [d | some d in denies_at(rc.change.before, spec); not is_kept(d, left)]
	count(gone) > 0
}

is_open(rc, spec) if {
	is_object(rc.change.after_unknown)
	object.get(rc.change.after_unknown, spec.path[0], false) != false
	contains(json.marshal(rc.change.after_unknown[spec.path[0]]), "true")
}

# The document of a resource that goes away guards nothing any more; one of a principal did.
rule_of(spec, rc) := "warn" if {
	spec.kind == "aws_resource_document"
	not is_object(object.get(rc.change, "after", null))
} else := "deny"

denies_at(attributes, spec) := [{"pattern": pattern, "resources": s.resources, "conditional": s.conditional, "principals": s.principals} |
	some found in data.countersign.lib.grants.values_at(attributes, spec.path)
	may_deny(found.value)
	document := data.countersign.lib.principals_aws.document(found.value)
	some s in document.statements
	s.effect == "Deny"
	some pattern in patterns_of(s)
]

# Most documents deny nothing and are not read further.
may_deny(value) if not is_string(value)

may_deny(value) if regex.match(`(?i)deny`, value)

patterns_of(s) := [p | some p in s.actions; is_string(p)] if s.not_actions == null

patterns_of(s) := [sprintf("all but %s", [concat(", ", sort([n | some n in s.not_actions; is_string(n)]))])] if s.not_actions != null

# is_kept holds when a Deny of after covers the same actions on as many resources for as many principals.
is_kept(deny, left) if {
	some other in left
	covers_pattern(other.pattern, deny.pattern)
	covers_all(other.resources, deny.resources)
	covers_all(other.principals, deny.principals)
	is_as_strict(other, deny)
}

covers_pattern(wide, narrow) if lower(wide) == lower(narrow)

covers_pattern(wide, narrow) if {
	not startswith(wide, "all but ")
	not startswith(narrow, "all but ")
	data.countersign.lib.globs.matches(lower(wide), lower(narrow))
}

covers_all(wide, narrow) if {
	every text in narrow {
		is_string(text)
		some pattern in wide
		data.countersign.lib.globs.matches(pattern, text)
	}
}

# A condition narrows a Deny; two conditions are not compared.
is_as_strict(other, _) if not other.conditional

is_as_strict(other, deny) if {
	other.conditional
	deny.conditional
}

shown(gone, rc, spec) := "(sensitive)" if {
	count(data.countersign.lib.grants.marked([spec.path[0]], object.get(rc.change, "before_sensitive", null))) > 0
} else := data.countersign.lib.grants.five(sort({d.pattern | some d in gone}))

# others_of: permissions boundaries, and objects that guard as a whole.
others_of(rc, address) := array.concat(
	[guard_finding(address, "permissions_boundary", "deny", sprintf("%s loses its permissions boundary.", [address]), {"guard": "permissions-boundary"}, "proven") |
		rc.type in ["aws_iam_role", "aws_iam_user"]
		is_string(rc.change.before.permissions_boundary)
		rc.change.before.permissions_boundary != ""
		is_object(rc.change.after)
		object.get(rc.change.after, "permissions_boundary", null) in [null, ""]
		object.get(object.get(rc.change, "after_unknown", {}), "permissions_boundary", false) == false
	],
	[guard_finding(address, names[0], "deny", sprintf("%s %s, and it limits what others may do.", [address, what]), {"guard": rc.type}, "proven") |
		names := guard_types[rc.type]
		what := guard_change(rc, names)
	],
)

guard_change(rc, _) := "is removed" if not is_object(object.get(rc.change, "after", null))

guard_change(rc, names) := "is changed" if {
	is_object(rc.change.after)
	some name in names
	object.get(rc.change.before, name, null) != object.get(rc.change.after, name, null)
}

guard_finding(address, attribute, rule, message, facts, certainty) := {
	"address": address,
	"attribute": attribute,
	"subject": address,
	"rule": rule,
	"certainty": certainty,
	"msg": message,
	"facts": facts,
}
