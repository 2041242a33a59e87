package countersign.policies.base_fresh_test

import data.countersign.policies.base_fresh as policy

repository(more) := {"countersign": {"repository": object.union({
	"target": "refs/heads/main", "ahead": 2, "behind": 0,
	"base_time": "2026-03-20T12:00:00Z", "merge_base_time": "2026-03-20T12:00:00Z",
}, more)}}

denied(more, settings) := found if {
	found := policy.deny with input as repository(more) with data.countersign.config as {"base-fresh": settings}
}

messages(found) := {f.msg | f := found[_]}

test_a_branch_at_the_tip_of_its_base_passes if {
	denied({}, {}) == set()
	denied({"behind": 50, "base_time": "2026-04-03T12:00:00Z"}, {}) == set()
}

test_a_branch_that_lacks_many_commits_is_found if {
	denied({"behind": 51}, {}) == {{
		"msg": "The branch lacks 51 commits of refs/heads/main (limit 50).",
		"subject": "refs/heads/main",
		"attribute": "commits",
		"facts": {"behind": 51, "days": 0},
	}}
	messages(denied({"behind": 3}, {"max_commits": 2})) == {"The branch lacks 3 commits of refs/heads/main (limit 2)."}
}

test_a_branch_that_left_long_ago_is_found if {
	messages(denied({"behind": 1, "base_time": "2026-04-04T13:00:00Z"}, {})) == {"The branch left refs/heads/main where it was 15 days ago (limit 14)."}
	messages(denied({"behind": 1, "target": null, "base_time": "2026-03-21T13:00:00Z"}, {"max_days": 0})) == {"The branch left its base where it was 1 days ago (limit 0)."}
}

test_times_that_make_no_sense_are_no_days if {
	denied({"behind": 1, "base_time": null}, {}) == set()
	denied({"behind": 1, "base_time": "2020-01-01T00:00:00Z"}, {}) == set()
}

test_an_unknown_distance_is_not_proven if {
	{f.certainty | f := denied({"behind": null}, {})[_]} == {"unknown"}
}
