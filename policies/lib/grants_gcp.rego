package countersign.lib.grants

gcp_role_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some role in strings(found.value)
	some subject in principals_of(spec, attributes, hidden)
	row := object.union(simple_row(spec, attributes, hidden, subject, found.at, role, gcp_role_verdict(role)), {"join": {"kind": "gcp", "word": gcp_role_word(role)}})
]

# A custom role is told by its last part, the role's id.
gcp_role_word(role) := regex.replace(role, "(?s)^.*/", "") if not startswith(role, "roles/")

gcp_role_word(role) := role if startswith(role, "roles/")

gcp_role_verdict(role) := object.get(data.countersign.tables.gcp_roles.roles, role, gcp_unlisted_verdict(role))

# Of a predefined role that is not listed only a name that promises writing is believed.
gcp_unlisted_verdict(role) := "not-read-only" if {
	regex.match(`(?i-u)^roles/[a-z0-9._-]*(admin|editor|owner|writer|creator)$`, role)
} else := "cannot-prove"

gcp_policy_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some binding in gcp_bindings(found.value)
	some subject in gcp_members(binding, object.get(hidden, spec.path[0], false))
	role := sprintf("%v", [object.get(binding, "role", "(no role)")])
	row := object.union(simple_row(spec, attributes, hidden, subject, found.at, role, gcp_role_verdict(role)), {"join": {"kind": "gcp", "word": gcp_role_word(role)}})
]

gcp_bindings(value) := data.countersign.lib.principals_aws.as_array(object.get(parsed, "bindings", null)) if {
	is_string(value)
	json.is_valid(value)
	parsed := json.unmarshal(value)
	is_object(parsed)
} else := [] if {
	value == ""
} else := [{"role": "(unreadable document)", "members": ["(unknown)"]}]

gcp_members(binding, is_hidden) := [shown_principal(m, is_hidden) | some m in data.countersign.lib.principals_aws.as_array(object.get(binding, "members", null))]

gcp_permission_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some permission in strings(found.value)
	some subject in principals_of(spec, attributes, hidden)
	row := simple_row(spec, attributes, hidden, subject, found.at, permission, gcp_permission_verdict(permission))
]

gcp_sensitive := [
	`^secretmanager\.versions\.access$`, `^storage\.objects\.get$`, `^bigquery\.tables\.getData$`,
	`^compute\.instances\.getSerialPortOutput$`, `(?i-u)\.(get|view|fetch)[a-z]*(password|secret|credential|keystring)`,
	`^datastore\.entities\.(get|list)$`, `^logging\.privateLogEntries\.list$`, `^container\.secrets\.(get|list)$`,
]

gcp_permission_verdict(permission) := "sensitive-read" if {
	some expression in gcp_sensitive
	regex.match(expression, permission)
} else := "not-read-only" if {
	regex.match(`(?i-u)\.(get|fetch)[a-z]*(token|uploadurl)$`, permission)
} else := "read-only" if {
	regex.match(`\.(get|list|search|query|fetch|lookup|view)([A-Z][A-Za-z]*)?$`, permission)
} else := "read-only" if {
	endswith(permission, ".useReadOnly")
} else := "not-read-only"
