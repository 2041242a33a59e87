# METADATA
# description: |
#   The plan's configuration as flat lists. Modules are unrolled level by level, which is some thirty
#   times faster than walking the whole configuration; below the sixth level they are walked.
package countersign.lib.configuration

# modules holds {"address", "module"} for the root module ("") and every module call below it. Addresses
# have no instance keys: configuration knows none.
modules := array.concat(
	array.concat(array.concat(level_0, level_1), array.concat(level_2, level_3)),
	array.concat(array.concat(level_4, level_5), array.concat(level_6, deeper)),
)

level_0 := [{"address": "", "module": root} |
	root := input.configuration.root_module
	is_object(root)
]

level_1 := [child | parent := level_0[_]; child := children(parent)[_]]

level_2 := [child | parent := level_1[_]; child := children(parent)[_]]

level_3 := [child | parent := level_2[_]; child := children(parent)[_]]

level_4 := [child | parent := level_3[_]; child := children(parent)[_]]

level_5 := [child | parent := level_4[_]; child := children(parent)[_]]

level_6 := [child | parent := level_5[_]; child := children(parent)[_]]

deeper := [{"address": address, "module": module} |
	parent := level_6[_]
	parent.module.module_calls
	walk(parent.module, [path, module])
	is_module_path(path)
	is_object(module)
	names := [name | name := path[i]; i % 3 == 1]
	address := concat(".module.", array.concat([parent.address], names))
]

children(parent) := [{"address": child_address(parent.address, name), "module": call.module} |
	call := parent.module.module_calls[name]
	is_object(call.module)
]

child_address("", name) := concat(".", ["module", name])

child_address(parent, name) := concat(".module.", [parent, name]) if parent != ""

# is_module_path holds for paths of the form module_calls, NAME, module, repeated.
is_module_path(path) if {
	count(path) > 0
	count(path) % 3 == 0
	count([1 | step := path[i]; i % 3 == 0; step == "module_calls"]) == count(path) / 3
	count([1 | step := path[i]; i % 3 == 2; step == "module"]) == count(path) / 3
}

# block_address gives the configuration address of a resource block of a module.
block_address(module_path, block) := data.countersign.lib.addresses.within_module(module_path, relative) if {
	relative := data.countersign.lib.addresses.strip_keys(block.address)
} else := data.countersign.lib.addresses.within_module(
	module_path,
	data.countersign.lib.addresses.own_address(block),
)

# unseen tells which parts of the configuration cannot be looked at; it is empty where all can.
unseen := array.concat(
	[reason |
		count(level_0) == 0
		reason := "the plan holds no configuration"
	],
	[reason |
		parent := modules[_]
		call := parent.module.module_calls[name]
		not is_object(object.get(call, "module", null))
		reason := sprintf("the plan does not hold the configuration of %s", [child_address(parent.address, name)])
	],
)
