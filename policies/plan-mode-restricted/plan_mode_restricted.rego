# METADATA
# title: Only allowed kinds of plan
# description: >-
#   Options on the command line change what a plan does, and no file of the change shows them. Finds destroy plans, replacements that
#   were asked for, and, where they are not allowed, targeted and refresh-only plans.
# custom:
#   id: plan-mode-restricted
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Make the plan again without the option, or allow this kind of plan in [policy.plan-mode-restricted] on the base branch.
#   needs: [plan]
#   settings:
#     allow: Kinds of plan of normal, destroy, refresh-only, target, replace (default ["normal", "refresh-only", "target"])
#   setting_types:
#     allow: {type: texts, words: [normal, destroy, refresh-only, target, replace]}
package countersign.policies.plan_mode_restricted

# METADATA
# title: Plans of a kind that is not allowed
# scope: document
# custom:
#   values: none
deny contains finding if {
	kinds[kind]
	not kind in allowed
	finding := {
		"msg": said(kind),
		"subject": kind,
		"attribute": kind,
		"facts": facts(kind),
	}
}

# METADATA
# title: Settings that allow no such thing
# scope: document
# custom:
#   rule: settings
deny_settings contains finding if {
	word := array.concat([x | x := settings.allow; not is_array(x)], [x | x := settings.allow[_]])[_]
	not word in {"normal", "destroy", "refresh-only", "target", "replace"}
	finding := {
		"msg": "An entry in allow of [policy.plan-mode-restricted] is none of normal, destroy, refresh-only, target and replace.",
		"attribute": "allow",
		"file": "countersign.toml",
		"facts": {},
	}
}

settings := object.get(data.countersign.config, "plan-mode-restricted", {})

allowed := {word | word := object.get(settings, "allow", ["normal", "refresh-only", "target"])[_]}

rows := [rc |
	rc := input.resource_changes[_]
	object.get(rc, "mode", "managed") == "managed"
	not is_deposed(rc)
]

is_deposed(rc) if {
	is_string(rc.deposed)
	rc.deposed != ""
}

deleted := [rc |
	rc := rows[_]
	rc.change.actions == ["delete"]
	not is_string(object.get(rc, "action_reason", null))
]

replaced := [data.countersign.lib.addresses.instance_address(rc) |
	rc := rows[_]
	object.get(rc, "action_reason", "") == "replace_by_request"
]

# A destroy plan deletes everything without a reason, while the code is still there.
is_destroy if {
	not input.errored
	count(rows) > 0
	count(deleted) == count(rows)
	has_code
}

is_refresh_only if {
	not input.errored
	object.get(input, "complete", true) != false
	count([1 | input.resource_changes[_]]) == 0
	was_something
}

# What is put off makes a plan incomplete, too.
is_targeted if {
	input.complete == false
	not input.errored
	count([1 | input.deferred_changes[_]]) == 0
	count([1 | input.deferred_action_invocations[_]]) == 0
}

kinds["destroy"] := true if is_destroy

kinds["refresh-only"] := true if is_refresh_only

kinds["target"] := true if is_targeted

kinds["replace"] := true if count(replaced) > 0

kinds["normal"] := true if {
	not is_destroy
	not is_refresh_only
	not is_targeted
	count(replaced) == 0
}

has_code if {
	count([1 | block := data.countersign.lib.configuration.modules[_].module.resources[_]; block.mode == "managed"]) > 0
}

has_code if not is_object(input.configuration)

was_something if count([1 | input.resource_drift[_]]) > 0

was_something if count(input.prior_state.values.root_module.resources) > 0

was_something if count(input.prior_state.values.root_module.child_modules) > 0

said("destroy") := sprintf("This is a destroy plan: all %d managed objects are deleted while their code is still there.", [count(rows)])

said("refresh-only") := "This is a refresh-only plan: it would change nothing but the state."

said("target") := "This plan leaves something out, as -target and -exclude do."

said("replace") := sprintf("The plan was made with -replace: %s%s.", [concat(", ", array.slice(replaced, 0, 5)), more]) if {
	count(replaced) > 0
}

said("normal") := "This is a normal plan, and normal is not among the allowed kinds."

more := sprintf(" and %d more", [count(replaced) - 5]) if {
	count(replaced) > 5
} else := ""

facts("replace") := {"kind": "replace", "objects": count(replaced)}

facts("destroy") := {"kind": "destroy", "objects": count(rows)}

facts(kind) := {"kind": kind} if not kind in {"replace", "destroy"}
