package countersign.policies.remote_code_test

row(type, actions, before, after, unknown) := {
	"address": concat("", [type, ".x"]),
	"type": type,
	"name": "x",
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown},
}

warned_with(rows, settings) := found if {
	found := data.countersign.policies.remote_code.warn with input as {"resource_changes": rows}
		with data.countersign.config as {"remote-code": settings}
}

warned(rows) := warned_with(rows, {})

script(text) := {"user_data": text}

test_created_code_is_told_without_its_text if {
	found := warned([row("aws_instance", ["create"], null, script("SECRET"), {})])
	found == {{
		"address": "aws_instance.x",
		"attribute": "user_data",
		"msg": "aws_instance.x brings code that runs when the machine starts (user_data). Read it before approving; it is not shown here.",
		"facts": {"kind": "start-up script", "attributes": ["user_data"]},
	}}
}

test_changed_code_is_told if {
	{f.msg | some f in warned([row("aws_instance", ["update"], script("a"), script("b"), {})])} == {"aws_instance.x changes the code that runs when the machine starts (user_data). Read it before approving; it is not shown here."}
	{f.msg | some f in warned([row("aws_instance", ["delete", "create"], script("a"), {}, script(true))])} == {"aws_instance.x may change the code that runs when the machine starts (user_data). Read it before approving; it is not shown here."}
	count(warned([row("aws_instance", ["create"], null, {}, script(true))])) == 1
}

test_unchanged_absent_and_removed_code_passes if {
	warned([row("aws_instance", ["update"], script("a"), script("a"), {})]) == set()
	warned([row("aws_instance", ["create"], null, script(null), {})]) == set()
	warned([row("aws_instance", ["create"], null, script(""), {})]) == set()
	warned([row("aws_instance", ["update"], script("a"), script(null), {})]) == set()
	warned([row("aws_subnet", ["create"], null, script("a"), {})]) == set()
}

test_several_attributes_of_an_object_are_one_finding if {
	found := warned([row("aws_lambda_function", ["create"], null, {"filename": "f.zip", "source_code_hash": "x"}, {})])
	{f.facts.attributes | some f in found} == {["source_code_hash", "filename"]}
}

tree(path, value) := {path[0]: value} if count(path) == 1

tree(path, value) := {path[0]: [{path[1]: value}]} if count(path) == 2

test_every_attribute_of_every_type_is_known if {
	every type, entries in data.countersign.tables.remote_code {
		every entry in entries {
			{f.attribute | some f in warned([row(type, ["create"], null, tree(entry.path, "x"), {})])} == {concat(".", entry.path)}
			{f.attribute | some f in warned([row(type, ["update"], tree(entry.path, "x"), tree(entry.path, "y"), {})])} == {concat(".", entry.path)}
			warned([row(type, ["update"], tree(entry.path, "x"), tree(entry.path, "x"), {})]) == set()
		}
	}
}

test_settings if {
	rows := [row("aws_instance", ["create"], null, script("a"), {})]
	warned_with(rows, {"enabled": false}) == set()
	warned_with(rows, {"ignore_types": ["aws_*"]}) == set()
	"aws_instance" in data.countersign.policies.remote_code.value_types
	off := data.countersign.policies.remote_code.value_types with data.countersign.config as {"remote-code": {"enabled": false}}
	off == []
}
