# METADATA
# title: No plan destroys much at once
# description: >-
#   Looks at the plan as a whole: how many managed objects it destroys, which share of those that exist, which modules it
#   empties, and whether it is a destroy plan. Single objects are findings of no-destroy.
# custom:
#   id: mass-destroy
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Split the change, or check that the right workspace, variables and branch are used. Raise the limits on the base
#     branch where so much is meant to go.
#   needs: [plan]
#   settings:
#     max: More destroyed objects than this are too many (default 20)
#     share: A larger share of the objects that exist is too large, from 0 to 1 (default 0.2)
#     share_from: The share counts from so many destroyed objects on (default 5)
#     replacements: Whether replaced objects count as destroyed (default true)
#     modules: Whether modules that lose all their objects are findings (default true)
#     module_from: Modules with fewer objects than this do not count as emptied (default 3)
#     ignore_types: Globs of resource types that do not count (default ["null_resource", "random_*", "terraform_data", "time_*"])
#   setting_types:
#     max: {type: integer, minimum: 0}
#     share: {type: number, minimum: 0, maximum: 1}
#     share_from: {type: integer, minimum: 0}
#     replacements: boolean
#     modules: boolean
#     module_from: {type: integer, minimum: 0}
#     ignore_types: {type: globs, of: types}
package countersign.policies.mass_destroy

# METADATA
# title: Too much is destroyed
# scope: document
# custom:
#   values: none
deny contains finding if {
	not is_destroy_plan
	count(limits_passed) > 0
	finding := {
		"msg": sprintf("Deletes %d of %d managed objects (%d%%)%s; at most %s may go in one plan.%s", [
			count(destroyed),
			count(prior),
			percent,
			replaced_text,
			concat(" or ", limits_passed),
			modules_text,
		]),
		"attribute": "resource_changes",
		"severity": plan_severity,
		"facts": facts,
	}
}

deny contains finding if {
	is_destroy_plan
	finding := {
		"msg": sprintf("This is a destroy plan: %d of %d managed objects are deleted while their code is still present.", [
			count(all_destroyed),
			count(all_prior),
		]),
		"attribute": "resource_changes",
		"severity": "critical",
		"facts": object.union(facts, {"kind": "destroy-plan"}),
	}
}

deny contains finding if {
	not is_destroy_plan
	object.get(settings, "modules", true) == true
	n := outermost[path]
	finding := {
		"msg": sprintf("%s is emptied: all %d managed objects in it are destroyed.", [path, n]),
		"address": path,
		"facts": {"kind": "module", "destroyed": n, "of": n},
	}
}

settings := object.get(data.countersign.config, "mass-destroy", {})

max_count := object.get(settings, "max", 20)

max_share := object.get(settings, "share", 0.2)

share_from := object.get(settings, "share_from", 5)

module_from := object.get(settings, "module_from", 3)

ignored_types := object.get(settings, "ignore_types", ["null_resource", "random_*", "terraform_data", "time_*"])

# all_prior holds the rows of the managed objects that exist before the apply.
all_prior := [rc |
	rc := all_rows[_]
	exists(rc)
]

exists(rc) if existing[rc.change.actions]

exists(rc) if {
	rc.change.actions == ["no-op"]
	not is_object(object.get(rc.change, "importing", null))
}

# A plan has few lists of actions: what they mean is worked out once for each.
action_lists := {actions | actions := all_rows[_].change.actions}

existing := {actions | actions := action_lists[_]; actions[_] in {"update", "delete", "forget"}}

destroying := {actions | actions := action_lists[_]; "delete" in actions}

creating := {actions | actions := action_lists[_]; "create" in actions}

all_destroyed := [rc | rc := all_prior[_]; destroying[rc.change.actions]]

# prior and destroyed leave out the types that do not count.
counted_types := {type |
	type := {rc.type | rc := all_prior[_]}[_]
	not data.countersign.lib.globs.matches_any(ignored_types, type)
}

prior := [rc | rc := all_prior[_]; counted_types[rc.type]]

destroyed := [rc | rc := prior[_]; is_destroyed(rc)]

is_destroyed(rc) if rc.change.actions == ["delete"]

is_destroyed(rc) if {
	object.get(settings, "replacements", true) == true
	destroying[rc.change.actions]
}

replaced := [rc | rc := destroyed[_]; creating[rc.change.actions]]

percent := floor((100 * count(destroyed)) / count(prior)) if {
	count(prior) > 0
} else := 0

limits_passed := array.concat(
	[sprintf("%v", [max_count]) | count(destroyed) > max_count],
	[sprintf("%v%%", [max_share * 100]) |
		count(destroyed) >= share_from
		count(destroyed) > max_share * count(prior)
	],
)

stateful := [rc | rc := destroyed[_]; data.countersign.tables.stateful_types.stateful[rc.type]]

plan_severity := "critical" if {
	count(stateful) > 0
} else := "high"

facts := {
	"kind": "plan",
	"destroyed": count(destroyed),
	"of": count(prior),
	"replaced": count(replaced),
	"stateful": count(stateful),
	"modules": array.slice(sort(outermost_list), 0, 5),
}

replaced_text := sprintf(", %d of them to be re-created", [count(replaced)]) if {
	count(replaced) > 0
} else := ""

modules_text := sprintf(" Emptied: %s%s.", [
	concat(", ", array.slice(sort(outermost_list), 0, 3)),
	rest_text(count(outermost_list) - 3),
]) if {
	count(outermost_list) > 0
} else := ""

rest_text(n) := sprintf(" and %d more", [n]) if {
	n > 0
} else := ""

# A destroy plan deletes every managed object, without a reason, while code is there.
is_destroy_plan if {
	count(all_destroyed) > 0
	count(all_destroyed) == count(all_rows)
	current := [rc | rc := all_rows[_]; not is_string(object.get(rc, "deposed", null))]
	count(current) > 0
	count([rc | rc := current[_]; is_plain_delete(rc)]) == count(current)
	object.get(input, "errored", false) != true
	has_code
}

all_rows := [rc |
	rc := input.resource_changes[_]
	not object.get(rc, "mode", "managed") in {"data", "ephemeral"}
]

is_plain_delete(rc) if {
	rc.change.actions == ["delete"]
	not is_string(object.get(rc, "action_reason", null))
}

has_code if not is_object(object.get(input, "configuration", null))

has_code if {
	block := data.countersign.lib.configuration.modules[_].module.resources[_]
	object.get(block, "mode", "managed") == "managed"
}

has_code if data.countersign.lib.configuration.modules[1]

# Modules: paths with instance keys. An object counts for its module and for every module around it.

gone := [rc |
	rc := destroyed[_]
	rc.change.actions == ["delete"]
	is_string(rc.module_address)
]

gone_from[path][i] := true if path := paths_of(gone[i].module_address)[_]

# kept has the paths of modules in which an object stays or is created.
kept := {path |
	count(gone) > 0
	address := staying[_][_]
	path := paths_of(address)[_]
}

staying := [{rc.module_address | rc := prior[_]; rc.change.actions != ["delete"]}, growing]

growing := {rc.module_address | rc := all_rows[_]; creating[rc.change.actions]}

emptied[path] := count(gone_from[path]) if {
	gone_from[path]
	count(gone_from[path]) >= module_from
	not kept[path]
}

outermost[path] := emptied[path] if {
	emptied[path]
	count([around | around := paths_of(path)[_]; around != path; emptied[around]]) == 0
}

outermost_list := [path | outermost[path]]

# paths_of gives module.a["x"] and module.a["x"].module.b for the latter. Keys may hold dots.
paths_of(address) := [concat("", array.slice(steps, 0, n)) | n := numbers.range(1, count(steps))[_]] if {
	steps := regex.find_n(`(^|\.)module\.[^.\[]+(\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\])?`, address, -1)
	count(steps) > 0
}
