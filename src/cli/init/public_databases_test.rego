package policies.public_databases_test

import rego.v1

import data.policies.public_databases

# One resource change with these values after the apply.
plan(after, after_unknown) := {"resource_changes": [{
	"address": "aws_db_instance.orders",
	"type": "aws_db_instance",
	"change": {
		"actions": ["create"],
		"before": null,
		"after": after,
		"after_unknown": after_unknown,
	},
}]}

test_public_database_is_found if {
	found := public_databases.deny with input as plan({"publicly_accessible": true}, {})
	count(found) == 1
	some finding in found
	finding.address == "aws_db_instance.orders"
}

test_unknown_is_said_to_be_unknown if {
	found := public_databases.deny with input as plan({}, {"publicly_accessible": true})
	some finding in found
	finding.certainty == "unknown"
}

test_private_database_is_fine if {
	count(public_databases.deny) == 0 with input as plan({"publicly_accessible": false}, {})
}

test_other_resources_are_fine if {
	changes := [{"address": "a.b", "type": "aws_instance", "change": {"after": {"publicly_accessible": true}}}]
	count(public_databases.deny) == 0 with input as {"resource_changes": changes}
}
