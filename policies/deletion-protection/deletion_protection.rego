# METADATA
# title: Protection from deletion stays on
# description: >-
#   Turning off what protects an object from deletion is the first half of deleting it, and looks like any other
#   change of an attribute. This policy finds attributes that protect and are turned off or loosened, locks and backup
#   plans that are destroyed, and objects created without protection.
# custom:
#   id: deletion-protection
#   severity: medium
#   enforcement: soft-mandatory
#   remediation: >-
#     Leave the protection on. Where the object is to go, waive this with a reason, apply it, and destroy the object in
#     a change of its own.
#   needs: [plan]
#   settings:
#     created: What an object created without protection gives, one of warn, deny and off (default "warn")
#     ignore_types: Globs of resource types that need no protection (default [])
#     ignore_addresses: Globs of addresses, instance keys included, that need no protection (default [])
#   setting_types:
#     created: {type: text, words: [warn, deny, "off"]}
#     ignore_types: {type: globs, of: types}
#     ignore_addresses: {type: globs, of: addresses}
package countersign.policies.deletion_protection

# METADATA
# title: Protection that is turned off or destroyed
# scope: document
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
deny contains finding if {
	rc := changed_rows[_]
	entry := data.countersign.lib.protection.entries(rc.type)[_]
	data.countersign.lib.protection.is_protected(entry, rc.change.before)
	not data.countersign.lib.protection.is_unknown(entry, object.get(rc.change, "after_unknown", {}))
	not data.countersign.lib.protection.is_protected(entry, rc.change.after)
	finding := object.union(about(rc, entry), {
		"msg": sprintf("%s %s.%s", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.loosened(entry),
			consequence(rc, entry),
		]),
		"severity": severity(rc, ["high", "medium"]),
		"facts": {"kind": "turned-off", "replace": is_replaced(rc)},
	})
}

deny contains finding if {
	rc := changed_rows[_]
	entry := data.countersign.lib.protection.entries(rc.type)[_]
	data.countersign.lib.protection.is_protected(entry, rc.change.before)
	data.countersign.lib.protection.is_unknown(entry, object.get(rc.change, "after_unknown", {}))
	finding := object.union(about(rc, entry), {
		"msg": sprintf("%s may lose its protection: the new value of %s is known only after the apply.", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.path_text(entry),
		]),
		"severity": severity(rc, ["high", "medium"]),
		"certainty": "unknown",
		"facts": {"kind": "turned-off", "replace": is_replaced(rc)},
	})
}

deny contains finding if {
	rc := destroyed_rows[_]
	what := data.countersign.tables.deletion_protection.guards[rc.type]
	finding := {
		"address": data.countersign.lib.addresses.instance_address(rc),
		"msg": sprintf("%s is destroyed, and %s ends with it.", [
			data.countersign.lib.addresses.instance_address(rc),
			what,
		]),
		"severity": "high",
		"facts": {"kind": "guard-destroyed", "replace": false},
	}
}

deny contains finding if {
	settings.created == "deny"
	finding := created_findings[_]
}

# METADATA
# title: Objects created without protection, and retention that is shortened
# scope: document
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
warn contains finding if {
	object.get(settings, "created", "warn") == "warn"
	finding := created_findings[_]
}

warn contains finding if {
	rc := changed_rows[_]
	entry := data.countersign.lib.protection.entries(rc.type)[_]
	data.countersign.lib.protection.is_lowered(entry, rc.change.before, rc.change.after)
	finding := object.union(about(rc, entry), {
		"msg": sprintf("%s lowers %s.", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.path_text(entry),
		]),
		"severity": "low",
		"facts": {"kind": "lowered", "replace": is_replaced(rc)},
	})
}

# METADATA
# title: Provider settings that destroy more than the plan says
# scope: document
# custom:
#   values: none
#   rule: provider-features
warn_provider_features contains finding if {
	entry := data.countersign.lib.providers.entries[_]
	endswith(entry.source, "/azurerm")
	features := as_list(entry.block.expressions.features)[_]
	feature := data.countersign.tables.deletion_protection.features[_]
	block := as_list(features[feature.path[0]])[_]
	value := block[feature.path[1]].constant_value
	sprintf("%v", [value]) != feature.safe
	finding := {
		"msg": sprintf("Provider configuration %s %s: features.%s is %s.", [
			entry.key,
			feature.what,
			concat(".", feature.path),
			other[feature.safe],
		]),
		"attribute": concat(".", array.concat(["features"], feature.path)),
		"subject": entry.key,
		"severity": "low",
		"facts": {"kind": "provider-feature"},
	}
}

other := {"true": "false", "false": "true"}

as_list(value) := value if is_array(value)

as_list(value) := [value] if is_object(value)

# value_types has the types whose attribute values are read.
value_types := array.concat(
	data.countersign.lib.protection.types,
	[type | data.countersign.tables.deletion_protection.guards[type]],
)

settings := object.get(data.countersign.config, "deletion-protection", {})

# Rows.

changed_rows := [rc |
	rc := rows[_]
	is_object(rc.change.before)
	is_object(rc.change.after)
]

destroyed_rows := [rc |
	rc := rows[_]
	rc.change.actions == ["delete"]
]

created_rows := [rc |
	rc := rows[_]
	"create" in rc.change.actions
	not is_object(object.get(rc.change, "before", null))
	is_object(rc.change.after)
]

rows := [rc |
	rc := input.resource_changes[_]
	not object.get(rc, "mode", "managed") in {"data", "ephemeral"}
	not is_ignored(rc)
]

is_ignored(rc) if data.countersign.lib.globs.matches_any(settings.ignore_types, rc.type)

is_ignored(rc) if {
	settings.ignore_addresses
	address := data.countersign.lib.addresses.instance_address(rc)
	data.countersign.lib.globs.matches_any(settings.ignore_addresses, address)
}

created_findings := [finding |
	rc := created_rows[_]
	entry := data.countersign.lib.protection.entries(rc.type)[_]
	is_bare(rc, entry)
	finding := object.union(about(rc, entry), {
		"msg": sprintf("%s is created with %s.", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.exposed(entry),
		]),
		"severity": severity(rc, ["medium", "low"]),
		"facts": {"kind": "created-without", "replace": false},
	})
]

# Some attributes should be set on every object; of others only a value that weakens counts.
is_bare(rc, entry) if {
	entry.created == "warn"
	not data.countersign.lib.protection.is_protected(entry, rc.change.after)
	not data.countersign.lib.protection.is_unknown(entry, object.get(rc.change, "after_unknown", {}))
}

is_bare(rc, entry) if {
	entry.created == "switched"
	data.countersign.lib.protection.is_exposed(entry, rc.change.after)
}

default is_replaced(_) := false

is_replaced(rc) if "create" in rc.change.actions

# severity is the first of two for types that hold data or keys.
severity(rc, words) := words[0] if {
	data.countersign.tables.stateful_types.stateful[rc.type]
} else := words[1]

about(rc, entry) := {
	"address": data.countersign.lib.addresses.instance_address(rc),
	"attribute": data.countersign.lib.protection.path_text(entry),
}

consequence(rc, entry) := " It is replaced, and the new object has no such protection." if {
	is_replaced(rc)
} else := " The next apply can delete it." if {
	entry.blocks
} else := ""
