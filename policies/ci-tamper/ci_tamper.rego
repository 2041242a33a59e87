# METADATA
# title: CI and its rules stay as they are
# description: >-
#   A change that edits what runs it, plans it or judges it can get round everything else. Every such file that the git
#   change adds, edits, moves or deletes is a finding, and so is one that the plan writes into a repository.
# custom:
#   id: ci-tamper
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Put the change of CI into a pull request of its own, have its owners look at it, and waive the path with a reason.
#   needs: [plan]
#   uses: [git]
#   settings:
#     paths: More paths to guard; a pattern that matches a directory matches all below it (default [])
#     ignore: Patterns of guarded paths that may change (default [])
#   setting_types:
#     paths: {type: texts, of: paths}
#     ignore: {type: texts, of: paths}
package countersign.policies.ci_tamper

# METADATA
# title: Guarded files that the change touches
# scope: document
deny contains finding if {
	side := touched[_]
	what := strict(side)
	finding := file_finding(side, what)
}

# METADATA
# title: Patterns that guard nothing
# scope: document
# custom:
#   rule: settings
deny_settings contains finding if {
	key := {"paths", "ignore"}[_]
	list := array.concat([x | x := settings[key]; not is_array(x)], [x | x := settings[key][_]])
	why := data.countersign.lib.paths.fault(list[_])
	finding := {
		"msg": sprintf("A pattern in %s of [policy.ci-tamper] can never match: %s.", [key, why]),
		"attribute": key,
		"file": "countersign.toml",
		"facts": {},
	}
}

# METADATA
# title: Guarded files that the plan writes into a repository
# scope: document
# custom:
#   rule: repository-file
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: file_types
deny_repository_file contains finding if {
	rc := input.resource_changes[_]
	attribute := data.countersign.tables.ci_paths.file_types[rc.type]
	path := {rc.change[side][attribute] | side := ["before", "after"][_]}[_]
	what := guarded_anywhere(path)
	finding := {
		"msg": sprintf("%s %s %s in a repository, %s.", [
			data.countersign.lib.addresses.instance_address(rc),
			written(rc),
			path,
			what,
		]),
		"address": data.countersign.lib.addresses.instance_address(rc),
		"attribute": attribute,
		"subject": path,
		"facts": {},
	}
}

deny_repository_file contains finding if {
	rc := input.resource_changes[_]
	attribute := data.countersign.tables.ci_paths.file_types[rc.type]
	rc.change.after_unknown[attribute] == true
	finding := {
		"msg": sprintf("%s writes a file into a repository whose path is known only after the apply.", [
			data.countersign.lib.addresses.instance_address(rc),
		]),
		"address": data.countersign.lib.addresses.instance_address(rc),
		"attribute": attribute,
		"certainty": "unknown",
		"facts": {},
	}
}

# METADATA
# title: Files worth a second look
# scope: document
warn contains finding if {
	side := touched[_]
	not strict(side)
	what := mild(side)
	finding := file_finding(side, what)
}

settings := object.get(data.countersign.config, "ci-tamper", {})

file_types := [type | data.countersign.tables.ci_paths.file_types[type]]

# touched holds the sides of the change that some pattern guards and none lets pass.
touched := [side |
	side := data.countersign.lib.diff.sides[_]
	path := data.countersign.lib.paths.folded(side.path)
	regex.match(everything, path)
	not own(path)
	not harmless(path, side)
	not regex.match(ignored, path)
]

everything := data.countersign.lib.paths.expression(array.concat(
	array.concat(shipped("deny"), shipped("warn")),
	array.concat(data.countersign.tables.ci_paths.terragrunt.patterns, usable("paths")),
))

strict_expression := data.countersign.lib.paths.expression(shipped("deny"))

mild_expression := data.countersign.lib.paths.expression(shipped("warn"))

added_expression := data.countersign.lib.paths.expression(usable("paths"))

terragrunt := data.countersign.lib.paths.expression(data.countersign.tables.ci_paths.terragrunt.patterns)

ignored := data.countersign.lib.paths.expression(usable("ignore"))

own_expression := data.countersign.lib.paths.expression(data.countersign.tables.ci_paths.own)

harmless_expression := data.countersign.lib.paths.expression(data.countersign.tables.ci_paths.ignore)

shipped(level) := [pattern |
	group := data.countersign.tables.ci_paths.groups[_]
	group.level == level
	pattern := group.patterns[_]
]

usable(key) := [pattern |
	pattern := settings[key][_]
	not data.countersign.lib.paths.fault(pattern)
]

# policy-tamper reports these.
own(path) if regex.match(own_expression, path)

# Templates and the like are read by people; a link or a program there is not one of them.
harmless(path, side) if {
	regex.match(harmless_expression, path)
	plain_mode(side.file.mode)
	plain_mode(side.file.old_mode)
}

plain_mode(mode) if mode in {null, "100644"}

strict(side) := "which [policy.ci-tamper] guards" if {
	regex.match(added_expression, data.countersign.lib.paths.folded(side.path))
} else := described("deny", side) if {
	regex.match(strict_expression, data.countersign.lib.paths.folded(side.path))
} else := "which runs programs beside Terraform" if {
	regex.match(terragrunt, data.countersign.lib.paths.folded(side.path))
	may_run(side.file)
}

mild(side) := described("warn", side) if {
	regex.match(mild_expression, data.countersign.lib.paths.folded(side.path))
}

described(level, side) := [group.what |
	group := data.countersign.tables.ci_paths.groups[_]
	group.level == level
	expression := data.countersign.lib.paths.expression(group.patterns)
	regex.match(expression, data.countersign.lib.paths.folded(side.path))
][0]

# Terragrunt's files change with every change; what counts is a line about a program, or what cannot be read.
may_run(file) if {
	count(file.hunks) == 0
	file.status != "deleted"
}

may_run(file) if data.countersign.lib.diff.is_link(file)

may_run(file) if {
	line := file.hunks[_][["added", "removed"][_]][_]
	regex.match(data.countersign.tables.ci_paths.terragrunt.runs, line.text)
}

file_finding(side, what) := object.union(data.countersign.lib.diff.place(side), {
	"msg": sprintf("This change %s, %s.", [data.countersign.lib.diff.event(side), what]),
	"subject": side.path,
	"facts": {"status": side.file.status},
})

# A file of another repository is guarded by the shipped patterns, its owners and this program's own files included.
guarded_anywhere(path) := "which says who must review what, or how changes are judged" if {
	own(data.countersign.lib.paths.folded(path))
} else := what if {
	what := described("deny", {"path": path})
	not regex.match(harmless_expression, data.countersign.lib.paths.folded(path))
}

written(rc) := "deletes" if {
	not "create" in rc.change.actions
	"delete" in rc.change.actions
} else := "writes"
