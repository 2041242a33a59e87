package countersign.policies.allowed_refs_test

import data.countersign.policies.allowed_refs as policy

denied(repository, settings) := found if {
	found := policy.deny with input as {"countersign": {"repository": object.union({"target": "refs/heads/main", "branch": "feat/x", "ahead": 1}, repository)}} with data.countersign.config as {"allowed-refs": settings}
}

main := {"refs": ["refs/heads/main", "refs/heads/release/*"]}

test_an_allowed_branch_passes if {
	denied({}, main) == set()
	denied({"target": "refs/heads/release/1"}, main) == set()
}

test_another_branch_is_denied if {
	denied({"target": "refs/heads/mainx"}, main) == {{
		"msg": "refs/heads/mainx is not an allowed branch.",
		"subject": "refs/heads/mainx",
		"attribute": "target",
		"facts": {"kind": "target"},
	}}
	count(denied({"target": "refs/tags/main"}, main)) == 1
}

test_an_unknown_branch_is_not_proven if {
	{[f.attribute, f.certainty] | f := denied({"target": null}, main)[_]} == {["target", "unknown"]}
}

test_where_a_change_comes_from_can_be_restricted if {
	from := object.union(main, {"from": ["feat/*"]})
	denied({}, from) == set()
	{f.msg | f := denied({"branch": "wip"}, from)[_]} == {"wip is not a branch that changes may come from."}
	{[f.attribute, f.certainty] | f := denied({"branch": null}, from)[_]} == {["from", "unknown"]}
	denied({"branch": "main", "ahead": 0}, from) == set()
	denied({"branch": null, "ahead": 0}, from) == set()
}

test_settings_that_allow_nothing_are_denied if {
	empty := policy.deny_settings with data.countersign.config as {"allowed-refs": {"enforcement": "advisory"}}
	{f.msg | f := empty[_]} == {"[policy.allowed-refs] has no refs, so nothing is allowed."}
	bad := policy.deny_settings with data.countersign.config as {"allowed-refs": {"refs": ["main", 3]}}
	{f.msg | f := bad[_]} == {
		`A pattern in refs of [policy.allowed-refs] can never match: write "refs/heads/main".`,
		"A pattern in refs of [policy.allowed-refs] can never match: it is no text.",
	}
	policy.deny_settings == set() with data.countersign.config as {"allowed-refs": main}
}
