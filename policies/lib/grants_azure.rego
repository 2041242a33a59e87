package countersign.lib.grants

# Role assignments: built-in roles by name or by the GUID at the end of the role definition's id.
azure_role_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	role := sprintf("%v", [found.value])
	some subject in principals_of(spec, attributes, hidden)
	row := object.union(simple_row(spec, attributes, hidden, subject, found.at, role, azure_role_verdict(role)), {"join": {"kind": "azure", "word": azure_role_word(role)}})
]

azure_role_word(role) := lower(regex.replace(role, "(?s)^.*/", ""))

azure_role_verdict(role) := object.get(data.countersign.tables.azure_roles.names, lower(role), "cannot-prove") if {
	not contains(role, "/")
}

azure_role_verdict(role) := object.get(data.countersign.tables.azure_roles.ids, last, "cannot-prove") if {
	contains(role, "/")
	last := lower(regex.replace(role, "(?s)^.*/", ""))
}

# Role definitions: an action reads only when its last segment is `read`; not_actions only take away.
azure_action_rows(spec, attributes, hidden) := [row |
	blocks := data.countersign.lib.principals_aws.as_array(object.get(attributes, spec.path[0], null))
	some i, block in blocks
	is_object(block)
	some kind in ["actions", "data_actions"]
	taken := strings(object.get(block, sprintf("not_%s", [kind]), null))
	some action in strings(object.get(block, kind, null))
	not azure_taken(action, taken)
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, sprintf("%s[%d].%s", [spec.path[0], i, kind]), action, azure_action_verdict(lower(action), kind))
]

azure_taken(action, taken) if {
	some pattern in taken
	azure_covers(lower(pattern), lower(action))
}

azure_covers(pattern, action) if pattern == action

azure_covers(pattern, action) if {
	contains(pattern, "*")
	parts := [regex.replace(part, `([.+?^$(){}|\[\]\\])`, `\$1`) | some part in split(pattern, "*")]
	regex.match(sprintf("^%s$", [concat(".*", parts)]), action)
}

azure_action_verdict(action, kind) := "sensitive-read" if {
	kind == "data_actions"
	endswith(action, "/read")
} else := "read-only" if {
	endswith(action, "/read")
} else := "read-only" if {
	action == "read"
} else := "not-read-only"
