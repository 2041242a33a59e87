# METADATA
# title: The plan uses what the change touches
# description: >-
#   Parts of the configuration that the git change adds, changes or removes and that no change of the plan uses. The
#   plan may be older than the commit, made for another workspace or limited to some resources.
# custom:
#   id: unplanned-hunk
#   severity: info
#   enforcement: advisory
#   remediation: >-
#     Make the plan again from this commit. If it stays the same, the hunk changes nothing here, which may be what is
#     meant.
#   needs: [plan, git, source]
#   settings:
#     ignore_files: Globs of repository paths that are not looked at (default [])
#   setting_types:
#     ignore_files: {type: globs, of: files}
package countersign.policies.unplanned_hunk

# METADATA
# title: Hunks that plan nothing
# scope: document
deny contains finding if {
	row := input.countersign.provenance.unplanned[_]
	not ignored(row)
	finding := object.union(place(row), {
		"msg": sprintf("%s %s%s, and the plan changes nothing by it.", [deed(row), row.what, more(object.get(row, "copies", 1))]),
		"subject": row.what,
	})
}

settings := object.get(data.countersign.config, "unplanned-hunk", {})

ignored(row) if data.countersign.lib.globs.matches_any(settings.ignore_files, row.file)

deed(row) := "The change removes" if {
	row.removed
} else := "The change touches"

default more(_) := ""

more(copies) := sprintf(" (and the same in %d more calls of its module)", [copies - 1]) if copies > 2

more(2) := " (and the same in one more call of its module)"

# A line of the base is none of the commit under review.
place(row) := {"file": row.file} if {
	row.removed
} else := {"file": row.file, "line": row.line}
