# METADATA
# title: The change under review explains the plan
# description: >-
#   Every resource and output that the plan changes although no hunk of the git change leads to it: values given on
#   the command line, replacements asked for with -replace, a state that someone edited.
# custom:
#   id: unexplained-change
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Find out where the change comes from: options and variables of the plan command, the environment, the state.
#     Make it in the configuration, or waive this address with a reason.
#   needs: [plan, git, source]
#   settings:
#     ignore_types: Globs of resource types that may change without a hunk (default [])
#     ignore_addresses: Globs of addresses, instance keys included, that may change without a hunk (default [])
#   setting_types:
#     ignore_types: {type: globs, of: types}
#     ignore_addresses: {type: globs, of: addresses}
package countersign.policies.unexplained_change

# METADATA
# title: Resources that change without a hunk
# scope: document
deny contains finding if {
	row := input.countersign.provenance.explained[_]
	row.verdict == "unexplained"
	not ignored(row)
	finding := object.union(common(row), {
		"msg": sprintf("%s: the change under review does not explain this %s. %s", [row.address, deed(row), row.reason]),
		"severity": severity(row),
	})
}

# METADATA
# title: Resources of which it cannot be known
# scope: document
deny contains finding if {
	row := input.countersign.provenance.explained[_]
	row.verdict == "not-known"
	not ignored(row)
	finding := object.union(common(row), {
		"msg": sprintf("%s: it cannot be known whether the change under review explains this %s. %s", [row.address, deed(row), row.reason]),
		"severity": severity(row),
		"certainty": "unknown",
	})
}

# METADATA
# title: Outputs that change without a hunk
# scope: document
deny contains finding if {
	row := input.countersign.provenance.outputs[_]
	row.verdict == "unexplained"
	finding := output_finding(row, "the change under review does not explain that it changes", {"severity": "low"})
}

# METADATA
# title: Outputs of which it cannot be known
# scope: document
deny contains finding if {
	row := input.countersign.provenance.outputs[_]
	row.verdict == "not-known"
	finding := output_finding(row, "it cannot be known whether the change under review explains that it changes", {
		"severity": "low",
		"certainty": "unknown",
	})
}

# METADATA
# title: Nothing could be compared
# scope: document
deny contains finding if {
	is_null(input.countersign.provenance)
	finding := {
		"msg": "The commit under review and the one before it could not be compared, so it is not known what explains the plan.",
		"certainty": "unknown",
		"subject": "provenance",
	}
}

# METADATA
# title: Resources that were changed outside Terraform
# scope: document
# custom:
#   rule: drift
warn_drift contains finding if {
	row := input.countersign.provenance.explained[_]
	row.verdict == "drift"
	not ignored(row)
	finding := object.union(common(row), {"msg": sprintf("%s: %s", [row.address, row.reason])})
}

settings := object.get(data.countersign.config, "unexplained-change", {})

ignored(row) if data.countersign.lib.globs.matches_any(settings.ignore_types, row.type)

ignored(row) if data.countersign.lib.globs.matches_any(settings.ignore_addresses, row.address)

common(row) := object.union(
	{"address": row.address, "facts": {"verdict": row.verdict}},
	{key: row[key] | key := ["deposed"][_]; is_string(row[key])},
)

output_finding(row, what, more) := object.union(
	{
		"msg": sprintf("output.%s: %s. %s", [row.name, what, row.reason]),
		"subject": concat("", ["output.", row.name]),
		"facts": {"verdict": row.verdict},
	},
	more,
)

default severity(_) := "medium"

severity(row) := "high" if "delete" in row.actions

deed(row) := "replacement" if {
	"delete" in row.actions
	"create" in row.actions
} else := "destroy" if {
	"delete" in row.actions
} else := "create" if {
	"create" in row.actions
} else := "update" if {
	"update" in row.actions
} else := "change"
