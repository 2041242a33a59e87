package countersign.policies.ci_tamper_test

import data.countersign.policies.ci_tamper

file(path, more) := object.union(
	{"path": path, "old_path": null, "status": "modified", "mode": "100644", "old_mode": "100644", "binary": false, "hunks": [lines(["x"])]},
	more,
)

lines(texts) := {
	"old_start": 1, "old_lines": 0, "new_start": 2, "new_lines": count(texts),
	"added": [{"line": i + 2, "text": text} | text := texts[i]], "removed": [],
}

change(files) := {"countersign": {"git": {"files": files}}}

denied(files) := denied_with(files, {})

denied_with(files, settings) := found if {
	found := ci_tamper.deny with input as change(files) with data.countersign.config as {"ci-tamper": settings}
}

warned(files) := found if {
	found := ci_tamper.warn with input as change(files) with data.countersign.config as {}
}

subjects(found) := {f.subject | f := found[_]}

test_an_edited_workflow_is_denied if {
	denied([file(".github/workflows/plan.yml", {})]) == {{
		"msg": "This change edits .github/workflows/plan.yml, which decides what CI runs.",
		"subject": ".github/workflows/plan.yml",
		"file": ".github/workflows/plan.yml",
		"line": 2,
		"facts": {"status": "modified"},
	}}
}

test_every_shipped_pattern_can_match if {
	patterns := [p | p := data.countersign.tables.ci_paths.groups[_].patterns[_]]
	count(patterns) > 60
	every p in patterns {
		not data.countersign.lib.paths.fault(p)
	}
}

test_the_types_that_write_files_to_a_repository_are_read if "github_repository_file" in ci_tamper.file_types

test_paths_of_every_group_are_denied if {
	paths := {
		".gitlab-ci.yml", "sub/.gitlab-ci.yml", ".circleci/config.yml", "Jenkinsfile", "infra/azure-pipelines-prod.yml",
		"bitbucket-pipelines.yml", ".buildkite/x", "atlantis.yaml", ".terrateam/config.yml", ".spacelift/config.yml",
		"policy/a.rego", "conftest.toml", ".tflint.hcl", ".checkov.yaml", ".gitmodules", ".terraformrc", "x/a.tfrc",
		"m/1.tfmigrate.hcl", ".github/dependabot.yml",
	}
	subjects(denied([file(path, {}) | path := paths[_]])) == paths
	warned([file(path, {}) | path := paths[_]]) == set()
}

test_files_that_are_worth_a_look_are_warned_about if {
	paths := {".gitattributes", "a/.gitattributes", ".pre-commit-config.yaml", ".husky/pre-push", ".terraform-version", "mise.toml"}
	files := [file(path, {}) | path := paths[_]]
	subjects(warned(files)) == paths
	denied(files) == set()
}

test_ci_systems_have_many_names if {
	paths := {
		".gitlab-ci/plan.yml", "live/a.gitlab-ci.yaml", "Jenkinsfile.prod", "bitbucket-pipelines.yaml", ".vsts-ci.yml", "cloudbuild.json",
		"build_spec.yaml", ".builds/a.yml", "bamboo-specs/bamboo.yml", ".wercker.yml", "plan.gocd.yaml", ".zuul.d/x.yaml", ".taskcluster.yml",
		".gruntwork/config.hcl", "stacks/apply.tm.hcl",
	}
	subjects(denied([file(path, {}) | path := paths[_]])) == paths
	subjects(warned([file(".mergify.yml", {})])) == {".mergify.yml"}
}

test_ordinary_files_pass if {
	paths := [
		"main.tf", "policies/readonly.json", "github/workflows/x.yml", "docs/jenkinsfile.md", ".githubx/a", "modules/ci/main.tf",
		".terraform.lock.hcl", "Makefile", "a/.github/workflows/x.yml",
	]
	files := [file(path, {}) | path := paths[_]]
	denied(files) == set()
	warned(files) == set()
}

test_both_sides_of_a_rename_count if {
	away := denied([file("notes.txt", {"status": "renamed", "old_path": ".github/workflows/plan.yml", "hunks": []})])
	{f.msg | f := away[_]} == {"This change moves .github/workflows/plan.yml away, to notes.txt, which decides what CI runs."}
	{f.file | f := away[_]} == {"notes.txt"}
	{f.subject | f := away[_]} == {".github/workflows/plan.yml"}
	into := denied([file(".github/workflows/x.yml", {"status": "renamed", "old_path": "notes.txt", "hunks": []})])
	subjects(into) == {".github/workflows/x.yml"}
	count(denied([file("a.txt", {"status": "copied", "old_path": "Jenkinsfile"})])) == 0
}

test_links_modes_submodules_and_deletions_count if {
	found := denied([
		file(".github", {"status": "added", "mode": "120000", "old_mode": null}),
		file(".circleci", {"status": "added", "mode": "160000", "old_mode": null, "hunks": []}),
		file(".buildkite/run", {"mode": "100755", "hunks": []}),
		file("Jenkinsfile", {"status": "deleted", "mode": null}),
		file("conftest.toml", {"status": "type-changed", "mode": "120000"}),
	])
	{f.msg | f := found[_]} == {
		"This change adds .github (a symbolic link), which decides what CI runs.",
		"This change adds .circleci (a submodule), which decides what CI runs.",
		"This change changes the mode of .buildkite/run from 100644 to 100755 (executable), which decides what CI runs.",
		"This change deletes Jenkinsfile, which decides what CI runs.",
		"This change replaces conftest.toml (a symbolic link), which decides what other policy tools find.",
	}
}

test_other_spellings_of_a_path_count if {
	count(denied([
		file(".GitHub/Workflows/x.yml", {}),
		file(".github./workflows/x.yml", {}),
		file(".git\u200bhub/workflows/x.yml", {}),
		file("JENKINSFILE", {}),
	])) == 4
}

test_what_policy_tamper_reports_is_left_to_it if {
	denied([file(path, {}) | path := [
		"CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS", "countersign.toml", ".countersign/allowed_signers",
	][_]]) == set()
}

test_templates_pass_unless_they_are_links_or_programs if {
	denied([file(".github/ISSUE_TEMPLATE/bug.yml", {}), file(".github/pull_request_template.md", {})]) == set()
	count(denied([
		file(".github/ISSUE_TEMPLATE", {"mode": "120000"}),
		file(".github/a.md", {"mode": "100755"}),
		file(".github/b.md", {"old_mode": "100755"}),
	])) == 3
}

test_terragrunt_counts_where_it_may_run_programs if {
	denied([file("live/terragrunt.hcl", {"hunks": [lines(["inputs = {", "  size = 3"])]})]) == set()
	denied([file("live/terragrunt.hcl", {"status": "deleted", "mode": null, "hunks": []})]) == set()
	denied([file("a.txt", {"status": "renamed", "old_path": "root.hcl", "hunks": [lines(["x"])]})]) == set()
	found := denied([
		file("a/terragrunt.hcl", {"hunks": [lines(["x", `before_hook "b" {`])]}),
		file("b/terragrunt.hcl", {"hunks": [{"added": [], "removed": [{"line": 1, "text": `x = run_cmd("y")`}], "new_start": 1}]}),
		file("c/terragrunt.hcl", {"binary": true, "hunks": []}),
		file("root.hcl", {"mode": "120000"}),
	])
	count(found) == 4
	{contains(f.msg, "which runs programs beside Terraform") | f := found[_]} == {true}
}

test_settings_add_and_take_away if {
	found := denied_with([file("scripts/apply/run.sh", {}), file("Makefile", {}), file("a/scripts/x", {})], {"paths": ["/scripts/", "Makefile"]})
	{f.msg | f := found[_]} == {
		"This change edits scripts/apply/run.sh, which [policy.ci-tamper] guards.",
		"This change edits Makefile, which [policy.ci-tamper] guards.",
	}
	denied_with([file(".github/workflows/docs.yml", {}), file("x.rego", {})], {"ignore": [".github/workflows/docs.yml", "*.rego"]}) == set()
}

test_a_pattern_that_can_never_match_is_denied if {
	found := ci_tamper.deny_settings with data.countersign.config as {"ci-tamper": {"paths": ["ci\\run", "ok"], "ignore": "x"}}
	{f.msg | f := found[_]} == {`A pattern in paths of [policy.ci-tamper] can never match: paths are written with "/", and this one has "\".`}
	bad := ci_tamper.deny_settings with data.countersign.config as {"ci-tamper": {"ignore": 3}}
	{f.attribute | f := bad[_]} == {"ignore"}
	ci_tamper.deny_settings == set() with data.countersign.config as {}
}

test_no_change_is_silent if {
	ci_tamper.deny == set() with input as {"countersign": {"git": null}} with data.countersign.config as {}
	ci_tamper.warn == set() with input as {} with data.countersign.config as {}
}

# The plan's side.

row(type, actions, before, after, unknown) := {
	"address": concat(".", [type, "x"]), "mode": "managed", "type": type, "name": "x",
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown},
}

planned(rows) := found if {
	found := ci_tamper.deny_repository_file with input as {"resource_changes": rows} with data.countersign.config as {}
}

test_a_workflow_that_the_plan_writes_is_denied if {
	planned([row("github_repository_file", ["create"], null, {"file": ".github/workflows/x.yml"}, {})]) == {{
		"msg": "github_repository_file.x writes .github/workflows/x.yml in a repository, which decides what CI runs.",
		"address": "github_repository_file.x",
		"attribute": "file",
		"subject": ".github/workflows/x.yml",
		"facts": {},
	}}
}

test_moves_deletes_and_owners_count_in_the_plan if {
	found := planned([
		row("gitlab_repository_file", ["delete", "create"], {"file_path": ".gitlab-ci.yml"}, {"file_path": "x"}, {}),
		row("github_repository_file", ["delete"], {"file": "CODEOWNERS"}, null, {}),
	])
	{f.msg | f := found[_]} == {
		"gitlab_repository_file.x writes .gitlab-ci.yml in a repository, which decides what CI runs.",
		"github_repository_file.x deletes CODEOWNERS in a repository, which says who must review what, or how changes are judged.",
	}
}

test_an_unknown_path_in_the_plan_is_not_proven if {
	found := planned([row("github_repository_file", ["create"], null, {}, {"file": true})])
	{f.certainty | f := found[_]} == {"unknown"}
}

test_other_files_in_the_plan_pass if {
	planned([
		row("github_repository_file", ["create"], null, {"file": "README.md"}, {}),
		row("github_repository_file", ["create"], null, {"file": ".github/ISSUE_TEMPLATE/bug.md"}, {}),
		row("aws_s3_object", ["create"], null, {"file": ".github/workflows/x.yml"}, {}),
	]) == set()
}
