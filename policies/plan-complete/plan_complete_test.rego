package countersign.policies.plan_complete_test

import data.countersign.policies.plan_complete as policy

row(address, actions) := {"address": address, "mode": "managed", "type": "a", "name": "b", "change": {"actions": actions}}

whole := {"errored": false, "complete": true, "applyable": true, "resource_changes": [row("a.b", ["update"])]}

denied(more) := found if {
	found := policy.deny with input as object.union(whole, more) with data.countersign.config as {}
}

messages(found) := {f.msg | f := found[_]}

test_a_whole_plan_passes if {
	denied({}) == set()
	policy.deny == set() with input as {"resource_changes": []}
	policy.deny_applyable == set() with input as whole
}

test_an_errored_plan_is_denied if {
	{[f.attribute, f.severity] | f := denied({"errored": true, "complete": false})[_]} == {["errored", "high"]}
}

test_an_incomplete_plan_is_denied if {
	denied({"complete": false}) == {{
		"msg": "The plan leaves something out: it was made with -target or -exclude, or waits for something.",
		"attribute": "complete",
		"facts": {"kind": "complete"},
	}}
}

test_deferred_changes_are_denied if {
	one := denied({"complete": false, "deferred_changes": [later("a.one")]})
	messages(one) == {"The plan puts off 1 change (a.one); what they will do is not known."}
	{f.facts | f := one[_]} == {{"kind": "deferred", "changes": 1, "actions": 0, "reasons": ["resource_config_unknown"]}}
	many := denied({"deferred_changes": [later("a.a"), later("a.b"), later("a.c"), later("a.d")], "deferred_action_invocations": [{"reason": "x"}]})
	messages(many) == {"The plan puts off 4 changes and 1 action (a.a, a.b, a.c and 1 more); what they will do is not known."}
	messages(denied({"deferred_action_invocations": [{}, {}]})) == {"The plan puts off 2 actions; what they will do is not known."}
}

test_a_plan_that_cannot_be_applied_is_denied_where_it_holds_changes if {
	stuck := object.union(whole, {"applyable": false})
	found := policy.deny_applyable with input as stuck
	{f.attribute | f := found[_]} == {"applyable"}
	policy.deny_applyable == set() with input as object.union(stuck, {"errored": true})
	policy.deny_applyable == set() with input as object.union(stuck, {"resource_changes": []})
	policy.deny_applyable == set() with input as object.union(stuck, {"resource_changes": [row("a.b", ["no-op"])]})
	data_only := [object.union(row("data.a.b", ["read"]), {"mode": "data"})]
	policy.deny_applyable == set() with input as object.union(stuck, {"resource_changes": data_only})
}

later(name) := {"reason": "resource_config_unknown", "resource_change": row(name, ["create"])}
