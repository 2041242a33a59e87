package countersign.policies.unplanned_hunk_test

joined(rows) := {"countersign": {"provenance": {"explained": [], "outputs": [], "unplanned": rows}}}

row := {"file": "live/main.tf", "line": 7, "what": "local.unused", "removed": false}

denied(rows, settings) := found if {
	found := data.countersign.policies.unplanned_hunk.deny with input as joined(rows) with data.countersign.config as {"unplanned-hunk": settings}
}

test_what_plans_nothing_is_named_with_its_place if {
	denied([row], {}) == {{
		"file": "live/main.tf",
		"line": 7,
		"msg": "The change touches local.unused, and the plan changes nothing by it.",
		"subject": "local.unused",
	}}
}

test_what_was_removed_has_no_line_at_head if {
	found := denied([object.union(row, {"removed": true})], {})
	some finding in found
	not finding.line
	startswith(finding.msg, "The change removes")
}

test_files_can_be_ignored if {
	denied([row], {"ignore_files": ["live/*"]}) == set()
	count(denied([row], {"ignore_files": ["other/*"]})) == 1
}

test_no_change_to_compare_is_nothing if {
	found := data.countersign.policies.unplanned_hunk.deny with input as {"countersign": {"provenance": null}} with data.countersign.config as {}
	found == set()
}

test_copies_of_a_module_are_counted if {
	{f.msg | some f in denied([object.union(row, {"copies": 5})], {})} == {"The change touches local.unused (and the same in 4 more calls of its module), and the plan changes nothing by it."}
	{f.msg | some f in denied([object.union(row, {"copies": 2})], {})} == {"The change touches local.unused (and the same in one more call of its module), and the plan changes nothing by it."}
	{f.msg | some f in denied([object.union(row, {"copies": 1})], {})} == {"The change touches local.unused, and the plan changes nothing by it."}
}
