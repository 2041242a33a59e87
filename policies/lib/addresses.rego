# METADATA
# description: |
#   Addresses of resource changes and of configuration, and attribute paths as text. A configuration
#   address is an address without instance keys: module path, then type and name.
package countersign.lib.addresses

# strip_keys removes instance keys: module.a["x.y"].aws_x.b[0] becomes module.a.aws_x.b. Keys are
# quoted as in HCL, so they may hold dots, brackets and escaped quotes.
strip_keys(address) := address if {
	not contains(address, "[")
}

strip_keys(address) := stripped if {
	contains(address, "[")
	stripped := regex.replace(address, `(?s)\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\]|\[\*\]`, "")
}

# within_module puts a module-relative address below a module's address ("" is the root module).
within_module("", relative) := relative

within_module(module_path, relative) := concat(".", [module_path, relative]) if module_path != ""

# configuration_address gives the address of the block that a resource change comes from. It uses the
# parts, not the address, since the address of a deferred change may lack its module.
configuration_address(rc) := within_module(module_path_of(rc), own_address(rc)) if {
	is_string(rc.type)
	is_string(rc.name)
} else := strip_keys(rc.address) if {
	is_string(rc.address)
} else := "(no address)"

# instance_address gives the address as the plan writes it, or what can be said in its place.
instance_address(rc) := rc.address if {
	is_string(rc.address)
} else := configuration_address(rc)

module_path_of(rc) := strip_keys(rc.module_address) if {
	is_string(rc.module_address)
} else := ""

own_address(rc) := concat(".", ["data", rc.type, rc.name]) if {
	rc.mode == "data"
} else := concat(".", ["ephemeral", rc.type, rc.name]) if {
	rc.mode == "ephemeral"
} else := concat(".", [rc.type, rc.name])

# path_text writes a path of plan JSON steps, ["ebs", 0, "size"], as ebs[0].size.
path_text(steps) := "(whole object)" if {
	count(steps) == 0
} else := concat("", [step_text(i, step) | step := steps[i]])

step_text(i, step) := sprintf("[%v]", [step]) if {
	is_number(step)
} else := step if {
	i == 0
	is_identifier(step)
} else := concat("", [".", step]) if {
	is_identifier(step)
} else := sprintf("[%s]", [json.marshal(step)])

is_identifier(step) if regex.match(`^[A-Za-z_][A-Za-z0-9_-]*$`, step)
