package acme.lib

import rego.v1

is_change(rc) if not "no-op" in rc.change.actions

first(items) := items[0]

else := null
package acme.main

import rego.v1

import data.acme.lib

deny contains msg if {
	every rc in input.resource_changes {
		lib.is_change(rc)
	}
	print("all of", count(input.resource_changes))
	msg := sprintf("%s", [json.marshal(lib.first(input.resource_changes))])
}
