package countersign.lib.addresses_test

test_keys_are_stripped if {
	data.countersign.lib.addresses.strip_keys(`module.a["x.y"].module.b[0].aws_x.c["q"]`) == "module.a.module.b.aws_x.c"
	data.countersign.lib.addresses.strip_keys("aws_x.later[*]") == "aws_x.later"
	data.countersign.lib.addresses.strip_keys("aws_x.plain") == "aws_x.plain"
}

test_keys_with_quotes_and_brackets_are_stripped if {
	data.countersign.lib.addresses.strip_keys(`module.each["dev.eu"].b["c[\"d\"]"].x`) == "module.each.b.x"
	data.countersign.lib.addresses.strip_keys(`t.a["x\\"].n`) == "t.a.n"
	data.countersign.lib.addresses.strip_keys(`t.a["].module.evil["]`) == "t.a"
	data.countersign.lib.addresses.strip_keys("t.a[\"line\nbreak\"]") == "t.a"
}

test_configuration_addresses_use_the_parts if {
	data.countersign.lib.addresses.configuration_address({
		"address": "aws_instance.later[*]",
		"module_address": `module.service["billing"]`,
		"mode": "managed",
		"type": "aws_instance",
		"name": "later",
	}) == "module.service.aws_instance.later"
	data.countersign.lib.addresses.configuration_address({"mode": "data", "type": "external", "name": "x"}) == "data.external.x"
	data.countersign.lib.addresses.configuration_address({"mode": "ephemeral", "type": "external", "name": "x"}) == "ephemeral.external.x"
	data.countersign.lib.addresses.configuration_address({"type": "a", "name": "x", "module_address": null}) == "a.x"
	data.countersign.lib.addresses.configuration_address({"address": "module.a[0].b.c[1]"}) == "module.a.b.c"
	data.countersign.lib.addresses.configuration_address({}) == "(no address)"
	data.countersign.lib.addresses.configuration_address(null) == "(no address)"
}

test_instance_addresses_are_kept if {
	data.countersign.lib.addresses.instance_address({"address": "a.b[0]"}) == "a.b[0]"
	data.countersign.lib.addresses.instance_address({"type": "a", "name": "b"}) == "a.b"
}

test_paths_are_text if {
	data.countersign.lib.addresses.path_text(["ebs", 0, "size"]) == "ebs[0].size"
	data.countersign.lib.addresses.path_text(["tags", "a.b"]) == `tags["a.b"]`
	data.countersign.lib.addresses.path_text(["a.b"]) == `["a.b"]`
	data.countersign.lib.addresses.path_text([]) == "(whole object)"
	data.countersign.lib.addresses.path_text(["a", null]) == "a[null]"
}
