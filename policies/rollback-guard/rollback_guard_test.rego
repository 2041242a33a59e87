package countersign.policies.rollback_guard_test

import data.countersign.policies.rollback_guard as policy

plan(repository, source, more) := object.union({"timestamp": "2026-03-10T12:00:00Z", "countersign": {
	"repository": object.union({"target": "refs/heads/main", "ahead": 1, "behind": 0, "base_time": "2026-03-01T12:00:00Z"}, repository),
	"source": source,
	"now": "2026-03-20T12:00:00Z",
}}, more)

denied(repository, source, settings) := found if {
	found := policy.deny with input as plan(repository, source, {}) with data.countersign.config as {"rollback-guard": settings}
}

messages(found) := {f.msg | f := found[_]}

call(source, version) := {"address": "module.vpc", "source": source, "version": version, "file": "main.tf", "line": 1, "end_line": 4}

calls(before, after) := {"module_calls": [after], "base": {"module_calls": [before]}}

test_a_head_that_the_base_left_behind_is_denied if {
	denied({"ahead": 0, "behind": 14}, null, {}) == {{
		"msg": "The commit is 14 commits behind refs/heads/main: applying its plan takes back what those changed.",
		"subject": "head",
		"attribute": "head",
		"facts": {"kind": "head", "behind": 14},
	}}
	messages(denied({"ahead": 0, "behind": 1, "target": null}, null, {})) == {"The commit is 1 commit behind the base: applying its plan takes back what those changed."}
}

test_a_branch_or_the_tip_itself_passes if {
	denied({}, null, {}) == set()
	denied({"ahead": 3, "behind": 9}, null, {}) == set()
	denied({"ahead": 0, "behind": 0}, null, {}) == set()
	denied({"ahead": null, "behind": null}, null, {}) == set()
}

test_a_module_version_that_goes_back_is_denied if {
	found := denied({}, calls(call("acme/vpc/aws", "5.10.0"), call("acme/vpc/aws", "= 5.9.0")), {})
	messages(found) == {"module.vpc goes back from 5.10.0 to 5.9.0."}
	{[f.address, f.file, f.line] | f := found[_]} == {["module.vpc", "main.tf", 1]}
	git := calls(call("git::https://x.example/m.git?ref=v2.1.0", null), call("git::https://x.example/m.git?depth=1&ref=v2.0.9", null))
	messages(denied({}, git, {})) == {"module.vpc goes back from 2.1.0 to 2.0.9."}
}

test_other_module_changes_pass if {
	denied({}, calls(call("acme/vpc/aws", "5.9.0"), call("acme/vpc/aws", "5.10.0")), {}) == set()
	denied({}, calls(call("acme/vpc/aws", "~> 5.9"), call("acme/vpc/aws", "~> 4.0")), {}) == set()
	denied({}, calls(call("other/vpc/aws", "5.9.0"), call("acme/vpc/aws", "1.0.0")), {}) == set()
	denied({}, calls(call("./m", null), call("./m", null)), {}) == set()
	nowhere := object.union(call("acme/vpc/aws", "1.0.0"), {"address": null})
	denied({}, calls(object.union(call("acme/vpc/aws", "2.0.0"), {"address": null}), nowhere), {}) == set()
}

test_an_old_plan_is_denied_where_that_is_asked if {
	denied({}, null, {"max_plan_age_days": 10}) == set()
	messages(denied({}, null, {"max_plan_age_days": 9})) == {"The plan is 10 days old (limit 9)."}
}

test_a_plan_older_than_the_base_is_denied_where_that_is_asked if {
	denied({}, null, {"newer_than_base": true}) == set()
	denied({"base_time": "2026-03-11T00:00:00Z"}, null, {}) == set()
	messages(denied({"base_time": "2026-03-11T00:00:00Z"}, null, {"newer_than_base": true})) == {"The plan is older than the newest commit of refs/heads/main."}
}

test_a_plan_without_a_time_is_not_proven if {
	every settings in [{"max_plan_age_days": 9}, {"newer_than_base": true}] {
		found := policy.deny with input as plan({}, null, {"timestamp": null}) with data.countersign.config as {"rollback-guard": settings}
		{f.certainty | f := found[_]} == {"unknown"}
	}
	policy.deny == set() with input as plan({}, null, {"timestamp": null}) with data.countersign.config as {}
}
