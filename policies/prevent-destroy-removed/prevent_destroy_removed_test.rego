package countersign.policies.prevent_destroy_removed_test

import data.countersign.policies.prevent_destroy_removed as policy

cycle(address, value) := {"address": address, "prevent_destroy": value, "file": "main.tf", "line": 4, "end_line": 6}

block(address) := {"kind": "resource", "module": "", "address": address, "file": "main.tf", "line": 1, "end_line": 9}

scene(before, after, addresses, more) := {"countersign": {
	"git": {"files": object.get(more, "files", [])},
	"source": object.union({
		"lifecycle": after, "base": {"lifecycle": before}, "blocks": [block(a) | a := array.concat(["var.x"], addresses)[_]], "moved": [], "removed": [],
	}, object.remove(more, ["files"])),
}}

denied(before, after, addresses, more) := found if {
	found := policy.deny with input as scene(before, after, addresses, more) with data.countersign.config as {}
}

db := "aws_db_instance.main"

was := [cycle(db, true)]

kinds(found) := {f.facts.kind | f := found[_]}

test_a_block_that_loses_it_is_denied if {
	denied(was, [], [db], {}) == {{
		"msg": "aws_db_instance.main had prevent_destroy = true and no longer has it: the next plan can destroy it.",
		"address": "aws_db_instance.main",
		"attribute": "lifecycle.prevent_destroy",
		"file": "main.tf",
		"line": 1,
		"end_line": 9,
		"facts": {"kind": "lost"},
	}}
	kinds(denied(was, [cycle(db, false)], [db], {})) == {"lost"}
}

test_a_block_that_is_gone_is_denied if {
	{f.msg | f := denied(was, [], [], {})[_]} == {"aws_db_instance.main had prevent_destroy = true, and its block is gone. Terraform keeps no promise of a block that is no longer there."}
}

test_a_root_module_that_is_not_found_proves_nothing if {
	{[f.facts.kind, f.certainty] | f := denied(was, [], [], {"blocks": [{"file": "elsewhere/main.tf", "module": null}]})[_]} == {["not-found", "unknown"]}
}

test_a_block_that_keeps_it_passes if {
	denied(was, was, [db], {}) == set()
	denied([cycle(db, false)], [], [db], {}) == set()
	denied([cycle(db, null)], [], [db], {}) == set()
	denied([cycle(null, true)], [], [], {}) == set()
}

test_an_expression_is_not_proven if {
	{[f.facts.kind, f.certainty] | f := denied(was, [cycle(db, null)], [db], {})[_]} == {["unclear", "unknown"]}
}

test_an_override_that_may_take_it_away_is_not_proven if {
	{f.certainty | f := denied(was, [cycle(db, true), cycle(db, false)], [db], {})[_]} == {"unknown"}
	both := [cycle(db, true), cycle(db, false)]
	denied(both, both, [db], {}) == set()
	denied(both, [cycle(db, true)], [db], {}) == set()
}

test_a_moved_block_is_followed if {
	moved := {"moved": [{"from": "aws_db_instance.main[0]", "to": "module.db.aws_db_instance.this"}]}
	to := "module.db.aws_db_instance.this"
	denied(was, [cycle(to, true)], [to], moved) == set()
	found := denied(was, [], [to], moved)
	{f.msg | f := found[_]} == {"module.db.aws_db_instance.this had prevent_destroy = true and no longer has it: the next plan can destroy it."}
	twice := {"moved": [{"from": db, "to": "aws_db_instance.b"}, {"from": "aws_db_instance.b", "to": "aws_db_instance.c"}]}
	denied(was, [cycle("aws_db_instance.c", true)], ["aws_db_instance.c"], twice) == set()
}

test_a_moved_module_takes_its_blocks_along if {
	moved := {"moved": [{"from": "module.a", "to": "module.b[\"x\"]"}]}
	denied([cycle("module.a.aws_x.y", true)], [cycle("module.b.aws_x.y", true)], ["module.b.aws_x.y"], moved) == set()
	kinds(denied([cycle("module.ab.aws_x.y", true)], [cycle("module.b.aws_x.y", true)], ["module.b.aws_x.y"], moved)) == {"gone"}
}

test_a_move_with_two_targets_is_none if {
	moved := {"moved": [{"from": db, "to": "aws_db_instance.b"}, {"from": db, "to": "aws_db_instance.c"}]}
	kinds(denied(was, [cycle("aws_db_instance.b", true)], ["aws_db_instance.b", "aws_db_instance.c"], moved)) == {"gone"}
}

test_what_is_only_forgotten_passes if {
	denied(was, [], [], {"removed": [{"from": db, "destroy": false}]}) == set()
	denied([cycle("module.a.aws_x.y", true)], [], [], {"removed": [{"from": "module.a", "destroy": false}]}) == set()
	kinds(denied(was, [], [], {"removed": [{"from": db, "destroy": true}]})) == {"gone"}
}

test_ignored_addresses_pass if {
	settings := {"prevent-destroy-removed": {"ignore_addresses": ["aws_db_*"]}}
	policy.deny == set() with input as scene(was, [], [db], {}) with data.countersign.config as settings
}

test_blocks_of_other_root_modules_are_warned_about if {

	removed := {"path": "b/main.tf", "old_path": null, "status": "modified", "hunks": [{"added": [], "removed": [line("  prevent_destroy = true")]}]}
	other := object.union(cycle(null, true), {"file": "b/main.tf"})
	found := policy.warn with input as scene([other], [], [], {"files": [removed]}) with data.countersign.config as {}
	{f.msg | f := found[_]} == {"This change takes prevent_destroy out of b/main.tf, which this plan's root module does not use."}
	moved := object.union(removed, {"hunks": [{"removed": [line("prevent_destroy = true")], "added": [line("prevent_destroy  =  true")]}]})
	policy.warn == set() with input as scene([other], [], [], {"files": [moved]}) with data.countersign.config as {}
	renamed := object.union(removed, {"path": "c/main.tf", "old_path": "b/main.tf", "status": "renamed"})
	count(policy.warn) == 1 with input as scene([other], [], [], {"files": [renamed]}) with data.countersign.config as {}
}

line(text) := {"line": 3, "text": text}

test_two_files_with_one_address_are_no_error if {
	block := {"kind": "resource", "address": "aws_x.y", "line": 1, "end_line": 5}
	pair := [object.union(block, {"file": "z.tofu"}), object.union(block, {"file": "z.tf"})]
	found := data.countersign.policies.prevent_destroy_removed.blocks with input as {"countersign": {"source": {"blocks": pair}}}
	found == {"aws_x.y": {"file": "z.tf", "line": 1, "end_line": 5}}
}
