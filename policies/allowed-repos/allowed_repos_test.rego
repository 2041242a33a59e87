package countersign.policies.allowed_repos_test

import data.countersign.policies.allowed_repos as policy

root := "0123456789abcdef0123456789abcdef01234567"

denied(repository, settings) := found if {
	found := policy.deny with input as {"countersign": {"repository": object.union({"origin": "github.com/acme/infra", "roots": [root]}, repository)}} with data.countersign.config as {"allowed-repos": settings}
}

test_an_allowed_repository_passes if {
	denied({}, {"repos": ["github.com/acme/infra"]}) == set()
	denied({}, {"patterns": [`github\.com/acme/.+`]}) == set()
	denied({}, {"repos": ["x/y"], "patterns": [3, `github\.com/acme/infra`]}) == set()
	denied({}, {"roots": [upper(root)]}) == set()
}

test_another_repository_is_denied if {
	denied({"origin": "github.com/eve/infra"}, {"repos": ["github.com/acme/infra"]}) == {{
		"msg": "The repository github.com/eve/infra is not an allowed one.",
		"subject": "github.com/eve/infra",
		"attribute": "origin",
		"facts": {"kind": "origin"},
	}}
}

test_patterns_match_the_whole_address if {
	every origin in ["evil.example/github.com/acme/infra", "github.com/acme/infra/x", "github.com/acme/infrax"] {
		count(denied({"origin": origin}, {"patterns": [`github\.com/acme/infra|never`]})) == 1
	}
}

test_a_copy_with_another_first_commit_is_denied if {
	other := "ffffffffffffffffffffffffffffffffffffffff"
	{f.msg | f := denied({"roots": [root, other]}, {"roots": [root]})[_]} == {"The history begins with commit ffffffffffff, which is no allowed one."}
}

test_what_is_not_known_is_not_proven if {
	{[f.attribute, f.certainty] | f := denied({"origin": null}, {"repos": ["a/b"]})[_]} == {["origin", "unknown"]}
	{[f.attribute, f.certainty] | f := denied({"roots": []}, {"roots": [root]})[_]} == {["root", "unknown"]}
}

test_settings_that_allow_nothing_are_denied if {
	empty := policy.deny_settings with data.countersign.config as {"allowed-repos": {}}
	{f.attribute | f := empty[_]} == {"repos"}
	bad := policy.deny_settings with data.countersign.config as {"allowed-repos": {
		"repos": [3, "https://github.com/a/b", "git@github.com:a/b", "github.com/a/b.git", "GitHub.com/a/b"],
		"patterns": ["("], "roots": ["abc"],
	}}
	{f.msg | f := bad[_]} == {
		"An entry in patterns of [policy.allowed-repos] is no regular expression.",
		"An entry in roots of [policy.allowed-repos] is not the full id of a commit.",
		"An entry in repos of [policy.allowed-repos] can never match: it is no text.",
		"An entry in repos of [policy.allowed-repos] can never match: leave out the scheme.",
		"An entry in repos of [policy.allowed-repos] can never match: leave out the user.",
		"An entry in repos of [policy.allowed-repos] can never match: leave out .git at its end.",
		"An entry in repos of [policy.allowed-repos] can never match: write the host in lower case.",
	}
	policy.deny_settings == set() with data.countersign.config as {"allowed-repos": {"repos": ["github.com/acme/infra"], "patterns": ["x"], "roots": [root]}}
}
