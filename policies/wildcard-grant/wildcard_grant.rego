# METADATA
# title: Grants name what they grant
# description: A grant newly covers every action, every action of a service on every resource, or everyone.
# custom:
#   id: wildcard-grant
#   severity: medium
#   enforcement: advisory
#   remediation: Name the actions, the resources and the principals.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default *)
#     services: Also report every action of one service (default true)
#   setting_types:
#     match: {type: globs, of: scopes}
#     services: boolean
package countersign.policies.wildcard_grant

settings := object.get(data.countersign.config, "wildcard-grant", {})

match_patterns := object.get(settings, "match", ["*"])

scope := data.countersign.lib.scopes.scope(match_patterns)

value_types := data.countersign.lib.grants.value_types

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
#   rule: deny
deny_grants contains f if {
	some f in findings_of(data.countersign.lib.grants.settled_rows)
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: deny
deny_joined contains f if {
	some f in findings_of(data.countersign.lib.grants.joined_rows)
}

findings_of(all) := [f |
	some sides in all
	after := [wide | some row in sides.after; some wide in wide_parts(row)]
	count(after) > 0
	had := {key_of(wide) | some row in sides.before; some wide in wide_parts(row)}
	new := [wide | some wide in after; not key_of(wide) in had]
	some subject in {wide.row.subject | some wide in new}
	label := data.countersign.lib.grants.principal_label(sides.grant, subject)
	data.countersign.lib.scopes.covers(scope, [label, sides.grant.address])
	f := finding(sides.grant, label, [wide | some wide in new; wide.row.subject == subject])
]

key_of(wide) := [wide.what, wide.pattern, data.countersign.lib.grants.row_key(wide.row)]

# wide_parts gives what is too wide about a row: what is every action, service or principal.
wide_parts(row) := array.concat(array.concat(
	[{"row": row, "what": "action", "pattern": p} |
		some p in object.get(row, "patterns", [])
		startswith(p, "*")
		data.countersign.lib.principals_aws.every_action(p)
	],
	[{"row": row, "what": "service", "pattern": p} |
		some p in object.get(row, "patterns", [])
		endswith(p, ":*")
		not startswith(p, "*")
		object.get(settings, "services", true) == true
		"*" in row.statement.resources
	],
), array.concat(
	[{"row": row, "what": what, "pattern": row.pattern} |
		row.pattern
		what := wide_word(row)
	],
	[{"row": row, "what": "principal", "pattern": "(principal)"} |
		data.countersign.lib.grants.is_public_principal(row.subject)
		not row.statement.conditional
		grants_something(row)
	],
))

grants_something(row) if row.patterns

grants_something(row) if row.nots

grants_something(row) if row.e

wide_word(row) := "action" if {
	row.nots
} else := "action" if {
	row.pattern == "*"
} else := "action" if {
	lower(row.pattern) in ["roles/owner", "roles/editor", "* *", "* */*"]
} else := "service" if {
	row.kind == "azure_actions"
	regex.match(`^[^*]+/\*$`, row.pattern)
	object.get(settings, "services", true) == true
}

finding(grant, label, wide) := {
	"address": grant.address,
	"attribute": wide[0].row.at,
	"subject": label,
	"msg": sprintf("%s is granted %s through %s%s.", [data.countersign.lib.grants.who(label, grant.address), concat(" and ", [text | some what in ["action", "service", "principal"]; some text in texts_of(what, wide)]), grant.address, pattern_text(patterns)]),
	"facts": {"kind": concat(", ", sort({w.what | some w in wide})), "pattern": data.countersign.lib.grants.five(patterns)},
} if {
	patterns := sort({shown_pattern(w) | some w in wide})
}

pattern_text(patterns) := sprintf(" (pattern %s)", [data.countersign.lib.grants.five(named)]) if {
	named := [p | some p in patterns; p != "(principal)"]
	count(named) > 0
} else := ""

shown_pattern(wide) := "(sensitive)" if wide.row.hidden

shown_pattern(wide) := wide.pattern if not wide.row.hidden

texts_of(what, wide) := [{"action": "every action (or all but some)", "service": "every action of a service on every resource", "principal": "access without a condition"}[what] |
	what in {w.what | some w in wide}
]
