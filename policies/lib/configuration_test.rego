package countersign.lib.configuration_test

call(module) := {"source": "./m", "module": module}

nested := {"configuration": {"root_module": {"module_calls": {"a": call({"module_calls": {"b": call({})}}), "c": call({})}}}}

test_modules_are_listed_with_their_addresses if {
	found := data.countersign.lib.configuration.modules with input as nested
	{m.address | some m in found} == {"", "module.a", "module.a.module.b", "module.c"}
	count(found) == 4
}

holding(name, inner) := {"module_calls": {name: call(inner)}}

deep_low := holding("m6", holding("m7", holding("m8", holding("m9", {"outputs": {}}))))

deep_high := holding("m1", holding("m2", holding("m3", holding("m4", holding("m5", deep_low)))))

deep := {"configuration": {"root_module": deep_high}}

test_modules_of_any_depth_are_listed if {
	found := data.countersign.lib.configuration.modules with input as deep
	count(found) == 10
	"module.m1.module.m2.module.m3.module.m4.module.m5.module.m6.module.m7.module.m8.module.m9" in {m.address | some m in found}
}

test_values_that_look_like_calls_are_no_modules if {
	plan := {"configuration": {"root_module": {"variables": {"v": {"default": {"module_calls": {"x": {"module": {}}}}}}}}}
	found := data.countersign.lib.configuration.modules with input as plan
	count(found) == 1
}

test_block_addresses if {
	data.countersign.lib.configuration.block_address("module.a", {"address": "t.n"}) == "module.a.t.n"
	data.countersign.lib.configuration.block_address("", {"mode": "data", "type": "t", "name": "n"}) == "data.t.n"
}

test_what_is_unseen_is_said if {
	whole := data.countersign.lib.configuration.unseen with input as nested
	whole == []
	none := data.countersign.lib.configuration.unseen with input as {}
	none == ["the plan holds no configuration"]
	odd := data.countersign.lib.configuration.unseen with input as {"configuration": null}
	odd == ["the plan holds no configuration"]
	part := data.countersign.lib.configuration.unseen with input as {"configuration": {"root_module": {"module_calls": {"a": {"source": "./a"}}}}}
	part == ["the plan does not hold the configuration of module.a"]
}
