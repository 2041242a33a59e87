# METADATA
# title: No long-lived credentials are made
# description: The plan makes a key, a token or a password, which then lies in the state and works until someone revokes it.
# custom:
#   id: no-static-credentials
#   severity: medium
#   enforcement: soft-mandatory
#   remediation: Let the workload take a role by its identity (OIDC, instance or workload identity), or waive it.
#   needs: [plan]
#   settings:
#     ignore_types: Globs of resource types that may be made (default [])
#     match: Globs on addresses; a leading ! leaves out (default *)
#     types: More resource types, in the form of tables/static_credentials.json (default none)
#   setting_types:
#     ignore_types: {type: globs, of: types}
#     match: {type: globs, of: scopes}
#     types: table
package countersign.policies.no_static_credentials

settings := object.get(data.countersign.config, "no-static-credentials", {})

match_patterns := object.get(settings, "match", ["*"])

scope := data.countersign.lib.scopes.scope(match_patterns)

types := object.union(data.countersign.tables.static_credentials, object.get(settings, "types", {}))

value_types := [type | some type, _ in types]

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create]
#   values: value_types
deny contains f if {
	some rc in input.resource_changes
	spec := types[rc.type]
	"create" in rc.change.actions
	not object.get(rc, "mode", "managed") in {"data", "ephemeral"}
	not data.countersign.lib.globs.matches_any(object.get(settings, "ignore_types", []), rc.type)
	address := data.countersign.lib.addresses.instance_address(rc)
	data.countersign.lib.scopes.covers(scope, [address])
	after := object.get(rc.change, "after", null)
	is_meant(spec, after)
	f := {
		"address": address,
		"subject": address,
		"msg": sprintf("%s makes %s. It lies in the state, and works until someone revokes it.", [address, spec.what]),
		"facts": {"type": rc.type, "replaced": is_replaced(rc)},
	}
}

# is_meant leaves out what the attributes show to be harmless; an attribute that is not known shows nothing.
is_meant(spec, after) if {
	not is_excused(spec, after)
	not is_other(spec, after)
}

is_excused(spec, after) if {
	some name, value in object.get(spec, "unless", {})
	after[name] == value
}

is_other(spec, after) if {
	is_object(after)
	some name, value in object.get(spec, "when", {})
	object.get(after, name, null) != value
}

is_replaced(rc) if "delete" in rc.change.actions

is_replaced(rc) := false if not "delete" in rc.change.actions
