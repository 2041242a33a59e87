package countersign.policies.plan_mode_restricted_test

import data.countersign.policies.plan_mode_restricted as policy

row(address, actions, more) := object.union(
	{"address": address, "mode": "managed", "type": "a", "name": "b", "change": {"actions": actions}},
	more,
)

plan(rows, more) := object.union({
	"complete": true, "errored": false, "resource_changes": rows,
	"configuration": {"root_module": {"resources": [{"mode": "managed", "type": "a", "name": "b"}]}},
}, more)

denied(document, settings) := found if {
	found := policy.deny with input as document with data.countersign.config as {"plan-mode-restricted": settings}
}

normal := plan([row("a.b", ["update"], {}), row("a.c", ["delete"], {"action_reason": "delete_because_no_resource_config"})], {})

destroy := plan([row("a.b", ["delete"], {}), row("a.b", ["delete"], {"deposed": "x"}), row("data.a.b", ["read"], {"mode": "data"})], {})

refresh_only := plan([], {"resource_drift": [row("a.b", ["update"], {})]})

kinds(document, settings) := {f.attribute | f := denied(document, settings)[_]}

test_ordinary_plans_pass if {
	denied(normal, {}) == set()
	denied(plan([], {}), {}) == set()
	denied(refresh_only, {}) == set()
	denied(plan([row("a.b", ["update"], {})], {"complete": false}), {}) == set()
}

test_a_destroy_plan_is_denied if {
	denied(destroy, {}) == {{
		"msg": "This is a destroy plan: all 1 managed objects are deleted while their code is still there.",
		"subject": "destroy",
		"attribute": "destroy",
		"facts": {"kind": "destroy", "objects": 1},
	}}
	kinds(plan([row("a.b", ["delete"], {})], {"configuration": null}), {}) == {"destroy"}
}

test_deletes_of_code_that_is_gone_are_no_destroy_plan if {
	kinds(plan([row("a.b", ["delete"], {})], {"configuration": {"root_module": {"resources": []}}}), {}) == set()
	kinds(object.union(destroy, {"errored": true}), {}) == set()
}

test_a_replacement_that_was_asked_for_is_denied if {
	{f.msg | f := denied(plan([asked(0), row("a.c", ["update"], {})], {}), {})[_]} == {"The plan was made with -replace: a.b[0]."}
	found := denied(plan([asked(n) | n := numbers.range(0, 6)[_]], {}), {})
	{f.msg | f := found[_]} == {"The plan was made with -replace: a.b[0], a.b[1], a.b[2], a.b[3], a.b[4] and 2 more."}
	{f.facts.objects | f := found[_]} == {7}
}

test_what_is_not_in_allow_is_denied if {
	targeted := plan([row("a.b", ["update"], {})], {"complete": false})
	kinds(targeted, {"allow": ["normal"]}) == {"target"}
	kinds(refresh_only, {"allow": ["normal"]}) == {"refresh-only"}
	kinds(normal, {"allow": ["destroy"]}) == {"normal"}
	kinds(destroy, {"allow": ["destroy"]}) == set()
	texts := {f.msg | document := [targeted, refresh_only, normal][_]; f := denied(document, {"allow": []})[_]}
	texts == {
		"This plan leaves something out, as -target and -exclude do.",
		"This is a refresh-only plan: it would change nothing but the state.",
		"This is a normal plan, and normal is not among the allowed kinds.",
	}
}

test_what_waits_is_not_targeted if {
	kinds(plan([row("a.b", ["update"], {})], {"complete": false, "deferred_changes": [{}]}), {"allow": ["normal"]}) == set()
	kinds(plan([row("a.b", ["update"], {})], {"complete": false, "deferred_action_invocations": [{}]}), {"allow": ["normal"]}) == set()
}

test_a_plan_of_a_state_without_changes_is_refresh_only if {
	kinds(plan([], {"prior_state": {"values": {"root_module": {"resources": [{}]}}}}), {"allow": ["normal"]}) == {"refresh-only"}
	kinds(plan([], {"prior_state": {"values": {"root_module": {"child_modules": [{}]}}}}), {"allow": ["normal"]}) == {"refresh-only"}
}

test_unknown_kinds_in_the_settings_are_denied if {
	bad := policy.deny_settings with data.countersign.config as {"plan-mode-restricted": {"allow": ["normal", "destory", 3]}}
	count(bad) == 1
	word := policy.deny_settings with data.countersign.config as {"plan-mode-restricted": {"allow": "all"}}
	count(word) == 1
	policy.deny_settings == set() with data.countersign.config as {"plan-mode-restricted": {"allow": ["normal"]}}
}

asked(n) := row(sprintf("a.b[%d]", [n]), ["delete", "create"], {"action_reason": "replace_by_request"})
