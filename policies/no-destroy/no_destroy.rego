# METADATA
# title: Nothing is destroyed
# description: >-
#   Every object that the plan destroys is a finding: deletes, replacements in either order, deposed objects,
#   destroy plans. Objects that Terraform only forgets are warned about, since they live on unmanaged.
# custom:
#   id: no-destroy
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Keep the resource, use a moved block for a rename, change the attribute that forces the replacement in a
#     way that can be applied in place, or waive this address with a reason.
#   needs: [plan]
#   settings:
#     ignore_types: Globs of resource types that may be destroyed (default [])
#     ignore_addresses: Globs of addresses, instance keys included, that may be destroyed (default [])
#   setting_types:
#     ignore_types: {type: globs, of: types}
#     ignore_addresses: {type: globs, of: addresses}
package countersign.policies.no_destroy

# METADATA
# title: Objects that are destroyed
# scope: document
# custom:
#   slice: resource-changes
#   actions: [delete]
#   values: none
deny contains finding if {
	rc := input.resource_changes[_]
	"delete" in rc.change.actions
	managed(rc)
	not ignored(rc)
	finding := destroyed(rc, event(rc))
}

# METADATA
# title: Objects that are abandoned
# scope: document
# custom:
#   slice: resource-changes
#   actions: [forget]
#   values: none
warn contains finding if {
	rc := input.resource_changes[_]
	"forget" in rc.change.actions
	not "delete" in rc.change.actions
	managed(rc)
	not ignored(rc)
	finding := forgotten(rc)
}

# METADATA
# title: Objects that a later plan will destroy
# description: A deferred change is not part of this apply; it shows what the next plan holds.
# scope: document
# custom:
#   rule: deferred
deny_deferred contains finding if {
	row := input.deferred_changes[_]
	rc := row.resource_change
	"delete" in rc.change.actions
	managed(rc)
	not ignored(rc)
	later := destroyed(rc, deferred_event(rc, row))
	finding := object.union(later, {"facts": object.union(later.facts, {"deferred": true})})
}

settings := object.get(data.countersign.config, "no-destroy", {})

# A plan of a hand-made or old kind may lack the mode: then the object counts as managed.
managed(rc) if not object.get(rc, "mode", "managed") in {"data", "ephemeral"}

ignored(rc) if data.countersign.lib.globs.matches_any(settings.ignore_types, rc.type)

ignored(rc) if {
	address := data.countersign.lib.addresses.instance_address(rc)
	data.countersign.lib.globs.matches_any(settings.ignore_addresses, address)
}

destroyed(rc, what) := object.union(common(rc), {
	"msg": concat("", [what, " Reason: ", reason_text(rc), ".", history(rc), loss(rc)]),
	"severity": severity(rc),
	"facts": object.union(facts(rc), replace_facts(rc)),
})

forgotten(rc) := object.union(common(rc), {
	"msg": concat("", [forget_event(rc), history(rc), left_behind(rc)]),
	"severity": forget_severity(rc),
	"facts": facts(rc),
})

common(rc) := object.union(
	{"address": data.countersign.lib.addresses.instance_address(rc)},
	{key: rc[key] | key := ["deposed"][_]; is_deposed(rc)},
)

facts(rc) := object.union_n([
	{"reason": reason(rc), "replace": replaced(rc), "forced_by": forced_by(rc)},
	{key: true | key := ["importing"][_]; is_object(rc.change.importing)},
	{key: rc[key] | key := ["previous_address"][_]; is_string(rc[key])},
])

replace_facts(rc) := {"order": "create-before-destroy"} if {
	rc.change.actions == ["create", "delete"]
} else := {"order": "destroy-before-create"} if {
	rc.change.actions == ["delete", "create"]
} else := {}

reason(rc) := rc.action_reason if {
	is_string(rc.action_reason)
	rc.action_reason != ""
} else := "not given"

default replaced(_) := false

replaced(rc) if "create" in rc.change.actions

is_deposed(rc) if {
	is_string(rc.deposed)
	rc.deposed != ""
}

forced_by(rc) := [data.countersign.lib.addresses.path_text(path) |
	path := rc.change.replace_paths[_]
	is_array(path)
]

default severity(_) := "high"

severity(rc) := "critical" if {
	stateful_kind(rc)
	not is_scaffolding(rc)
}

severity(rc) := "low" if is_scaffolding(rc)

stateful_kind(rc) := data.countersign.tables.stateful_types.stateful[rc.type]

is_scaffolding(rc) if data.countersign.tables.stateful_types.scaffolding.types[rc.type]

is_scaffolding(rc) if {
	prefix := data.countersign.tables.stateful_types.scaffolding.prefixes[_]
	startswith(rc.type, prefix)
}

# Sentences.

name_of(rc) := data.countersign.lib.addresses.instance_address(rc)

event(rc) := sprintf("%s: the deposed object %s will be destroyed.", [name_of(rc), rc.deposed]) if {
	is_deposed(rc)
} else := sprintf("%s will be destroyed and re-created (replace%s).", [name_of(rc), forcing(rc)]) if {
	rc.change.actions == ["delete", "create"]
} else := sprintf("%s will be re-created, then its old object destroyed (replace%s).", [name_of(rc), forcing(rc)]) if {
	rc.change.actions == ["create", "delete"]
} else := sprintf("%s will be destroyed, with other actions beside it.", [name_of(rc)]) if {
	count(rc.change.actions) > 1
} else := sprintf("%s will be destroyed.", [name_of(rc)])

deferred_event(rc, row) := sprintf("%s is to be destroyed by a later plan (deferred: %s).", [name_of(rc), why]) if {
	why := row.reason
	is_string(why)
} else := sprintf("%s is to be destroyed by a later plan (deferred).", [name_of(rc)])

forcing(rc) := "" if {
	count(forced_by(rc)) == 0
} else := sprintf(": %s forces it", [json.marshal(forced_by(rc)[0])]) if {
	count(forced_by(rc)) == 1
} else := sprintf(": %s force it", [concat(", ", [json.marshal(path) | path := forced_by(rc)[_]])])

reason_text(rc) := sprintf("%s (%s)", [rc.action_reason, explained[rc.action_reason]]) if {
	explained[rc.action_reason]
} else := "replace_because_cannot_update (something that cannot be changed in place; the plan does not say what)" if {
	reason(rc) == "replace_because_cannot_update"
	count(forced_by(rc)) == 0
} else := "not given (an object left over from an earlier create-before-destroy replacement)" if {
	reason(rc) == "not given"
	is_deposed(rc)
} else := "not given (destroy plans give none)" if {
	reason(rc) == "not given"
	rc.change.actions == ["delete"]
} else := reason(rc)

explained := {
	"replace_because_tainted": "it is marked as tainted",
	"replace_by_request": "the plan was made with -replace",
	"replace_by_triggers": "something in its replace_triggered_by changes",
	"delete_because_no_resource_config": "its block is no longer in the configuration",
	"delete_because_wrong_repetition": "its instance key does not fit count or for_each",
	"delete_because_count_index": "its index is not below count",
	"delete_because_each_key": "its key is not in for_each",
	"delete_because_no_module": "its module instance is no longer in the configuration",
	"delete_because_no_move_target": "the target of its moved block is not in the configuration",
	"delete_because_enabled_false": "its enabled argument is false",
}

forget_event(rc) := sprintf(
	"%s: the plan abandons the live object of this address and creates a new one; the old one stays, unmanaged.",
	[name_of(rc)],
) if {
	replaced(rc)
} else := sprintf(
	"%s: the plan abandons the live object; it stays, and Terraform no longer manages it.",
	[name_of(rc)],
)

history(rc) := concat("", [moved, imported]) if {
	moved := concat("", [sprintf(" It was %s before.", [rc.previous_address]) | is_string(rc.previous_address)])
	imported := concat("", [" The same plan imports it." | is_object(rc.change.importing)])
}

# An abandoned database keeps its data, and nobody reviews what happens to it from then on.
forget_severity(rc) := "high" if {
	severity(rc) == "critical"
} else := "low" if {
	severity(rc) == "low"
} else := "medium"

left_behind(rc) := sprintf(" What it holds (%s) is then outside every review.", [stateful_kind(rc)]) if {
	severity(rc) == "critical"
} else := ""

loss(rc) := sprintf(" What it holds (%s) may be lost.", [stateful_kind(rc)]) if {
	severity(rc) == "critical"
} else := ""
