# METADATA
# title: No plan and no state in the repository
# description: >-
#   Plans and states hold every secret of their resources in clear text, and a repository keeps them for good. Finds plan and
#   state files, .terraform directories and crash logs that the change adds or edits, by name and by content.
# custom:
#   id: plan-committed
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Take the file out of all commits of the branch, add it to .gitignore, and change the secrets that it held.
#   needs: [git]
#   settings:
#     ignore: Patterns of paths that may hold plans and states, such as test data without secrets (default [])
#   setting_types:
#     ignore: {type: texts, of: paths}
package countersign.policies.plan_committed

# METADATA
# title: Plan, state and crash files
# scope: document
deny contains finding if {
	file := files[_]
	what := by_name(file)
	finding := found(file, what, "name")
}

deny contains finding if {
	file := files[_]
	not by_name(file)
	what := by_content(file)
	finding := found(file, what, "content")
}

settings := object.get(data.countersign.config, "plan-committed", {})

ignored := data.countersign.lib.paths.expression([p | p := settings.ignore[_]; not data.countersign.lib.paths.fault(p)])

# Submodules are not files of this repository, and a link holds no more than a path.
files := [file |
	file := input.countersign.git.files[_]
	file.status != "deleted"
	not startswith(file.mode, "160")
	not regex.match(ignored, data.countersign.lib.paths.folded(file.path))
]

by_name(file) := [kind.what |
	kind := kinds[_]
	regex.match(kind.pattern, data.countersign.lib.paths.folded(file.path))
	not is_source(file.path)
][0]

kinds := [
	{"what": "a Terraform state", "pattern": `\.tfstate([._~-][^/]*)?$|(^|/)terraform\.tfstate\.d/`},
	{"what": "a file of a .terraform directory, which may hold a state and its credentials", "pattern": `(^|/)(\.terraform|\.terragrunt-cache)/`},
	{"what": "a plan", "pattern": `\.tfplan([._-][^/]*)?$|(^|/)tfplan([._-][^/]*)?$|\.(planfile|tofuplan)$|(^|/)(tf|tofu|terraform)\.plan$|(^|/)((tf)?plan\.(out|bin|cache)|planfile)$`},
	{"what": "a crash log of Terraform, which may hold values of the plan", "pattern": `(^|/)(terraform[._-]|tofu[._-])?crash([._-][^/]*)?\.log$`},
	{"what": "a history of the Terraform console", "pattern": `(^|/)\.terraform_history$`},
]

is_source(path) if regex.match(`(?i)\.(tf|tofu|go|py|rs|js|ts|rb|java|rego|md|sh)$`, path)

# A binary plan is a zip, and may have any name that says plan; another zip may have it too, so the name has to end there.
by_content(file) := "what looks like a binary plan" if {
	file.binary
	regex.match(`(^|/|[._-])(tf)?plan(\.zip)?$`, data.countersign.lib.paths.folded(file.path))
} else := "a binary plan" if {
	# The names of its entries stand in a zip as they are.
	line := file.strings[_]
	contains(line.text, "tfconfig/modules.json")
} else := "the JSON of a plan" if {
	may_be_json(file)
	holds(file, `"format_version"\s*:`)
	holds(file, `"(resource_changes|planned_values)"\s*:`)
} else := "a Terraform state" if {
	may_be_json(file)
	holds(file, `"lineage"\s*:\s*"`)
	holds(file, `"serial"\s*:\s*[0-9]`)
	holds(file, `"terraform_version"\s*:`)
} else := "the JSON of a state" if {
	may_be_json(file)
	holds(file, `"format_version"\s*:`)
	holds(file, `"values"\s*:\s*\{`)
	holds(file, `"sensitive_values"\s*:`)
} else := "a crash log of Terraform, which may hold values of the plan" if {
	regex.match(`\.(log|txt)$`, lower(file.path))
	holds(file, `!!! TERRAFORM CRASH !!!|!!! OPENTOFU CRASH !!!`)
}

# Text of these kinds quotes plans rather than being one.
may_be_json(file) if {
	not is_source(file.path)
	count(file.hunks) > 0
}

holds(file, pattern) if {
	line := file.hunks[_].added[_]
	regex.match(pattern, line.text)
}

found(file, what, how) := object.union(data.countersign.lib.diff.place(side), {
	"msg": sprintf("This change %s, %s.", [data.countersign.lib.diff.event(side), what]),
	"subject": file.path,
	"facts": {"found_by": how},
}) if {
	side := {"path": file.path, "file": file, "gone": false}
}
