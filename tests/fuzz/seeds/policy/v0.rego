package acme.old

import input as tfplan

deny[msg] {
	r := tfplan.resource_changes[_]
	r.mode == "managed"
	action := r.change.actions[count(r.change.actions) - 1]
	array_contains(["delete", "update"], action)
	msg := sprintf("%s: %q", [r.address, action])
}

violation[{"msg": msg, "severity": "low"}] {
	some i
	tfplan.resource_changes[i].change.after.input.size > 3
	msg := tfplan.resource_changes[i].address
}

array_contains(arr, elem) {
	arr[_] = elem
}

names = {x | x := tfplan.resource_changes[_].name}
