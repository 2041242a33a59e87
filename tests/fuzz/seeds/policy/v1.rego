# METADATA
# title: Deletions
# custom:
#   id: deletions
#   severity: high
#   enforcement: soft-mandatory
package acme

import rego.v1

deleted contains rc if {
	some rc in input.resource_changes
	"delete" in rc.change.actions
}

# METADATA
# title: Nothing is deleted
deny contains result if {
	some rc in deleted
	not exempt(rc.address)
	result := {"msg": sprintf("%s is deleted (%d)", [rc.address, count(deleted)]), "address": rc.address}
}

warn contains msg if {
	walk(input.planned_values, [path, value])
	is_string(value)
	contains(value, "latest")
	msg := concat(".", [sprintf("%v", [step]) | some step in path])
}

exempt(address) if glob.match("module.test.*", ["."], address)

exempt(address) if regex.match(`^terraform_data\.`, address)

default limit := 10

limit := data.countersign.config.acme.limit
