package countersign.policies.plan_committed_test

import data.countersign.policies.plan_committed as policy

file(path, more) := object.union(
	{"path": path, "old_path": null, "status": "added", "mode": "100644", "old_mode": null, "binary": false, "hunks": []},
	more,
)

text(lines) := {"hunks": [{"new_start": 1, "added": [{"line": i + 1, "text": line} | line := lines[i]], "removed": []}]}

denied(files) := denied_with(files, {})

denied_with(files, settings) := found if {
	found := policy.deny with input as {"countersign": {"git": {"files": files}}} with data.countersign.config as {"plan-committed": settings}
}

subjects(found) := {f.subject | f := found[_]}

test_a_state_is_denied if {
	denied([file("live/terraform.tfstate", text(["{"]))]) == {{
		"msg": "This change adds live/terraform.tfstate, a Terraform state.",
		"file": "live/terraform.tfstate",
		"line": 1,
		"subject": "live/terraform.tfstate",
		"facts": {"found_by": "name"},
	}}
}

test_names_of_every_kind_are_denied if {
	paths := {
		"terraform.tfstate.backup", "terraform.tfstate.1700000000.backup", "errored.tfstate", "TERRAFORM.TFSTATE", "a.tfstate.",
		".terraform/terraform.tfstate", "live/.terraform/providers/x", "tfplan", "a/tfplan.json", "my.tfplan", "my.tfplan.json",
		"plan.out", "tf.plan", "live/planfile", "x.planfile", "terraform.tfstate.d/prod/x", "a.tfstate.1700000000.backup", "a.tfstate~",
		".terragrunt-cache/a/b", "terraform-crash.log", "crash.log", "crash.20260101.log", "x/.terraform_history",
	}
	subjects(denied([file(path, {"binary": true}) | path := paths[_]])) == paths
}

test_ordinary_names_pass if {
	denied([file(path, {"binary": true}) | path := [
		".terraform.lock.hcl", ".terraform-version", "main.tf", "tfstate.tf", "docs/tfplan.md", "crash.go", "plan.md", "floorplan.png",
		"modules/terraform/x.zip", "tfplan_test.go",
	][_]]) == set()
}

test_scripts_that_make_plans_pass if {
	denied([file(path, text(["terraform plan"])) | path := ["bin/terraform-plan", "scripts/tf-plan", "make-plan"][_]]) == set()
}

test_a_plan_under_another_name_is_denied_by_its_content if {
	found := denied([
		file("out.json", text([`{"format_version":"1.2","terraform_version":"1.11.4","resource_changes":[]}`])),
		file("pretty.txt", text(["{", `  "format_version": "1.2",`, `  "planned_values": {`])),
	])
	subjects(found) == {"out.json", "pretty.txt"}
	{f.facts.found_by | f := found[_]} == {"content"}
}

test_a_state_under_another_name_is_denied_by_its_content if {
	state := text(["{", `  "version": 4,`, `  "terraform_version": "1.11.4",`, `  "serial": 3,`, `  "lineage": "x",`])
	shown := text([`{"format_version":"1.0","values":{"root_module":{"resources":[{"sensitive_values":{}}]}}}`])
	subjects(denied([file("backup.json", state), file("shown.json", shown)])) == {"backup.json", "shown.json"}
}

test_a_binary_plan_is_denied_by_what_its_name_says if {
	subjects(denied([file("out/prod.plan", {"binary": true}), file("prod-plan", {"binary": true})])) == {"out/prod.plan", "prod-plan"}
	denied([file("prod-plan", {}), file("logo.zip", {"binary": true})]) == set()
}

test_a_crash_log_is_denied_by_its_content if {
	subjects(denied([file("out.txt", text(["x", "!!! TERRAFORM CRASH !!!"]))])) == {"out.txt"}
}

test_what_quotes_a_plan_passes if {
	quoted := text([`{"format_version":"1.2","resource_changes":[]}`])
	denied([file(path, quoted) | path := ["policy_test.rego", "README.md", "main.go", "x.tf"][_]]) == set()
	denied([file("package.json", text([`{"version": "1.0.0", "serial": "x"}`]))]) == set()
}

test_edits_and_moves_count_and_deletions_do_not if {
	found := denied([
		file("terraform.tfstate", {"status": "modified", "old_mode": "100644", "binary": true}),
		file("new.tfstate", {"status": "renamed", "old_path": "x.json"}),
		file("old.tfstate", {"status": "deleted", "mode": null}),
		file("x.txt", {"status": "renamed", "old_path": "gone.tfstate"}),
		file("modules/tfplan", {"mode": "160000"}),
	])
	{f.msg | f := found[_]} == {
		"This change edits terraform.tfstate, a Terraform state.",
		"This change moves x.json to new.tfstate, a Terraform state.",
	}
}

test_ignored_paths_pass if {
	denied_with([file("testdata/plans/tfplan", {"binary": true})], {"ignore": ["testdata/"]}) == set()
	count(denied_with([file("testdata/tfplan", {"binary": true})], {"ignore": ["./testdata"]})) == 1
}

test_no_change_is_silent if {
	policy.deny == set() with input as {"countersign": {"git": null}} with data.countersign.config as {}
}

test_a_binary_plan_is_known_by_the_names_of_its_entries if {
	zip := object.union(file("release.dat", {}), {"binary": true, "hunks": [], "strings": [{"line": 1, "text": "tfconfig/modules.jsonPK"}]})
	{f.msg | f := denied([zip])[_]} == {"This change adds release.dat, a binary plan."}
	denied([object.union(zip, {"strings": [{"line": 1, "text": "another/name.json"}]})]) == set()
}
