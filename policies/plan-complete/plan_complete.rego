# METADATA
# title: The plan is whole
# description: >-
#   What is approved must be all that will happen. Finds plans that ended with an error, leave something out, put changes off, or cannot
#   be applied although they hold changes.
# custom:
#   id: plan-complete
#   severity: medium
#   enforcement: soft-mandatory
#   remediation: >-
#     Make the plan again without -target, after what it waits for was applied, or waive it and review what is left out with the next plan.
#   needs: [plan]
package countersign.policies.plan_complete

# METADATA
# title: Parts that are missing
# scope: document
deny contains finding if {
	input.errored == true
	finding := object.union(
		result("errored", "Planning ended with an error, so the plan holds only a part of the changes."),
		{"severity": "high"},
	)
}

deny contains finding if {
	input.complete == false
	not input.errored
	not puts_off
	finding := result("complete", "The plan leaves something out: it was made with -target or -exclude, or waits for something.")
}

deny contains finding if {
	puts_off
	finding := object.union(
		result("deferred_changes", sprintf("The plan puts off %s%s; what they will do is not known.", [counted, named])),
		{"facts": {"kind": "deferred", "changes": count(deferred), "actions": count(deferred_actions), "reasons": sort(reasons)}},
	)
}

# METADATA
# title: Plans that cannot be applied
# scope: document
# custom:
#   rule: applyable
#   actions: [create, update, delete, forget]
#   values: none
deny_applyable contains finding if {
	input.applyable == false
	not input.errored
	rows := [rc |
		rc := input.resource_changes[_]
		object.get(rc, "mode", "managed") == "managed"
		rc.change.actions[_] in {"create", "update", "delete", "forget"}
	]
	count(rows) > 0
	finding := result("applyable", "The plan is marked as one that cannot be applied, and holds changes all the same.")
}

deferred := [row | row := input.deferred_changes[_]]

deferred_actions := [row | row := input.deferred_action_invocations[_]]

puts_off if count(deferred) > 0

puts_off if count(deferred_actions) > 0

reasons := {reason |
	reason := array.concat(deferred, deferred_actions)[_].reason
	is_string(reason)
}

counted := concat(" and ", array.concat(
	[amount(n, "change") | n := count(deferred); n > 0],
	[amount(n, "action") | n := count(deferred_actions); n > 0],
))

amount(1, what) := sprintf("1 %s", [what])

amount(n, what) := sprintf("%d %ss", [n, what]) if n != 1

named := sprintf(" (%s%s)", [concat(", ", array.slice(names, 0, 3)), more]) if {
	count(names) > 0
} else := ""

names := [data.countersign.lib.addresses.instance_address(row.resource_change) | row := deferred[_]]

more := sprintf(" and %d more", [count(names) - 3]) if {
	count(names) > 3
} else := ""

result(kind, msg) := {"msg": msg, "attribute": kind, "facts": {"kind": kind}}
