package countersign.lib.diff_test

import data.countersign.lib.diff

file(path, status, more) := object.union(
	{"path": path, "old_path": null, "status": status, "mode": "100644", "old_mode": "100644", "binary": false, "hunks": []},
	more,
)

hunk := {"old_start": 0, "old_lines": 0, "new_start": 3, "new_lines": 1, "added": [{"line": 3, "text": "x"}], "removed": []}

sides(files) := found if {
	found := diff.sides with input as {"countersign": {"git": {"files": files}}}
}

events(files) := {diff.event(side) | side := sides(files)[_]}

test_every_status_has_its_words if {
	events([
		file("a", "added", {"old_mode": null}),
		file("b", "deleted", {"mode": null}),
		file("c", "renamed", {"old_path": "d"}),
		file("e", "copied", {"old_path": "f"}),
		file("g", "type-changed", {"mode": "120000"}),
		file("h", "modified", {"hunks": [hunk]}),
		file("i", "modified", {"mode": "100755"}),
		file("j", "modified", {"binary": true}),
		file("k", "added", {"mode": "160000", "old_mode": null}),
		file("l", "added", {"mode": "100755", "old_mode": null}),
	]) == {
		"adds a",
		"deletes b",
		"moves d to c",
		"moves d away, to c",
		"adds e, a copy of f",
		"replaces g (a symbolic link)",
		"edits h",
		"changes the mode of i from 100644 to 100755 (executable)",
		"edits j",
		"adds k (a submodule)",
		"adds l (executable)",
	}
}

test_only_a_renamed_file_has_a_side_that_is_gone if {
	found := sides([
		file("c", "renamed", {"old_path": "d"}),
		file("e", "copied", {"old_path": "f"}),
		file("b", "deleted", {"mode": null}),
	])
	{[s.path, s.gone] | s := found[_]} == {["c", false], ["d", true], ["e", false], ["b", true]}
}

test_the_place_is_the_first_line_that_is_there if {
	places := {diff.place(s) | s := sides([
		file("a", "modified", {"hunks": [hunk]}),
		file("b", "deleted", {"hunks": [hunk]}),
		file("c", "renamed", {"old_path": "d", "hunks": [object.union(hunk, {"new_start": 0})]}),
	])[_]}
	places == {{"file": "a", "line": 3}, {"file": "b"}, {"file": "c", "line": 1}, {"file": "c"}}
}

test_no_change_has_no_sides if {
	diff.sides == [] with input as {"countersign": {"git": null}}
	diff.is_link({"mode": "120000"})
	not diff.is_link({"mode": null})
}
