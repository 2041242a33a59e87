# METADATA
# title: Code that runs in the cloud is read
# description: >-
#   Start-up scripts, functions, jobs and the like run with the rights of what they run on. Nothing here runs on the machine
#   that applies the plan (see no-local-exec), and all of it is advisory: what a change sends to run is listed, so that somebody
#   reads it.
# custom:
#   id: remote-code
#   severity: info
#   enforcement: advisory
#   remediation: >-
#     Read the script or the image reference in the source before approving.
#   needs: [plan]
#   settings:
#     enabled: Whether anything is reported (default true)
#     ignore_types: Globs of resource types that are not reported (default [])
#   setting_types:
#     enabled: boolean
#     ignore_types: {type: globs, of: types}
package countersign.policies.remote_code

# METADATA
# title: Code that this plan sends to run
# scope: document
# custom:
#   severity: info
#   slice: resource-changes
#   actions: [create, update]
#   values: value_types
warn contains finding if {
	object.get(settings, "enabled", true) == true
	rc := input.resource_changes[_]
	not is_ignored(rc)
	entries := [object.union(entry, {"sent": how}) |
		entry := data.countersign.tables.remote_code[rc.type][_]
		how := sent(rc, entry)
	]
	count(entries) > 0
	entry := entries[0]
	address := data.countersign.lib.addresses.instance_address(rc)
	finding := {
		"address": address,
		"msg": sprintf("%s %s code that runs %s (%s). Read it before approving; it is not shown here.", [
			address,
			entry.sent,
			entry.where,
			concat(".", entry.path),
		]),
		"attribute": concat(".", entry.path),
		"facts": {"kind": entry.kind, "attributes": [concat(".", other.path) | other := entries[_]]},
	}
}

settings := object.get(data.countersign.config, "remote-code", {})

is_ignored(rc) if data.countersign.lib.globs.matches_any(settings.ignore_types, rc.type)

# value_types has the types whose attribute values are read: none where nothing is reported.
value_types := [type |
	object.get(settings, "enabled", true) == true
	data.countersign.tables.remote_code[type]
]

# sent says how code comes in: new, changed, or to be known only after the apply.
sent(rc, entry) := "brings" if {
	not is_object(object.get(rc.change, "before", null))
	is_present(rc, entry)
} else := "may change the" if {
	is_unknown(rc, entry)
} else := "changes the" if {
	is_object(rc.change.before)
	is_present(rc, entry)
	value_at(rc.change.after, entry.path) != value_at(rc.change.before, entry.path)
}

is_present(rc, entry) if is_given(value_at(rc.change.after, entry.path))

is_present(rc, entry) if is_unknown(rc, entry)

is_unknown(rc, entry) if data.countersign.lib.protection.is_unknown(entry, rc.change.after_unknown)

is_given(value) if {
	count([v | v := value[_]; not v in [null, "", [], {}]]) > 0
}

# value_at has the values at a path of one or two names; an object without them has none.
value_at(tree, path) := data.countersign.lib.protection.at(tree, path)
