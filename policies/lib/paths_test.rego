package countersign.lib.paths_test

import data.countersign.lib.paths

hits(patterns, path) if regex.match(paths.expression(patterns), paths.folded(path))

test_a_directory_matches_itself_and_all_below_it if {
	every pattern in [".github", ".github/", ".github/**", "/.github", "/.github/"] {
		hits([pattern], ".github")
		hits([pattern], ".github/workflows/plan.yml")
		not hits([pattern], ".githubx/a")
		not hits([pattern], "x.github")
	}
}

test_a_name_matches_at_any_depth_and_a_path_from_the_top if {
	hits(["Jenkinsfile"], "a/b/jenkinsfile")
	hits(["*.rego"], "a/x.rego")
	hits(["ci/run.sh"], "ci/run.sh")
	not hits(["ci/run.sh"], "a/ci/run.sh")
	not hits(["/Jenkinsfile"], "a/Jenkinsfile")
	hits(["**/ci/run.sh"], "a/b/ci/run.sh")
	hits(["**/ci/run.sh"], "ci/run.sh")
	hits(["a/**/z"], "a/b/c/z")
	hits(["a/b**z"], "a/bc/dz")
}

test_a_star_stays_within_a_name if {
	hits(["azure-pipelines*.yml"], "azure-pipelines-prod.yml")
	not hits(["ci/*.sh"], "ci/sub/x.sh")
	hits(["ci/?.sh"], "ci/a.sh")
	not hits(["ci/?.sh"], "ci/ab.sh")
}

test_everything_else_is_literal if {
	not hits(["a.yml"], "aXyml")
	hits(["a+(b)[c]{d}$^|.yml"], "a+(b)[c]{d}$^|.yml")
}

test_no_patterns_match_nothing if {
	not hits([], "a")
	not hits([], "")
}

test_paths_are_folded_as_file_systems_do if {
	hits([".github/workflows"], ".GitHub/WORKFLOWS/x.yml")
	hits([".github/workflows"], ".github./workflows /x.yml")
	hits([".github/workflows"], ".git\u200chub/workflows/x.yml")
	hits(["makefile"], "ma\u212aefile")
	hits([".circleci"], ".circleci...")
	hits([".husky"], ".huſky/x")
}

test_patterns_that_can_never_match_are_known if {
	{why |
		pattern := [1, "", "/", " ", `a\b`, "a//b", "./a", "a/../b", "a./b", "a ", " a"][_]
		why := paths.fault(pattern)
	} == {
		"it is no text",
		"it is empty",
		`paths are written with "/", and this one has "\"`,
		"it has an empty name between two slashes",
		`no path of a repository has "." or ".." as a name`,
		"a name in it ends with a dot or a space, and such names are compared without",
		"it begins with a space",
	}
	every pattern in ["a", "/a", "a/", "**/a.b", ".a/*"] {
		not paths.fault(pattern)
	}
}
