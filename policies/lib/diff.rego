# METADATA
# description: |
#   The files of the git change, with each path that they have or had, and what happened there in words.
package countersign.lib.diff

# sides holds {"path", "file", "gone"} for each file's path, and for the old path of a renamed one, which is gone.
sides := array.concat(
	[{"path": file.path, "file": file, "gone": file.status == "deleted"} |
		file := input.countersign.git.files[_]
	],
	[{"path": file.old_path, "file": file, "gone": true} |
		file := input.countersign.git.files[_]
		file.status == "renamed"
		is_string(file.old_path)
	],
)

# place gives the file and line to look at.
place(side) := {"file": side.file.path, "line": max([1, side.file.hunks[0].new_start])} if {
	side.path == side.file.path
	side.file.status != "deleted"
	count(side.file.hunks) > 0
} else := {"file": side.file.path}

# event says what the change does to a path, as the rest of a sentence that begins with "This change".
event(side) := concat("", [verb(side), kind(side)])

verb(side) := sprintf("moves %s away, to %s", [side.path, side.file.path]) if {
	side.path != side.file.path
} else := sprintf("adds %s", [side.path]) if {
	side.file.status == "added"
} else := sprintf("deletes %s", [side.path]) if {
	side.file.status == "deleted"
} else := sprintf("moves %s to %s", [side.file.old_path, side.path]) if {
	side.file.status == "renamed"
} else := sprintf("adds %s, a copy of %s", [side.path, side.file.old_path]) if {
	side.file.status == "copied"
} else := sprintf("replaces %s", [side.path]) if {
	side.file.status == "type-changed"
} else := sprintf("changes the mode of %s from %s to %s", [side.path, side.file.old_mode, side.file.mode]) if {
	side.file.mode != side.file.old_mode
	count(side.file.hunks) == 0
	not side.file.binary
} else := sprintf("edits %s", [side.path])

kind(side) := " (a symbolic link)" if {
	startswith(mode_of(side), "120")
} else := " (a submodule)" if {
	startswith(mode_of(side), "160")
} else := " (executable)" if {
	mode_of(side) == "100755"
	object.get(side.file, "old_mode", null) != "100755"
} else := ""

mode_of(side) := side.file.mode if {
	side.path == side.file.path
	is_string(side.file.mode)
} else := ""

is_link(file) if startswith(file.mode, "120")
