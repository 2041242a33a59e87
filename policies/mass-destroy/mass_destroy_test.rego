package countersign.policies.mass_destroy_test

row(i, module_path, actions) := object.union(
	{
		"address": sprintf("aws_subnet.x[%d]", [i]),
		"mode": "managed",
		"type": "aws_subnet",
		"name": "x",
		"change": {"actions": actions},
	},
	{"module_address": module_path | module_path != ""},
)

rows(n, module_path, actions) := [row(i, module_path, actions) | some i in numbers.range(1, n)]

plan(list) := {"resource_changes": list, "configuration": {"root_module": {"resources": [{"mode": "managed", "type": "aws_subnet", "name": "x"}]}}}

denied_plan(document, settings) := found if {
	found := data.countersign.policies.mass_destroy.deny with input as document
		with data.countersign.config as {"mass-destroy": settings}
}

denied(list) := denied_plan(plan(list), {})

many(list) := {f | some f in denied(list); f.facts.kind == "plan"}

test_more_than_the_limit_is_denied if {
	found := many(array.concat(rows(21, "", ["delete"]), rows(200, "", ["no-op"])))
	found == {{
		"msg": "Deletes 21 of 221 managed objects (9%; the limit is 20 objects).",
		"attribute": "resource_changes",
		"severity": "high",
		"facts": {"kind": "plan", "destroyed": 21, "of": 221, "replaced": 0, "stateful": 0, "modules": []},
	}}
	many(array.concat(rows(20, "", ["delete"]), rows(200, "", ["no-op"]))) == set()
}

test_a_large_share_is_denied if {
	found := many(array.concat(rows(5, "", ["delete"]), rows(15, "", ["update"])))
	{f.msg | some f in found} == {"Deletes 5 of 20 managed objects (25%; the limit is 20%)."}
	many(array.concat(rows(5, "", ["delete"]), rows(20, "", ["update"]))) == set()
	many(array.concat(rows(4, "", ["delete"]), rows(4, "", ["no-op"]))) == set()
}

test_both_limits_are_named if {
	some f in many(array.concat(rows(30, "", ["delete"]), rows(10, "", ["no-op"])))
	contains(f.msg, "(75%; the limits are 20 objects and 20%)")
}

test_replacements_count_and_are_told if {
	list := array.concat(rows(5, "", ["delete", "create"]), rows(5, "", ["no-op"]))
	{f.msg | some f in many(list)} == {"Deletes 5 of 10 managed objects (50%; the limit is 20%), 5 of them to be re-created."}
	denied_plan(plan(list), {"replacements": false}) == set()
}

test_settings_move_the_limits if {
	list := array.concat(rows(6, "", ["delete"]), rows(4, "", ["no-op"]))
	count(denied_plan(plan(list), {})) == 1
	denied_plan(plan(list), {"share": 0.6}) == set()
	denied_plan(plan(list), {"share_from": 7}) == set()
	count(denied_plan(plan(list), {"share": 1, "max": 5})) == 1
	denied_plan(plan(list), {"ignore_types": ["aws_*"]}) == set()
}

test_types_that_hold_data_are_critical if {
	list := [object.union(rc, {"type": "aws_db_instance"}) | some rc in rows(5, "", ["delete"])]
	{[f.severity, f.facts.stateful] | some f in many(array.concat(list, rows(5, "", ["no-op"])))} == {["critical", 5]}
}

test_scaffolding_does_not_count if {
	list := [object.union(rc, {"type": "null_resource"}) | some rc in rows(30, "", ["delete"])]
	denied(array.concat(list, rows(1, "", ["no-op"]))) == set()
}

test_what_does_not_exist_yet_is_no_part_of_the_share if {
	imported := object.union(row(1, "", ["no-op"]), {"change": {"actions": ["no-op"], "importing": {"id": "x"}}})
	list := array.concat(rows(5, "", ["delete"]), array.concat(rows(100, "", ["create"]), [imported, row(2, "", ["forget"])]))
	{[f.facts.destroyed, f.facts.of] | some f in many(list)} == {[5, 6]}
}

test_data_sources_do_not_count if {
	denied([object.union(rc, {"mode": "data"}) | some rc in rows(30, "", ["delete"])]) == set()
	denied([]) == set()
}

modules(list) := {[f.address, f.facts.destroyed] | some f in denied(list); f.facts.kind == "module"}

kept := rows(40, "", ["no-op"])

test_an_emptied_module_is_denied if {
	modules(array.concat(kept, rows(3, `module.a["x.y"]`, ["delete"]))) == {[`module.a["x.y"]`, 3]}
	{f.msg | some f in denied(array.concat(kept, rows(3, "module.a", ["delete"])))} == {"module.a is emptied: all 3 managed objects in it are destroyed."}
	modules(array.concat(kept, rows(2, "module.a", ["delete"]))) == set()
}

test_modules_around_are_named_instead if {
	list := array.concat(rows(2, "module.a", ["delete"]), rows(3, "module.a.module.b[0]", ["delete"]))
	modules(array.concat(kept, list)) == {["module.a", 5]}
	partly := array.concat(rows(1, "module.a", ["no-op"]), rows(3, "module.a.module.b[0]", ["delete"]))
	modules(array.concat(kept, partly)) == {["module.a.module.b[0]", 3]}
}

test_a_module_that_keeps_or_gets_objects_is_not_emptied if {
	every actions in [["no-op"], ["create"], ["delete", "create"], ["forget"]] {
		modules(array.concat(kept, array.concat(rows(3, "module.a", ["delete"]), rows(1, "module.a", actions)))) == set()
	}
}

test_modules_can_be_left_out if {
	list := array.concat(kept, rows(4, "module.a", ["delete"]))
	denied_plan(plan(list), {"modules": false}) == set()
	denied_plan(plan(list), {"module_from": 5}) == set()
}

test_emptied_modules_are_named_in_the_message if {
	four := array.concat(
		array.concat(rows(6, "module.a", ["delete"]), rows(6, "module.b", ["delete"])),
		array.concat(rows(6, "module.c", ["delete"]), rows(6, "module.d", ["delete"])),
	)
	{f.msg | some f in many(array.concat(kept, four))} == {"Deletes 24 of 64 managed objects (37%; the limits are 20 objects and 20%). Emptied: module.a, module.b, module.c and 1 more."}
	some f in many(array.concat(rows(2, "", ["no-op"]), rows(6, "module.a", ["delete"])))
	contains(f.msg, "Emptied: module.a.")
}

destroy_plan := plan(rows(41, "", ["delete"]))

test_a_destroy_plan_is_denied if {
	found := denied_plan(destroy_plan, {})
	{[f.msg, f.severity, f.facts.kind] | some f in found} == {["This is a destroy plan: 41 of 41 managed objects are deleted while their code is still present.", "critical", "destroy-plan"]}
	count(denied_plan(plan(rows(1, "", ["delete"])), {})) == 1
	null_rows := [object.union(rc, {"type": "null_resource"}) | some rc in rows(2, "", ["delete"])]
	count(denied_plan(plan(null_rows), {})) == 1
}

test_code_in_modules_counts_as_code if {
	nested := {"root_module": {"module_calls": {"a": {"module": {}}}}}
	list := rows(2, "module.a", ["delete"])
	every configuration in [nested, null] {
		{f.facts.kind | some f in denied_plan({"resource_changes": list, "configuration": configuration}, {})} == {"destroy-plan"}
	}
}

test_other_plans_are_no_destroy_plans if {
	list := rows(2, "", ["delete"])
	reasons := [object.union(rc, {"action_reason": "delete_because_no_resource_config"}) | some rc in list]
	denied(reasons) == set()
	denied(array.concat(list, rows(1, "", ["no-op"]))) == set()
	denied([object.union(rc, {"deposed": "0a1b2c3d"}) | some rc in list]) == set()
	denied_plan(object.union(plan(list), {"errored": true}), {}) == set()
	denied_plan(object.union(plan(list), {"configuration": {"root_module": {"resources": [{"mode": "data"}]}}}), {}) == set()
}

test_odd_shapes_do_not_break if {
	denied_plan({}, {}) == set()
	denied_plan({"resource_changes": [null, 3, {}, {"change": null}]}, {}) == set()
}
