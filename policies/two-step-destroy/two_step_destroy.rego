# METADATA
# title: Protection goes first, in a change of its own
# description: >-
#   An object that is protected from deletion is destroyed in two changes: one turns the protection off and is applied,
#   the next destroys the object. This policy finds plans that do both at once, and says of destroyed objects whether
#   the first step was taken before.
# custom:
#   id: two-step-destroy
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Turn the protection off in a change of its own, apply it, and destroy the object in the next one.
#   needs: [plan]
#   uses: [source]
package countersign.policies.two_step_destroy

# METADATA
# title: Protected objects that are destroyed in one step
# scope: document
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
deny contains finding if {
	rc := destroyed_rows[_]
	entry := blocking(rc.type)[_]
	data.countersign.lib.protection.is_protected(entry, rc.change.before)
	finding := object.union(about(rc), {
		"msg": sprintf("%s is destroyed while %s. %s", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.standing(entry),
			outcome(rc, entry),
		]),
		"attribute": data.countersign.lib.protection.path_text(entry),
		"facts": {"kind": "protected", "first_step": false},
	})
}

# METADATA
# title: Objects whose protection was off before this plan
# description: Only for types that should always be protected; of others it says nothing that they are not.
# scope: document
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
warn contains finding if {
	rc := destroyed_rows[_]
	entries := [entry | entry := blocking(rc.type)[_]; entry.created == "warn"]
	count(entries) > 0
	count([entry | entry := entries[_]; data.countersign.lib.protection.is_protected(entry, rc.change.before)]) == 0
	is_object(rc.change.before)
	entry := entries[0]
	finding := object.union(about(rc), {
		"msg": sprintf("%s is destroyed; its %s was off before this plan.", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.protection.path_text(entry),
		]),
		"severity": "info",
		"attribute": data.countersign.lib.protection.path_text(entry),
		"facts": {"kind": "unprotected", "first_step": true},
	})
}

# METADATA
# title: Objects whose prevent_destroy goes in the same change
# scope: document
# custom:
#   actions: [delete]
#   values: none
#   rule: prevent-destroy
deny_prevent_destroy contains finding if {
	item := data.countersign.lib.protection.dropped_guards[_]
	rc := input.resource_changes[_]
	"delete" in rc.change.actions
	rc.type == item.block[0]
	rc.name == item.block[1]
	finding := object.union(about(rc), {
		"msg": sprintf("%s is destroyed, and the same change removes prevent_destroy = true from its block (line %d of %s before it).", [
			data.countersign.lib.addresses.instance_address(rc),
			item.line,
			item.file,
		]),
		"attribute": "lifecycle.prevent_destroy",
		"facts": {"kind": "prevent-destroy", "first_step": false},
	})
}

# METADATA
# title: Locks that go together with other objects
# scope: document
# custom:
#   actions: [delete]
#   values: none
#   rule: locks
warn_locks contains finding if {
	rc := deleted[_]
	is_lock(rc)
	others := [other | other := deleted[_]; not is_lock(other); other.provider_name == rc.provider_name]
	count(others) > 0
	finding := object.union(about(rc), {
		"msg": sprintf("%s is destroyed in the same plan as %s%s, which it may have guarded.", [
			data.countersign.lib.addresses.instance_address(rc),
			data.countersign.lib.addresses.instance_address(others[0]),
			more_text(count(others)),
		]),
		"severity": "medium",
		"facts": {"kind": "lock", "first_step": false},
	})
}

# value_types has the types whose attribute values are read: those of deletion-protection, so that both share them.
value_types := data.countersign.policies.deletion_protection.value_types

blocking(type) := [entry |
	entry := data.countersign.lib.protection.entries(type)[_]
	entry.blocks
]

destroyed_rows := [rc |
	rc := input.resource_changes[_]
	"delete" in rc.change.actions
	not is_deposed(rc)
	object.get(rc, "mode", "managed") == "managed"
]

# A deposed object left its address before; its protection is not what this change speaks of.
is_deposed(rc) if is_string(rc.deposed)

deleted := [rc |
	rc := input.resource_changes[_]
	rc.change.actions == ["delete"]
]

is_lock(rc) if rc.type in {"azurerm_management_lock", "google_resource_manager_lien"}

outcome(rc, entry) := "The same plan turns it off." if {
	is_object(rc.change.after)
	not data.countersign.lib.protection.is_protected(entry, rc.change.after)
} else := "The apply fails at this object, or the provider turns it off by itself."

more_text(n) := sprintf(" and %d more", [n - 1]) if {
	n > 1
} else := ""

about(rc) := {"address": data.countersign.lib.addresses.instance_address(rc)}
