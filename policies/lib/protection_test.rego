package countersign.lib.protection_test

flag := {"path": ["on"], "safe": ["true"]}

inverse := {"path": ["force"], "safe": ["false"]}

nested := {"path": ["settings", "on"], "safe": ["true"]}

number := {"path": ["days"], "least": 7}

protected(entry, tree) := count([1 | data.countersign.lib.protection.is_protected(entry, tree)]) > 0

unknown(entry, tree) := count([1 | data.countersign.lib.protection.is_unknown(entry, tree)]) > 0

test_protected_values if {
	every case in [
		[flag, {"on": true}], [flag, {"on": "true"}], [inverse, {"force": false}], [inverse, {"force": null}], [inverse, {}],
		[nested, {"settings": [{"on": true}]}], [nested, {"settings": {"on": true}}], [number, {"days": 7}], [number, {"days": "30"}],
	] {
		protected(case[0], case[1])
	}
}

test_unprotected_values if {
	every case in [
		[flag, {"on": false}], [flag, {"on": null}], [flag, {}], [flag, null], [inverse, {"force": true}], [number, {"days": "soon"}],
		[nested, {"settings": [{"on": true}, {"on": false}]}], [nested, {"settings": []}], [nested, {"settings": null}], [number, {"days": 0}],
	] {
		not protected(case[0], case[1])
	}
}

test_unknown_values if {
	every case in [
		[flag, {"on": true}], [flag, true], [nested, {"settings": true}], [nested, {"settings": [{"on": true}]}], [nested, {"settings": [true]}],
	] {
		unknown(case[0], case[1])
	}
	every case in [[flag, {}], [flag, {"on": false}], [flag, false], [flag, null], [nested, {"settings": [{}]}], [nested, {"settings": [{"other": true}]}], [inverse, {"on": true}]] {
		not unknown(case[0], case[1])
	}
}

test_words_hold_no_value_of_the_plan if {
	data.countersign.lib.protection.loosened(flag) == "turns on off (true → false or not set)"
	data.countersign.lib.protection.loosened(inverse) == "turns force on (false → true)"
	data.countersign.lib.protection.loosened(number) == "lowers days below 7"
	data.countersign.lib.protection.loosened({"path": ["a"], "safe": ["X", "Y"]}) == "takes a away from X or Y"
	data.countersign.lib.protection.exposed(flag) == "on off"
	data.countersign.lib.protection.exposed(inverse) == "force on"
	data.countersign.lib.protection.exposed(number) == "days below 7"
	data.countersign.lib.protection.exposed({"path": ["a"], "safe": ["X"]}) == "a other than X"
	data.countersign.lib.protection.standing(nested) == "settings.on is on"
	data.countersign.lib.protection.standing({"path": ["a"], "safe": ["X"]}) == "a is X"
}

test_types_have_entries_by_name_or_prefix if {
	count(data.countersign.lib.protection.entries("aws_db_instance")) > 2
	count(data.countersign.lib.protection.entries("google_pubsub_topic")) == 1
	data.countersign.lib.protection.entries("acme_thing") == []
	"google_*" in data.countersign.lib.protection.types
	"aws_lb" in data.countersign.lib.protection.types
}

test_the_table_is_well_formed if {
	every type, entries in data.countersign.tables.deletion_protection.attributes {
		regex.match(`^[a-z0-9]+_[a-z0-9_]+$`, type)
		every entry in entries {
			count(entry.path) in {1, 2}
			entry.created in {"warn", "switched", "off"}
			count(object.keys(entry) & {"safe", "least"}) == 1
		}
	}
}

hunk(removed, added) := {
	"old_start": 10, "old_lines": count(removed), "new_start": 10, "new_lines": count(added),
	"removed": [{"line": 10 + i, "text": text} | text := removed[i]],
	"added": [{"line": 10 + i, "text": text} | text := added[i]],
}

changed(path, hunks) := {"git": {"files": [{"path": path, "old_path": null, "hunks": hunks}]}}

dropped(extension) := found if {
	found := data.countersign.lib.protection.dropped_guards with input as {"countersign": extension}
}

guard := "    prevent_destroy = true"

test_a_removed_guard_is_found_with_its_removed_block if {
	dropped(changed("a.tf", [hunk([`resource "x" "before" {`, "}", `resource "aws_db_instance" "main" {`, "  lifecycle {", guard, "  }", "}"], [])])) == [{"file": "a.tf", "line": 14, "block": ["aws_db_instance", "main"]}]
}

test_a_removed_guard_is_found_with_the_block_at_head if {
	blocks := [
		{"kind": "resource", "labels": ["aws_db_instance", "other"], "file": "a.tofu", "line": 20, "end_line": 30},
		{"kind": "resource", "labels": ["aws_db_instance", "main"], "file": "a.tofu", "line": 5, "end_line": 15},
	]
	extension := object.union(changed("a.tofu", [hunk(["  lifecycle { prevent_destroy=true }"], [])]), {"source": {"blocks": blocks}})
	dropped(extension) == [{"file": "a.tofu", "line": 10, "block": ["aws_db_instance", "main"]}]
}

test_a_removed_guard_without_a_block_is_found_all_the_same if {
	dropped(changed("a.tf", [hunk([guard], ["    prevent_destroy = false"])])) == [{"file": "a.tf", "line": 10}]
	renamed := {"git": {"files": [{"path": "b.tf", "old_path": "a.tf", "hunks": [hunk([guard], [])]}]}}
	dropped(renamed) == [{"file": "a.tf", "line": 10}]
}

test_guards_that_are_written_again_and_other_files_are_none if {
	dropped(changed("a.tf", [hunk([guard], ["  prevent_destroy   = true"])])) == []
	dropped(changed("README.md", [hunk([guard], [])])) == []
	dropped(changed("a.tf", [hunk(["    # prevent_destroy = true", "prevent_destroy = false"], [])])) == []
	dropped({}) == []
}
